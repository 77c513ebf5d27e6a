"""The OTLP/HTTP exporter of late facts, with a cheaper encoder."""

import os
from collections.abc import Sequence
from typing import Any

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._process = os.getpid()
        self._arguments = (args, kwargs)
        super().__init__(*args, **kwargs)

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Send `batch`."""
        if self._process != os.getpid():  # forked: its connections are its parent's
            self.__init__(*self._arguments[0], **self._arguments[1])  # type: ignore[misc]  # anew
        if _send is None or not batch:
            return super().export(batch)
        try:
            body = encode_facts(batch)
        except Exception as error:  # noqa: BLE001  # a record that cannot be encoded, or a bug
            telemetry.failed("encode", error)
            return super().export(batch)
        result: LogRecordExportResult = _send(self, EncodedRequest(body, len(batch)))
        return result
