"""OpenTelemetry's own exporters: what they send is taken, and they come back when told to."""

from collections.abc import Callable
from typing import Literal

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcSpanExporter,
)
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpSpanExporter,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from barograph_processor.exceptions import OverloadedError
from barograph_processor.otlp import decode_traces
from barograph_processor.pipeline import Acknowledgement
from tests.processor.receiver.server import Recorder, grpc_server, http_server

_EXPORTERS: dict[str, tuple[Callable[..., object], Callable[[str], SpanExporter]]] = {
    "grpc": (grpc_server, lambda at: GrpcSpanExporter(endpoint=at, insecure=True)),
    "http": (http_server, lambda at: HttpSpanExporter(endpoint=f"{at}/v1/traces")),
    "http, gzip": (
        http_server,
        lambda at: HttpSpanExporter(endpoint=f"{at}/v1/traces", compression=Compression.Gzip),
    ),
    "http, deflate": (
        http_server,
        lambda at: HttpSpanExporter(endpoint=f"{at}/v1/traces", compression=Compression.Deflate),
    ),
}


@pytest.fixture
def spans() -> list[ReadableSpan]:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("test")
    for number in range(20):
        with tracer.start_as_current_span("predict m") as span:
            span.set_attribute("barograph.model.name", "m")
            span.set_attribute("barograph.input.x", float(number))
    return list(memory.get_finished_spans())


class _Busy(Recorder):
    """Refuses the first request, and takes what comes after."""

    def submit(
        self, signal: Literal["traces", "logs"], payload: bytes, packed: bytes | None = None
    ) -> Acknowledgement:
        self.error = None if self.refused() else OverloadedError("full", retry_after=0.01)
        return super().submit(signal, payload, packed)


@pytest.mark.parametrize("recorder", [Recorder(), _Busy()], ids=["free", "busy"])
@pytest.mark.parametrize("kind", list(_EXPORTERS))
def test_spans_arrive(kind: str, recorder: Recorder, spans: list[ReadableSpan]) -> None:
    recorder = type(recorder)()
    server, connect = _EXPORTERS[kind]
    with server(recorder) as address:  # type: ignore[attr-defined] # a context manager of an address
        exporter = connect(address)
        assert exporter.export(spans) is SpanExportResult.SUCCESS
        exporter.shutdown()
    ((signal, payload),) = recorder.taken
    assert signal == "traces"
    (batch,) = decode_traces(payload).batches
    assert [int(span) for span in batch.ids[:, 2]] == [
        span.context.span_id for span in spans if span.context is not None
    ]
    assert batch.latency.min() >= 0
