"""An OTLP server over gRPC that keeps what it is sent."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from types import TracebackType
from typing import Self

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

__all__ = ["OtlpSink"]

_MAX_MESSAGE = 64 * 1024 * 1024


class OtlpSink:
    """Stands where the processor would; a context manager.

    What it received stays over ``stop`` and ``start``, so that a test can take
    it away and bring it back. Its lock is held while a request is kept.

    Args:
        address: Loopback ``host:port`` to listen on.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._lock = Lock()
        self._spans: list[Span] = []
        self._logs: list[LogRecord] = []
        self._server: grpc.Server | None = None

    @property
    def spans(self) -> list[Span]:
        """The spans so far, duplicates included."""
        with self._lock:
            return list(self._spans)

    @property
    def logs(self) -> list[LogRecord]:
        """The log records so far, duplicates included."""
        with self._lock:
            return list(self._logs)

    def span_ids(self) -> Counter[str]:
        """Return how often each span, by its id in hex, has come."""
        return Counter(span.span_id.hex() for span in self.spans)

    def keep_spans(self, request: trace_service_pb2.ExportTraceServiceRequest) -> None:
        """Keep the spans of a request."""
        with self._lock:
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    self._spans.extend(scope.spans)

    def keep_logs(self, request: logs_service_pb2.ExportLogsServiceRequest) -> None:
        """Keep the log records of a request."""
        with self._lock:
            for resource in request.resource_logs:
                for scope in resource.scope_logs:
                    self._logs.extend(scope.log_records)

    def start(self) -> None:
        """Listen."""
        server = grpc.server(
            ThreadPoolExecutor(4),
            options=[("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.so_reuseport", 0)],
        )
        # The generated registration functions carry no types.
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(  # type: ignore[no-untyped-call]
            _Traces(self), server
        )
        logs_service_pb2_grpc.add_LogsServiceServicer_to_server(  # type: ignore[no-untyped-call]
            _Logs(self), server
        )
        server.add_insecure_port(self.address)
        server.start()
        self._server = server

    def stop(self) -> None:
        """Stop listening, cutting off whoever is sending. Idempotent."""
        if self._server is not None:
            self._server.stop(grace=None).wait()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, sink: OtlpSink) -> None:
        self._sink = sink

    def Export(  # noqa: N802 - the name of the RPC
        self,
        request: trace_service_pb2.ExportTraceServiceRequest,
        context: grpc.ServicerContext,  # noqa: ARG002 - the RPC's signature
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        self._sink.keep_spans(request)
        return trace_service_pb2.ExportTraceServiceResponse()


class _Logs(logs_service_pb2_grpc.LogsServiceServicer):
    def __init__(self, sink: OtlpSink) -> None:
        self._sink = sink

    def Export(  # noqa: N802 - the name of the RPC
        self,
        request: logs_service_pb2.ExportLogsServiceRequest,
        context: grpc.ServicerContext,  # noqa: ARG002 - the RPC's signature
    ) -> logs_service_pb2.ExportLogsServiceResponse:
        self._sink.keep_logs(request)
        return logs_service_pb2.ExportLogsServiceResponse()
