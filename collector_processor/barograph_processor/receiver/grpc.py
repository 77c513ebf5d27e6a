"""OTLP over gRPC: messages go through as bytes, the pipeline decodes them once."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import cached_property, partial
from typing import Any, Final, Literal, NoReturn

import grpc
import grpc.aio
from grpc_status import rpc_status

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.memory import Memory
from barograph_processor.otlp.status import Code
from barograph_processor.receiver.awaited import AwaitedMessages
from barograph_processor.receiver.body import BodyBudget, unpack
from barograph_processor.receiver.intake import Intake, RefusedError
from barograph_processor.receiver.limits import ReceiverLimits

__all__ = ["GrpcReceiver"]

_Context = grpc.aio.ServicerContext[Any, bytes]
_Export = Callable[[AsyncIterator[Any], _Context], Awaitable[bytes]]

_LOG: Final = logging.getLogger(__name__)

_SERVICES: Final[dict[str, Literal["traces", "logs"]]] = {
    "opentelemetry.proto.collector.trace.v1.TraceService": "traces",
    "opentelemetry.proto.collector.logs.v1.LogsService": "logs",
}
_UNSUPPORTED: Final = "opentelemetry.proto.collector.metrics.v1.MetricsService"
_HANDSHAKE_MS: Final = 10_000
_KEEPALIVE_MS: Final = 60_000


class GrpcReceiver:
    """A gRPC server for traces and logs, with gzip; metrics are UNIMPLEMENTED.

    The size limit holds for the decompressed message too; beyond it the answer is
    RESOURCE_EXHAUSTED without RetryInfo, which tells the sender to give up.

    Messages are awaited on an event loop, and only those that are there are handed on:
    however many do not end, they keep nobody out. Whoever may not write is answered
    before a byte of its message is read.

    Args:
        address: ``host:port``; port 0 takes a free one.
        intake: Where requests go.
        limits: Bounds.
        memory: What there is for messages that are not whole.
        credentials: Of a TLS server; None is plain text.
    """

    def __init__(
        self,
        address: str,
        intake: Intake,
        *,
        limits: ReceiverLimits | None = None,
        memory: Memory | None = None,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._intake = intake
        self._limits = limits or ReceiverLimits()
        memory = memory or Memory()
        self._budget = BodyBudget(self._limits.max_in_flight_bytes, memory)
        self._awaited = AwaitedMessages(
            memory, max_bytes=self._limits.max_request_bytes, seconds=self._limits.body_seconds
        )
        self._thread: threading.Thread | None = None
        self._end: Callable[[float], object]
        self.port = 0

    def start(self) -> None:
        """Listen; ``port`` is then the port that was taken.

        Raises:
            ConfigurationError: The address is in use, or cannot be used.
        """
        bound: Future[int] = Future()
        thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(bound)), name="barograph-otlp-grpc", daemon=True
        )
        thread.start()
        try:
            self.port = bound.result()
        except RuntimeError as error:
            thread.join()
            raise ConfigurationError(
                f"OTLP/gRPC cannot listen on {self._address}: {error}"
            ) from error
        self._thread = thread

    def stop(self, grace: float = 5.0) -> None:
        """Refuse new requests, and let running ones end within ``grace`` seconds."""
        if self._thread is not None:
            self._end(grace)
            self._thread.join()
            self._thread = None

    async def _serve(self, bound: "Future[int]") -> None:
        loop = asyncio.get_running_loop()
        end: asyncio.Future[float] = loop.create_future()
        self._end = lambda grace: loop.call_soon_threadsafe(end.set_result, grace)
        try:
            server = grpc.aio.server(options=self._options())
            for service, signal in _SERVICES.items():
                server.add_generic_rpc_handlers((_handler(service, self._export(signal)),))
            server.add_generic_rpc_handlers((_handler(_UNSUPPORTED, self._refuse_metrics),))
            port = (
                server.add_insecure_port(self._address)
                if self._credentials is None
                else server.add_secure_port(self._address, self._credentials)
            )
            await server.start()
        except Exception as error:  # noqa: BLE001 - raised in the thread that starts it
            bound.set_exception(error)
            return
        bound.set_result(port)
        watch = asyncio.create_task(self._awaited.watch())
        await server.stop(await end)
        watch.cancel()

    def _options(self) -> list[tuple[str, int]]:
        limits = self._limits
        most_calls = limits.max_connections * limits.max_streams
        return [
            ("grpc.max_receive_message_length", limits.max_request_bytes),
            # Messages come as they were sent: the journal keeps what is in gzip in gzip.
            ("grpc.per_message_decompression", 0),
            # Without it a second server would silently share the port.
            ("grpc.so_reuseport", 0),
            # No connection lives long; senders connect anew without losing a request.
            ("grpc.max_connection_age_ms", round(limits.connection_seconds * 1000)),
            ("grpc.max_connection_age_grace_ms", round(limits.body_seconds * 1000)),
            ("grpc.max_connection_idle_ms", round(limits.idle_seconds * 1000)),
            ("grpc.max_concurrent_streams", limits.max_streams),
            ("grpc.max_allowed_incoming_connections", limits.max_connections),
            # Of more calls than a thousand that our loop has not come to yet, gRPC cancels some.
            ("grpc.server.max_pending_requests", most_calls),
            ("grpc.server.max_pending_requests_hard_limit", most_calls),
            ("grpc.server_handshake_timeout_ms", _HANDSHAKE_MS),
            # Who is gone without a word is found out.
            ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
        ]

    def _export(self, signal: Literal["traces", "logs"]) -> _Export:
        async def export(_messages: AsyncIterator[Any], context: _Context) -> bytes:
            try:
                return await self._received(signal, context)
            except RefusedError as refusal:
                status = self._refused(refusal)
            # Not where the refusal is at hand: gRPC's call keeps the error that ends it, which
            # keeps the call, and both would keep the message until garbage is collected.
            return await _abort(context, status)

        return export

    async def _received(self, signal: Literal["traces", "logs"], context: _Context) -> bytes:
        self._intake.check(_Metadata(context))
        message = await self._message(context)
        with self._budget.lease() as lease:
            lease.extend(len(message))
            lease.complete()
            return await self._answer(signal, message)

    async def _refuse_metrics(self, _messages: AsyncIterator[Any], context: _Context) -> bytes:
        refusal = RefusedError(Code.UNIMPLEMENTED, "metrics", "Barograph takes traces and logs")
        await _abort(context, self._refused(refusal))

    def _refused(self, refusal: RefusedError) -> grpc.Status:
        """Count a refusal, and return it as gRPC tells it."""
        self._intake.count(refusal)
        return rpc_status.to_status(refusal.status())

    async def _message(self, context: _Context) -> bytes:
        """Return the call's message, once all of it is there."""
        with self._awaited.one():
            message = await context.read()
        if not isinstance(message, bytes):
            # Whether anybody is still there, gRPC does not say.
            raise RefusedError(
                Code.INVALID_ARGUMENT, "disconnected", "the call ended before its message"
            )
        return message

    async def _answer(self, signal: Literal["traces", "logs"], message: bytes) -> bytes:
        read = partial(unpack, message, self._limits.max_request_bytes)
        try:
            return (await self._intake.take(signal, read)).SerializeToString()
        except RefusedError:
            raise
        except Exception as error:
            # gRPC would answer UNKNOWN, which says to a sender as little as to its operator.
            _LOG.exception("a request over gRPC failed")
            raise RefusedError.of_mistake() from error


def _handler(service: str, export: _Export) -> "grpc.GenericRpcHandler[Any, bytes]":
    # To the sender it is a unary call; but of a stream nothing is read before it is asked
    # for. Without serializers gRPC hands over the bytes as they are.
    method = grpc.stream_unary_rpc_method_handler(export)
    return grpc.method_handlers_generic_handler(service, {"Export": method})


class _Metadata(Mapping[str, str]):
    """A call's metadata, read from gRPC once somebody looks at it."""

    def __init__(self, context: _Context) -> None:
        self._context = context

    @cached_property
    def _texts(self) -> dict[str, str]:
        metadata = self._context.invocation_metadata() or ()
        return {key: value for key, value in metadata if isinstance(value, str)}

    def __getitem__(self, key: str) -> str:
        return self._texts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


async def _abort(context: _Context, status: grpc.Status) -> NoReturn:
    try:
        await context.abort(status.code, status.details, status.trailing_metadata)
    except grpc.aio.InternalError:
        # Nobody is there any more to be told; gRPC would log it with all of its stack.
        raise asyncio.CancelledError from None
    raise AssertionError("abort raises")
