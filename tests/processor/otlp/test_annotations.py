"""Judgements that spans of other instrumentations carry, and the prompt that they are of."""

from typing import Any

import numpy as np
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from barograph_processor.observation import EventBatch, span_hex
from barograph_processor.otlp import decode_traces
from barograph_processor.otlp.conventions.annotations import MAX_ANNOTATIONS
from barograph_processor.stats.column import NumericColumn
from tests.processor.otlp.build import prediction, span, traces

LLM = {"openinference.span.kind": "LLM", "llm.model_name": "gpt"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt"}


def annotation(place: int, kind: str = "annotation", **fields: Any) -> dict[str, Any]:
    return {f"{kind}s.{place}.{kind}.{name}": value for name, value in fields.items()}


def events(values: dict[str, Any], **fields: Any) -> tuple[EventBatch, ...]:
    return decode_traces(traces(span(0, values, **fields))).events


def test_annotations_judge_the_span_that_carries_them() -> None:
    (found,) = events(
        LLM
        | annotation(0, name="helpfulness", score=0.25, annotator_kind="HUMAN")
        | annotation(1, name="hallucination", label="factual", annotator_kind="LLM")
    )
    assert found.kind == "evaluation"
    assert found.name == ("helpfulness", "hallucination")
    assert found.text == (None, "factual")
    assert found.number[0] == 0.25
    assert np.isnan(found.number[1])
    assert found.source == ("human", "model")
    assert [span_hex(found.ids, row) for row in (0, 1)] == ["0000000000000001"] * 2


def test_evaluations_judge_the_span_that_they_link_to() -> None:
    link = Span.Link(trace_id=(7).to_bytes(16), span_id=(9).to_bytes(8))
    values = {"openinference.span.kind": "EVALUATOR"}
    values |= annotation(0, "evaluation", name="correctness", score=1)
    (found,) = events(values, links=[link])
    assert found.number.tolist() == [1.0]
    assert span_hex(found.ids, 0) == "0000000000000009"
    assert events(values) == ()


def test_annotations_of_what_is_no_prediction_are_left_out() -> None:
    assert events({"openinference.span.kind": "CHAIN"} | annotation(0, name="x", score=1)) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"score": 0.5},
        {"name": "x"},
        {"name": "x", "score": float("nan")},
        {"name": ["x"], "score": 0.5},
        {"name": "", "score": 0.5},
    ],
)
def test_judgements_without_name_or_content_are_none(fields: dict[str, Any]) -> None:
    assert events(LLM | annotation(0, **fields)) == ()


def test_annotations_by_the_thousand_are_bounded() -> None:
    values = dict(LLM)
    for place in range(1000):
        values |= annotation(place, name=f"n{place}", score=0.5)
    decoded = decode_traces(traces(span(0, values)))
    assert sum(map(len, decoded.events)) == MAX_ANNOTATIONS
    assert decoded.warnings["too_many_annotations"] == 1


@pytest.mark.parametrize(
    "values",
    [
        CHAT | {"gen_ai.prompt.name": "summarize", "gen_ai.prompt.version": "3"},
        LLM | {"prompt.id": "summarize", "llm.prompt_template.version": "3"},
        LLM | {"gen_ai.prompt.name": "summarize", "gen_ai.prompt.version": "3"},
    ],
)
def test_a_prompts_version_is_a_dimension(values: dict[str, Any]) -> None:
    (batch,) = decode_traces(traces(span(0, values))).batches
    assert batch.slices["prompt"].values() == ["summarize"]
    assert batch.slices["prompt_version"].values() == ["3"]


def test_a_prompts_version_is_a_dimension_of_our_own_spans() -> None:
    ours = prediction(0, {"task": "generation"})
    ours.attributes.extend(span(0, {"gen_ai.prompt.version": "3"}).attributes)
    (batch,) = decode_traces(traces(ours)).batches
    assert batch.slices["prompt_version"].values() == ["3"]


@pytest.mark.parametrize(
    ("reasons", "refusal"), [(["stop"], 0.0), (["content_filter"], 1.0), (["SAFETY"], 1.0)]
)
def test_refusals_are_told_from_how_a_call_ends(reasons: list[str], refusal: float) -> None:
    values = CHAT | {"gen_ai.response.finish_reasons": reasons}
    (batch,) = decode_traces(traces(span(0, values))).batches
    column = batch.outputs["refusal"]
    assert isinstance(column, NumericColumn)
    assert column.values.tolist() == [refusal]
