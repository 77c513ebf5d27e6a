"""Export over OTLP/gRPC."""

from collections.abc import Mapping
from typing import Final, cast

import grpc
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)

from barograph_processor.exporter.transport import ExportSignal, Outcome
from barograph_processor.otlp.status import retry_seconds

__all__ = ["GrpcTransport"]

_METHODS: Final[Mapping[ExportSignal, str]] = {
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}
# https://opentelemetry.io/docs/specs/otlp/#failures
_RETRYABLE: Final = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
_DETAILS: Final = "grpc-status-details-bin"


class GrpcTransport:
    """Sends over one channel, gzipped.

    Args:
        target: ``host:port``.
        credentials: Of TLS; None is plain text.
        headers: Metadata of every request, such as a bearer token.
        timeout: Seconds for one attempt.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None,
        headers: Mapping[str, str],
        timeout: float,
    ) -> None:
        if credentials is None:
            self._channel = grpc.insecure_channel(target, compression=grpc.Compression.Gzip)
        else:
            self._channel = grpc.secure_channel(
                target, credentials, compression=grpc.Compression.Gzip
            )
        self._metadata = tuple((key.lower(), value) for key, value in headers.items())
        self._timeout = timeout

    def send(self, signal: ExportSignal, payload: bytes) -> Outcome:
        """Send a request; see ``Transport``."""
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(
            _METHODS[signal], request_serializer=None, response_deserializer=None
        )
        try:
            answer = call(payload, timeout=self._timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            return _failure(error)
        return Outcome("sent", _complaint(signal, answer))

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


def _failure(error: grpc.RpcError) -> Outcome:
    # What a blocking call raises is a Call too, which its declared type does not say.
    call = cast("grpc.Call", error)
    code = call.code()
    retry_after = None
    for key, value in call.trailing_metadata() or ():
        if key == _DETAILS and isinstance(value, bytes):
            retry_after = retry_seconds(value)
    message = f"{code.name}: {call.details() or ''}"
    may_retry = code in _RETRYABLE or (
        code is grpc.StatusCode.RESOURCE_EXHAUSTED and retry_after is not None
    )
    return Outcome(
        "failed" if may_retry else "refused",
        message,
        retry_after,
        unauthenticated=code is grpc.StatusCode.UNAUTHENTICATED,
    )


def _complaint(signal: ExportSignal, answer: bytes) -> str:
    kind = ExportMetricsServiceResponse if signal == "metrics" else ExportLogsServiceResponse
    try:
        return kind.FromString(answer).partial_success.error_message
    except DecodeError:
        return "the answer is no OTLP"
