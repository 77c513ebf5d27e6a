"""The OTLP/HTTP exporter of late facts, with a cheaper encoder."""

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult

from barograph import telemetry
from barograph.encoded_request import EncodedRequest, sender
from barograph.fact_encoder import encode_facts

__all__ = ["FactExporter"]

_send = sender(OTLPLogExporter.export, "encode_logs")


class FactExporter(OTLPLogExporter):
    """Exports late facts; the official exporter in everything but the encoding."""

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Send `batch`."""
        if _send is None or not batch:
            return super().export(batch)
        try:
            body = encode_facts(batch)
        except Exception as error:  # noqa: BLE001  # a record that cannot be encoded, or a bug
            telemetry.failed("encode", error)
            return super().export(batch)
        result: LogRecordExportResult = _send(self, EncodedRequest(body, len(batch)))
        return result
