"""The fast path writes what the official one would, whatever the call."""

# the models of a test ignore what they are given

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBasedTraceIdRatio,
    TraceIdRatioBased,
)

import barograph
from barograph.encoder import encode_requests
from barograph.testing import Recorder
from tests.sdk.ways import WAYS, by_all_ways, features, plain, results, tasks, way


@pytest.mark.parametrize("capture", ["summary", "full"])
@given(features=features, result=results, task=tasks, named=st.booleans())
@settings(max_examples=150, deadline=None)
def test_records_are_written_alike(
    capture: str, features: dict[str, Any], result: Any, task: str | None, named: bool
) -> None:
    @barograph.observe(
        model="m",
        task=task,
        id="id" if named else None,
        slices=("region",) if named else None,
    )
    def score(features: dict[str, Any]) -> Any:
        return result

    first, second, third = by_all_ways(lambda: (score(features), score(features)), capture=capture)
    assert first == second == third


@given(a=plain, b=plain, when=st.datetimes() | st.integers(0, 10**9) | plain, result=results)
@settings(max_examples=150, deadline=None)
def test_arguments_are_written_alike(a: Any, b: Any, when: Any, result: Any) -> None:
    @barograph.observe(model="m", version="2", id="a", time="when", features=("b", "c"))
    def score(a: Any, b: Any, when: Any, c: float = 0.5) -> Any:
        return result

    first, second, third = by_all_ways(lambda: (score(a, b, when), score(a, b=b, when=when, c=1)))
    assert first == second == third


def test_errors_are_written_alike() -> None:
    @barograph.observe(model="m")
    def score(x: float) -> float:
        return x / 0

    first, second, third = by_all_ways(lambda: score(1.0))
    assert first == second == third


def test_the_share_kept_is_written_alike() -> None:
    @barograph.observe(model="m")
    def score(x: Any) -> Any:
        return x

    def call() -> None:
        score(1.0)
        score([1.0])

    first, second, third = by_all_ways(call, rate=1 - 1e-15)
    assert first == second == third


def test_what_users_add_is_written_alike() -> None:
    @barograph.observe(model="m")
    def score(x: float) -> float:
        span = trace.get_current_span()
        span.set_attribute("big", 2**62)
        span.set_attributes({"negative": -7, "text": "Grüße", "list": [1.0, 2.0]})
        span.add_event("event", {"a": 1})
        span.add_link(trace.SpanContext(3, 4, is_remote=True), {"why": "because"})
        span.update_name("renamed")
        span.set_status(trace.StatusCode.OK)
        return x

    first, second, third = by_all_ways(lambda: score(1.0), touched=True)
    assert first == second == third


@pytest.mark.parametrize(
    "change",
    [
        lambda span: span.update_name("another"),
        lambda span: span.set_status(trace.StatusCode.OK),
        lambda span: span.add_event("event", {"key": 1}, timestamp=2),
        lambda span: span.add_link(trace.SpanContext(1, 2, is_remote=True)),
        lambda span: span.record_exception(ValueError("why")),
    ],
)
def test_each_change_of_a_user_arrives(change: Callable[[Any], None]) -> None:
    """The fast encoder must see it too, not only the span."""

    @barograph.observe(model="m")
    def score(x: float) -> float:
        change(trace.get_current_span())
        return x

    with Recorder() as recorder:
        score(1.0)
        (encoded,) = encode_requests(recorder.spans)
        official = encode_spans(recorder.spans)
    fast, slow = (
        message.resource_spans[0].scope_spans[0].spans[0]
        for message in (ExportTraceServiceRequest.FromString(encoded.body), official)
    )
    for message in (fast, slow):
        message.attributes.sort(key=lambda entry: entry.key)
    assert fast == slow


def test_nested_calls_and_remote_parents_are_written_alike() -> None:
    @barograph.observe(model="inner")
    def inner(x: float) -> float:
        return x

    @barograph.observe(model="outer")
    def outer(x: float) -> float:
        return inner(x)

    state = trace.TraceState([("vendor", "value")])
    remote = trace.SpanContext(
        1 << 100 | 5, 7, is_remote=True, trace_flags=trace.TraceFlags(1), trace_state=state
    )

    def call() -> None:
        token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(remote)))
        outer(1.0)
        context.detach(token)

    for name in WAYS:
        with way(name), Recorder() as recorder:
            call()
        first, second = recorder.spans
        assert first.context is not None
        assert second.context is not None
        assert first.parent == second.context
        assert second.parent == remote
        assert first.context.trace_id == second.context.trace_id == remote.trace_id
        assert first.context.trace_state == state
        assert first.context.trace_flags == second.context.trace_flags
        assert first.context.trace_flags.sampled


