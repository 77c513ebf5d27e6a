"""What Jaeger makes of a trace that JSON cannot hold."""

import math

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import format_trace_id

from components import ComponentError, Jaeger, wait_until

pytestmark = pytest.mark.components


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_trace_with_nan_is_kept_and_not_shown(value: float, jaeger: Jaeger) -> None:
    """A Jaeger that shows it makes this fail; ``Jaeger.has`` is then needless."""
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=jaeger.otlp_grpc, insecure=True)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("predict") as span:
        span.set_attribute("barograph.input.temperature", value)
    provider.shutdown()
    trace_id = format_trace_id(span.get_span_context().trace_id)
    wait_until(lambda: jaeger.has(trace_id), what="the trace")
    with pytest.raises(ComponentError, match="unsupported value"):
        jaeger.trace(trace_id)
    assert not jaeger.has("f" * 32)
