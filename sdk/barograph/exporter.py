"""OTLP exporters of spans that encode at a fraction of the official cost.

They are the official exporters in everything else: addresses, headers, TLS, compression,
timeouts, retries. Use them in any `BatchSpanProcessor`; `barograph.configure` does.
"""

import os
from collections.abc import Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from barograph import telemetry
from barograph.encoded_request import sender
from barograph.encoder import encode_requests

__all__ = ["BarographSpanExporter"]

_send = sender(OTLPSpanExporter.export, "encode_spans")


class BarographSpanExporter(OTLPSpanExporter):
    """Exports spans over OTLP/HTTP; takes the official exporter's arguments and variables.

    What it sends is equal, after parsing, to what the official exporter would send, in requests
    of at most about 3 MiB. Spans of any instrumentation may pass through it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._process = os.getpid()
        self._arguments = (args, kwargs)
        super().__init__(*args, **kwargs)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send `spans`; as a failure counts any request that did not arrive."""
        if self._process != os.getpid():  # forked: its connections are its parent's
            self.__init__(*self._arguments[0], **self._arguments[1])  # type: ignore[misc]  # anew
        if _send is None:
            return super().export(spans)
        try:
            requests = list(encode_requests(spans))
        except Exception as error:  # noqa: BLE001  # a resource that cannot be encoded, or a bug
            telemetry.failed("encode", error)
            return super().export(spans)
        arrived = [_send(self, request) is SpanExportResult.SUCCESS for request in requests]
        return SpanExportResult.SUCCESS if all(arrived) else SpanExportResult.FAILURE
