"""OTLP over gRPC: messages go through as bytes, the pipeline decodes them once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, NoReturn

import grpc
from grpc_status import rpc_status

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.otlp.status import Code
from barograph_processor.receiver.body import unpack
from barograph_processor.receiver.intake import Intake, RefusedError
from barograph_processor.receiver.limits import ReceiverLimits

__all__ = ["GrpcReceiver"]

_SERVICES: Final[dict[str, Literal["traces", "logs"]]] = {
    "opentelemetry.proto.collector.trace.v1.TraceService": "traces",
    "opentelemetry.proto.collector.logs.v1.LogsService": "logs",
}
_UNSUPPORTED: Final = "opentelemetry.proto.collector.metrics.v1.MetricsService"


class GrpcReceiver:
    """A gRPC server for traces and logs, with gzip; metrics are UNIMPLEMENTED.

    The size limit holds for the decompressed message too; beyond it the answer is
    RESOURCE_EXHAUSTED without RetryInfo, which tells the sender to give up.

    Args:
        address: ``host:port``; port 0 takes a free one.
        intake: Where requests go.
        limits: Bounds.
        credentials: Of a TLS server; None is plain text.
    """

    def __init__(
        self,
        address: str,
        intake: Intake,
        *,
        limits: ReceiverLimits | None = None,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        limits = limits or ReceiverLimits()
        self._address = address
        self._credentials = credentials
        self._intake = intake
        self._max_bytes = limits.max_request_bytes
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="barograph-grpc")
        self._server = grpc.server(
            self._threads,
            options=[
                ("grpc.max_receive_message_length", limits.max_request_bytes),
                # Messages come as they were sent: the journal keeps what is in gzip in gzip.
                ("grpc.per_message_decompression", 0),
                # Without it a second server would silently share the port.
                ("grpc.so_reuseport", 0),
                # A message that never ends would hold its thread for ever: no connection
                # lives long, and senders connect anew without losing a request.
                ("grpc.max_connection_age_ms", round(limits.connection_seconds * 1000)),
                ("grpc.max_connection_age_grace_ms", round(limits.body_seconds * 1000)),
                ("grpc.max_concurrent_streams", limits.max_streams),
            ],
        )
        handlers = [self._handler(service, signal) for service, signal in _SERVICES.items()]
        self._server.add_generic_rpc_handlers((*handlers, _refusing_handler()))
        self.port = 0

    def start(self) -> None:
        """Listen; ``port`` is then the port that was taken.

        Raises:
            ConfigurationError: The address is in use, or cannot be used.
        """
        try:
            if self._credentials is None:
                self.port = self._server.add_insecure_port(self._address)
            else:
                self.port = self._server.add_secure_port(self._address, self._credentials)
        except RuntimeError as error:
            raise ConfigurationError(
                f"OTLP/gRPC cannot listen on {self._address}: {error}"
            ) from error
        self._server.start()

    def stop(self, grace: float = 5.0) -> None:
        """Refuse new requests, and let running ones end within ``grace`` seconds."""
        self._server.stop(grace).wait()
        self._threads.shutdown(wait=True)

    def _handler(
        self, service: str, signal: Literal["traces", "logs"]
    ) -> "grpc.GenericRpcHandler[bytes, bytes]":
        def export(message: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                with self._intake.telemetry.stage("unpack"):
                    payload, packed = unpack(message, self._max_bytes)
                return self._intake.take(signal, payload, packed).SerializeToString()
            except RefusedError as refusal:
                self._intake.count(refusal)
                _abort(context, refusal)

        return _Checked(_generic_handler(service, export), self._intake)


class _Checked(grpc.GenericRpcHandler):  # type: ignore[type-arg] # no generic at run time
    """Lets in who may write, before a byte of the message is read or a thread is taken.

    Args:
        inside: Handles the calls of those.
        intake: Decides.
    """

    def __init__(self, inside: "grpc.GenericRpcHandler[bytes, bytes]", intake: Intake) -> None:
        self._inside = inside
        self._intake = intake

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        handler = self._inside.service(handler_call_details)
        if handler is None:
            return None
        try:
            self._intake.check(_metadata(handler_call_details))
        except RefusedError as refusal:
            self._intake.count(refusal)
            return _refuse_unread(refusal)
        return handler


def _refuse_unread(refusal: RefusedError) -> "grpc.RpcMethodHandler[bytes, bytes]":
    def abort(_messages: Iterator[bytes], context: grpc.ServicerContext) -> NoReturn:
        _abort(context, refusal)

    # Of a stream no message is read before it is asked for; to the client it is the same.
    return grpc.stream_unary_rpc_method_handler(abort)


def _refusing_handler() -> "grpc.GenericRpcHandler[bytes, bytes]":
    refusal = RefusedError(Code.UNIMPLEMENTED, "metrics", "Barograph takes traces and logs")

    def export(_payload: bytes, context: grpc.ServicerContext) -> bytes:
        _abort(context, refusal)

    return _generic_handler(_UNSUPPORTED, export)


def _generic_handler(
    service: str, export: Callable[[bytes, grpc.ServicerContext], bytes]
) -> "grpc.GenericRpcHandler[bytes, bytes]":
    # Without serializers gRPC hands over the bytes as they are.
    return grpc.method_handlers_generic_handler(
        service, {"Export": grpc.unary_unary_rpc_method_handler(export)}
    )


def _metadata(details: grpc.HandlerCallDetails) -> dict[str, str]:
    metadata = details.invocation_metadata or ()
    return {key: value for key, value in metadata if isinstance(value, str)}


def _abort(context: grpc.ServicerContext, refusal: RefusedError) -> NoReturn:
    context.abort_with_status(rpc_status.to_status(refusal.status()))
    raise AssertionError("abort_with_status raises")