@pytest.mark.parametrize("parent_flags", [None, 0, 1])
@pytest.mark.parametrize("sampler", [None, ALWAYS_ON, ALWAYS_OFF, TraceIdRatioBased(0.0)])
def test_samplers_decide_alike(parent_flags: int | None, sampler: Any) -> None:
    @barograph.observe(model="m")
    def score() -> float:
        return 0.5

    counts, refs = [], []
    for name in WAYS:
        token = None
        if parent_flags is not None:
            parent = trace.SpanContext(
                9, 9, is_remote=True, trace_flags=trace.TraceFlags(parent_flags)
            )
            token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(parent)))
        with way(name), Recorder(sampler=sampler) as recorder:
            score()
            ref = barograph.current_ref()
        if token is not None:
            context.detach(token)
        assert ref is not None
        counts.append(len(recorder.spans))
        refs.append(ref.sampled)
    assert len(set(counts)) == len(set(refs)) == 1


def test_a_category_that_grows_past_the_cache_is_still_sent() -> None:
    @barograph.observe(model="m")
    def score(word: str) -> float:
        return 0.5

    with Recorder() as recorder:
        for at in range(5_000):
            score(f"word {at}")
    assert recorder.predictions[-1]["barograph.input.word"] == "word 4999"


def test_more_looks_than_plans_are_still_sent() -> None:
    @barograph.observe(model="m")
    def score(features: dict[str, float]) -> float:
        return 0.5

    with Recorder() as recorder:
        for at in range(300):
            score({f"f{at}": 1.0})
    assert recorder.predictions[-1]["barograph.input.f299"] == 1.0


def test_settings_changed_between_calls_hold_at_once() -> None:
    @barograph.observe(model="m")
    def score(word: str) -> float:
        return 0.5

    with Recorder() as first:
        score("EU")
    with Recorder(capture="off") as second:
        score("EU")
    with Recorder(mask=lambda _, value: f"<{value}>") as third:
        score("EU")
    assert first.predictions[0]["barograph.input.word"] == "EU"
    assert "barograph.input.word" not in second.predictions[0]
    assert third.predictions[0]["barograph.input.word"] == "<EU>"


def test_a_span_ended_by_the_user_is_sent_once() -> None:
    @barograph.observe(model="m")
    def score() -> float:
        trace.get_current_span().end()
        return 0.5

    for name in WAYS:
        with way(name), Recorder() as recorder:
            score()
        assert len(recorder.spans) == 1


def test_times_are_those_of_the_call() -> None:
    @barograph.observe(model="m")
    def score() -> float:
        return 0.5

    before = datetime.now(UTC).timestamp()
    with Recorder() as recorder:
        score()
    (span,) = recorder.spans
    assert span.start_time is not None
    assert span.end_time is not None
    assert before - 1 < span.start_time / 1e9 <= span.end_time / 1e9 < before + 10


@pytest.mark.parametrize(
    ("name", "value"),
    [("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4"), ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3")],
)
def test_limits_of_the_environment_hold(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    @barograph.observe(model="m")
    def score(word: str, a: float, b: float) -> float:
        return 0.5

    with Recorder() as recorder:
        score("a longer word", 1.0, 2.0)
    (attributes,) = recorder.predictions
    if name == "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT":
        assert len(attributes) == 4
    else:
        assert attributes["barograph.input.word"] == "a l"


def test_the_rate_of_an_official_sampler_is_sent() -> None:
    @barograph.observe(model="m")
    def score() -> float:
        return 0.5

    for sampler in (TraceIdRatioBased(0.5), ParentBasedTraceIdRatio(0.5)):
        with Recorder(sampler=sampler) as recorder:
            for _ in range(50):
                score()
        assert 0 < len(recorder.spans) < 50
        assert {p["barograph.sample.rate"] for p in recorder.predictions} == {0.5}
