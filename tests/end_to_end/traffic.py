"""Traffic through a Collector: spans with the official exporters, the rest by hand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc
from google.protobuf.message import Message
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as otlp_grpc
from opentelemetry.exporter.otlp.proto.http import trace_exporter as otlp_http
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, format_span_id, format_trace_id

from components import Collector, wait_until
from tests.end_to_end.otlp_sink import OtlpSink

__all__ = [
    "LOGS",
    "METRICS",
    "TRACES",
    "call",
    "exporting",
    "ids",
    "make_spans",
    "own_counter",
    "send",
    "trace_ids",
    "wait_for",
]

TRACES = "trace.v1.TraceService"
LOGS = "logs.v1.LogsService"
METRICS = "metrics.v1.MetricsService"


def make_spans(count: int, *, padding: int = 0) -> list[ReadableSpan]:
    """Make ended spans of one service and model, each the root of its own trace."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("test")
    for _ in range(count):
        with tracer.start_as_current_span("predict credit-risk") as span:
            span.set_attribute("barograph.model.name", "credit-risk")
            span.set_attribute("barograph.model.version", "7")
            span.set_attribute("gen_ai.request.model", "risk-large")
            span.set_attribute("padding", "x" * padding)
    provider.shutdown()
    return list(memory.get_finished_spans())


def ids(spans: Sequence[ReadableSpan]) -> set[str]:
    """Return the span ids, in hex."""
    return {format_span_id(context.span_id) for context in _contexts(spans)}


def trace_ids(spans: Sequence[ReadableSpan]) -> set[str]:
    """Return the trace ids, in hex."""
    return {format_trace_id(context.trace_id) for context in _contexts(spans)}


def _contexts(spans: Sequence[ReadableSpan]) -> list[SpanContext]:
    return [context for span in spans if (context := span.get_span_context())]


@contextmanager
def exporting(
    collector: Collector, *, over: str = "grpc", timeout: int = 10
) -> Iterator[SpanExporter]:
    """Open the official exporter to a Collector; ``export`` is SUCCESS once acknowledged."""
    exporter: SpanExporter
    if over == "grpc":
        exporter = otlp_grpc.OTLPSpanExporter(
            endpoint=collector.otlp_grpc, insecure=True, timeout=timeout
        )
    else:
        exporter = otlp_http.OTLPSpanExporter(
            endpoint=f"http://{collector.otlp_http}/v1/traces", timeout=timeout
        )
    try:
        yield exporter
    finally:
        exporter.shutdown()


def send(collector: Collector, spans: Sequence[ReadableSpan], *, over: str = "grpc") -> None:
    """Send spans and insist that they are acknowledged."""
    with exporting(collector, over=over) as exporter:
        assert exporter.export(spans) is SpanExportResult.SUCCESS


def wait_for(sink: OtlpSink, wanted: set[str]) -> None:
    """Wait until a sink has all of these spans."""
    wait_until(lambda: wanted <= sink.span_ids().keys(), what="all spans", timeout=90)


def call(address: str, service: str, request: Message) -> None:
    """Export one request, made by hand, to an OTLP service over gRPC."""
    method = f"/opentelemetry.proto.collector.{service}/Export"
    with grpc.insecure_channel(address) as channel:
        export = channel.unary_unary(
            method,
            request_serializer=lambda it: it.SerializeToString(),
            response_deserializer=None,  # the answer is empty
        )
        export(request, timeout=10)


def own_counter(collector: Collector, name: str, exporter: str) -> float:
    """Return one of the Collector's counters about an exporter; absent is zero."""
    values = [
        float(line.split()[-1])
        for line in collector.own_exposition().splitlines()
        if line.startswith(name) and f'exporter="{exporter}"' in line
    ]
    return sum(values)
