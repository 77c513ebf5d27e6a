"""The exporter over gRPC. In a module of its own, because gRPC is slow to import."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from barograph import telemetry
from barograph.encoder import encode_requests

__all__ = ["BarographGrpcSpanExporter"]


class BarographGrpcSpanExporter(OTLPSpanExporter):
    """Exports spans over OTLP/gRPC; takes the official exporter's arguments and variables.

    What it sends is equal to what the official exporter would send, in messages of at most about
    3 MiB, under the 4 MiB that gRPC servers take by default.
    """

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send `spans`; as a failure counts any message that did not arrive."""
        try:
            messages: list[Any] = [
                ExportTraceServiceRequest.FromString(request.body)
                for request in encode_requests(spans)
            ]
        except Exception as error:  # noqa: BLE001  # a span that cannot be encoded, or a bug
            telemetry.failed("encode", error)
            return super().export(spans)
        arrived = [self._export(message) is SpanExportResult.SUCCESS for message in messages]
        return SpanExportResult.SUCCESS if all(arrived) else SpanExportResult.FAILURE

    def _translate_data(self, data: Any) -> ExportTraceServiceRequest:
        """Pass on what is encoded already."""
        if isinstance(data, ExportTraceServiceRequest):
            return data
        return super()._translate_data(data)

    def _count_data(self, data: Any) -> int:
        """Count the spans of a message."""
        if not isinstance(data, ExportTraceServiceRequest):
            return int(super()._count_data(data))
        return sum(len(s.spans) for resource in data.resource_spans for s in resource.scope_spans)
