"""Late facts find their prediction, and nothing else."""

# ruff: noqa: FBT003  # the models of a test ignore what they are given

import pickle
from time import time_ns
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import barograph
from barograph.testing import Recorder


@barograph.observe(model="fraud", version="3", id="order")
def predict(order: str) -> float:
    return 0.5


def test_the_four_kinds_are_events_as_the_wire_page_says(recorder: Recorder) -> None:
    barograph.label("order-17", "fraud", source="human", time=0)
    barograph.reaction("order-17", "edited", magnitude=0.25)
    barograph.evaluation(
        "order-17", "helpfulness", score=0.2, label="poor", explanation="off", source="model"
    )
    barograph.outcome("order-17", -120.5, unit="EUR")
    identity = {"barograph.prediction.id": "order-17"}
    assert recorder.facts == [
        (
            "barograph.label",
            {
                **identity,
                "barograph.label.value": "fraud",
                "barograph.label.source": "human",
                "barograph.label.time": "1970-01-01T00:00:00+00:00",
            },
        ),
        (
            "barograph.reaction",
            {**identity, "barograph.reaction.kind": "edited", "barograph.reaction.magnitude": 0.25},
        ),
        (
            "gen_ai.evaluation.result",
            {
                **identity,
                "gen_ai.evaluation.name": "helpfulness",
                "gen_ai.evaluation.score.value": 0.2,
                "gen_ai.evaluation.score.label": "poor",
                "gen_ai.evaluation.explanation": "off",
                "barograph.evaluation.source": "model",
            },
        ),
        (
            "barograph.outcome",
            {**identity, "barograph.outcome.value": -120.5, "barograph.outcome.unit": "EUR"},
        ),
    ]


@pytest.mark.parametrize(("time", "expected"), [(1.5, 1_500_000_000), ("soon", None), (None, None)])
def test_facts_that_are_sent_later_say_when_it_happened(
    recorder: Recorder, time: Any, expected: int | None
) -> None:
    """What names no time is of now."""
    before = time_ns()
    barograph.reaction("order-17", "edited", time=time)
    barograph.evaluation("order-17", "helpfulness", score=0.2, time=time)
    barograph.outcome("order-17", -120.5, time=time)
    for record in recorder.records:
        timestamp = record.log_record.timestamp
        assert timestamp is not None
        assert timestamp == expected or (expected is None and before <= timestamp <= time_ns())
    assert len(recorder.records) == 3


def test_by_reference_the_fact_lies_on_the_predictions_span(recorder: Recorder) -> None:
    predict("order-17")
    ref = barograph.current_ref()
    assert ref is not None
    barograph.label(pickle.loads(pickle.dumps(ref)), True)  # noqa: S301  # what is tested
    context = recorder.spans[0].context
    assert context is not None
    record = recorder.records[0].log_record
    assert (record.trace_id, record.span_id) == (context.trace_id, context.span_id)
    assert recorder.facts[0][1] == {
        "barograph.prediction.id": "order-17",
        "barograph.model.name": "fraud",
        "barograph.model.version": "3",
        "barograph.label.value": True,
    }


def test_without_a_key_the_span_id_is_the_id(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    def score() -> float:
        return 0.5

    score()
    ref = barograph.current_ref()
    barograph.label(ref, 1)
    context = recorder.spans[0].context
    assert context is not None
    span_id = trace.format_span_id(context.span_id)
    assert recorder.facts[0][1]["barograph.prediction.id"] == span_id
    assert "barograph.prediction.id" not in recorder.predictions[0]


def test_by_id_no_unrelated_span_is_named(recorder: Recorder) -> None:
    tracer = recorder.tracer_provider.get_tracer("http")
    with tracer.start_as_current_span("POST /label"):
        barograph.label("order-17", "fraud", model="fraud", version="3")
    record = recorder.records[0].log_record
    assert (record.trace_id, record.span_id) == (0, 0)
    assert recorder.facts[0][1]["barograph.model.name"] == "fraud"


@pytest.mark.parametrize(
    "send",
    [
        lambda: barograph.label("a", None),
        lambda: barograph.label("a", object()),
        lambda: barograph.label("", "x"),
        lambda: barograph.label(object(), "x"),  # type: ignore[arg-type]
        lambda: barograph.reaction("a", "shrugged"),  # type: ignore[arg-type]
        lambda: barograph.outcome("a", "much"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_sent_is_counted_and_never_raises(recorder: Recorder, send: Any) -> None:
    before = sum(barograph.stats().failures.values())
    send()
    assert recorder.facts == []
    assert sum(barograph.stats().failures.values()) == before + 1


def test_facts_about_no_prediction_are_passed_over(recorder: Recorder) -> None:
    barograph.label(None, "x")
    assert recorder.facts == []


def test_facts_of_a_prediction_dropped_by_the_rate_are_not_sent() -> None:
    with Recorder(sample_rate=0.0) as recorder:
        assert predict("order-17") == 0.5
        ref = barograph.current_ref()
        barograph.label("order-17", "x")
        barograph.label(ref, "x")
        barograph.label("order-17", "x", model="fraud")
        barograph.label("order-18", "x")
        barograph.label("order-17", "x", model="other")
    assert recorder.spans == ()
    assert [attributes["barograph.prediction.id"] for _, attributes in recorder.facts] == [
        "order-18",
        "order-17",
    ]


def test_facts_of_a_prediction_dropped_by_the_sampler_are_not_sent() -> None:
    with Recorder(sampler=ALWAYS_OFF) as recorder:
        predict("order-17")
        barograph.label("order-17", "x")
        barograph.label(barograph.current_ref(), "x")
    assert recorder.facts == []


def test_a_share_of_the_traces_is_kept_whole() -> None:
    @barograph.observe(model="inner")
    def inner() -> float:
        return 0.5

    @barograph.observe(model="outer")
    def outer() -> float:
        return inner()

    with Recorder(sample_rate=0.5) as recorder:
        for _ in range(400):
            outer()
    by_trace: dict[int, int] = {}
    for span in recorder.spans:
        assert (span.attributes or {})["barograph.sample.rate"] == 0.5
        assert span.context is not None
        by_trace[span.context.trace_id] = by_trace.get(span.context.trace_id, 0) + 1
    assert set(by_trace.values()) == {2}
    assert 130 < len(by_trace) < 270  # 7 standard deviations of a binomial of 400


def test_the_rate_decides_by_the_trace_id_in_every_process() -> None:
    """The rule is OpenTelemetry's own, so other processes of a trace agree."""
    parent = trace.SpanContext(
        0x1 << 64 | 0x4000_0000_0000_0000, 7, is_remote=True, trace_flags=trace.TraceFlags(1)
    )
    context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
    from opentelemetry.context import attach, detach  # noqa: PLC0415  # this test's own

    for rate, kept in ((0.24, 0), (0.26, 1)):
        token = attach(context)
        with Recorder(sample_rate=rate) as recorder:
            predict("order-17")
        detach(token)
        assert len(recorder.spans) == kept


def test_a_prediction_kept_later_takes_its_facts_again() -> None:
    with Recorder(sample_rate=0.0):
        predict("order-17")
    with Recorder() as recorder:
        predict("order-17")
        barograph.label("order-17", "x")
    assert len(recorder.facts) == 1
