"""What users install beside works as ever: samplers, ids, processors, exporters, propagators."""

# ruff: noqa: ARG002  # the interfaces of OpenTelemetry

from typing import Any

import pytest
from opentelemetry import context, propagate, trace
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult

import barograph
from barograph.testing import Recorder
from tests.sdk.otlp_server import OtlpServer


@barograph.observe(model="m")
def score(x: float) -> float:
    return x


def in_memory(**options: Any) -> tuple[TracerProvider, InMemorySpanExporter]:
    provider = TracerProvider(shutdown_on_exit=False, **options)
    memory = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    barograph.configure(tracer_provider=provider)
    return provider, memory


class Deciding(Sampler):
    def __init__(self, decision: Decision) -> None:
        self._decision = decision

    def should_sample(
        self, parent_context: Any, trace_id: int, name: str, *_: Any, **__: Any
    ) -> Any:
        state = trace.TraceState([("vendor", "1")])
        return SamplingResult(self._decision, {"sampled.by": name}, state)

    def get_description(self) -> str:
        return "Deciding"


@pytest.mark.parametrize(
    ("decision", "exported"),
    [(Decision.RECORD_AND_SAMPLE, 1), (Decision.RECORD_ONLY, 0), (Decision.DROP, 0)],
)
def test_a_users_sampler_decides(decision: Decision, exported: int) -> None:
    _, memory = in_memory(sampler=Deciding(decision))
    score(0.5)
    spans = memory.get_finished_spans()
    assert len(spans) == exported
    for span in spans:
        attributes = span.attributes or {}
        assert attributes["sampled.by"] == "predict m"
        assert attributes["barograph.prediction.value"] == 0.5
        assert span.context is not None
        assert span.context.trace_state.get("vendor") == "1"


def test_a_users_id_generator_makes_the_ids() -> None:
    class Counting(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            return 42

        def generate_span_id(self) -> int:
            return 43

    _, memory = in_memory(id_generator=Counting())
    score(0.5)
    (span,) = memory.get_finished_spans()
    assert span.context is not None
    assert (span.context.trace_id, span.context.span_id) == (42, 43)


def test_users_processors_and_exporters_work_side_by_side() -> None:
    seen: list[str] = []

    class Noting(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            span.set_attribute("tenant", "acme")

        def on_end(self, span: ReadableSpan) -> None:
            seen.append(str((span.attributes or {})["tenant"]))

    provider, simple = in_memory()
    batched = InMemorySpanExporter()
    provider.add_span_processor(BatchSpanProcessor(batched))
    score(0.5)
    provider.add_span_processor(Noting())  # while calls are made
    score(0.5)
    provider.force_flush()
    provider.shutdown()
    assert seen == ["acme"]
    for memory in (simple, batched):
        first, second = memory.get_finished_spans()
        assert "tenant" not in (first.attributes or {})
        assert (second.attributes or {})["tenant"] == "acme"


def test_a_users_propagator_carries_our_span(recorder: Recorder) -> None:
    class Plain(TextMapPropagator):
        def inject(self, carrier: Any, context: Any = None, setter: Any = None) -> None:
            now = trace.get_current_span(context).get_span_context()
            carrier["x-trace"] = f"{now.trace_id:x}"

        def extract(self, carrier: Any, context: Any = None, getter: Any = None) -> Any:
            ids = int(carrier["x-trace"], 16)
            remote = trace.SpanContext(ids, 1, is_remote=True, trace_flags=trace.TraceFlags(1))
            return trace.set_span_in_context(trace.NonRecordingSpan(remote), context)

        @property
        def fields(self) -> set[str]:
            return {"x-trace"}

    @barograph.observe(model="m")
    def calling() -> dict[str, str]:
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        return carrier

    before = propagate.get_global_textmap()
    propagate.set_global_textmap(Plain())
    try:
        carrier = calling()
        token = context.attach(propagate.extract(carrier))
        score(0.5)
        context.detach(token)
    finally:
        propagate.set_global_textmap(before)
    first, second = (span.context.trace_id for span in recorder.spans if span.context)
    assert first == second == int(carrier["x-trace"], 16)


@pytest.mark.parametrize(("ratio", "spans"), [("1", 200), ("0", 0)])
def test_the_sampler_of_the_environment_holds(
    server: OtlpServer, monkeypatch: pytest.MonkeyPatch, ratio: str, spans: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", ratio)
    barograph.configure(endpoint=server.endpoint)
    for _ in range(200):
        score(0.5)
    assert barograph.force_flush(20)
    assert len(server.spans) == spans
