"""Spans that others cause become predictions too; our own attributes win."""

from typing import Any

import numpy as np
import pytest

from barograph_processor.observation import ModelKey
from barograph_processor.otlp import decode_traces
from barograph_processor.stats import Column, NumericColumn
from tests.processor.otlp.build import span, traces

_CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.response.model": "gpt-x-2025",
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 34,
    "gen_ai.response.finish_reasons": ["stop", "length"],
}


def _numbers(column: Column) -> list[float]:
    assert isinstance(column, NumericColumn)
    return [float(value) for value in column.values]


def test_gen_ai_chat() -> None:
    (batch,) = decode_traces(traces(span(0, _CHAT))).batches
    assert batch.model == ModelKey("gpt-x", "unversioned")
    assert batch.task == "generation"
    assert {name: column.values for name, column in batch.inputs.items()}.keys() == {"input_tokens"}
    assert batch.outputs.keys() == {"output_tokens", "finish_reason", "refusal"}
    assert batch.slices["response_model"].values() == ["gpt-x-2025"]
    assert batch.prediction_ids == (f"{1:016x}",)


@pytest.mark.parametrize(
    "values",
    [
        _CHAT,
        {"openinference.span.kind": "LLM", "llm.model_name": "claude-x"},
        {"barograph.model.name": "m"},
    ],
)
def test_response_id_of_any_convention(values: dict[str, Any]) -> None:
    """Rows without one are beside it; a batch call is no single response."""
    named = {**values, "gen_ai.response.id": "chatcmpl-1"}
    decoded = decode_traces(traces(span(0, values), span(1, named), span(2, values)))
    (batch,) = decoded.batches
    assert batch.response_ids == (None, "chatcmpl-1", None)
    assert batch.take(np.array([1])).response_ids == ("chatcmpl-1",)
    batched = {"barograph.model.name": "m", "barograph.batch.size": 2}
    (batch,) = decode_traces(traces(span(0, {**batched, "gen_ai.response.id": "x"}))).batches
    assert batch.response_ids == ()


def test_gen_ai_model_by_the_response_alone() -> None:
    values = {k: v for k, v in _CHAT.items() if k != "gen_ai.request.model"}
    (batch,) = decode_traces(traces(span(0, values))).batches
    assert batch.model.name == "gpt-x-2025"


@pytest.mark.parametrize("operation", ["invoke_agent", "execute_tool", ["chat"], 7, None])
def test_gen_ai_spans_that_call_no_model_are_passed_over(operation: Any) -> None:
    decoded = decode_traces(traces(span(0, {**_CHAT, "gen_ai.operation.name": operation})))
    assert (decoded.batches, decoded.passed_over) == ((), 1)


@pytest.mark.parametrize(
    ("kind", "operation", "task"),
    [
        (None, "chat", "generation"),
        ("chat", "chat", "generation"),
        ("completion", "text_completion", "generation"),
        ("embedding", "embeddings", "embedding"),
    ],
)
def test_gen_ai_of_before_operations_had_a_name(
    kind: str | None, operation: str, task: str
) -> None:
    """As OpenLLMetry and the conventions before 1.27 write them."""
    values = {
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-x",
        "gen_ai.usage.prompt_tokens": 12,
        "gen_ai.usage.completion_tokens": 34,
        **({} if kind is None else {"llm.request.type": kind}),
    }
    (batch,) = decode_traces(traces(span(0, values))).batches
    assert (batch.model.name, batch.task) == ("gpt-x", task)
    assert batch.slices["operation"].values() == [operation]
    assert _numbers(batch.inputs["input_tokens"]) == [12.0]
    assert _numbers(batch.outputs["output_tokens"]) == [34.0]


@pytest.mark.parametrize("kind", ["rerank", "unknown", ["chat"], 7])
def test_gen_ai_requests_of_other_types_are_passed_over(kind: Any) -> None:
    values = {"gen_ai.system": "x", "gen_ai.request.model": "m", "llm.request.type": kind}
    decoded = decode_traces(traces(span(0, values)))
    assert (decoded.batches, decoded.passed_over) == ((), 1)


def test_gen_ai_token_counts_of_both_names_count_once() -> None:
    values = {**_CHAT, "gen_ai.usage.prompt_tokens": 99}
    (batch,) = decode_traces(traces(span(0, values))).batches
    assert _numbers(batch.inputs["input_tokens"]) == [12.0]


def test_version_of_a_prompt_may_be_a_number() -> None:
    values = {**_CHAT, "gen_ai.prompt.name": "greet", "gen_ai.prompt.version": 7}
    decoded = decode_traces(traces(span(0, values)))
    assert decoded.batches[0].slices["prompt_version"].values() == ["7"]
    assert decoded.warnings == {}


def test_open_inference() -> None:
    values = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "claude-x",
        "llm.token_count.prompt": 5,
        "llm.token_count.completion": 6,
        "input.value": "secret text",
        "output.value": "more text",
    }
    (batch,) = decode_traces(traces(span(0, values))).batches
    assert batch.model == ModelKey("claude-x", "unversioned")
    assert batch.task == "generation"
    assert set(batch.inputs) == {"input_tokens", "input_length"}
    assert set(batch.outputs) == {"output_tokens", "output_length"}


def test_open_inference_of_another_kind_is_passed_over() -> None:
    decoded = decode_traces(traces(span(0, {"openinference.span.kind": "TOOL"})))
    assert decoded.passed_over == 1


def test_our_own_attributes_win() -> None:
    (batch,) = decode_traces(traces(span(0, {**_CHAT, "barograph.model.name": "mine"}))).batches
    assert batch.model == ModelKey("mine", "unversioned")


def test_wrong_types_in_foreign_spans_are_warnings() -> None:
    decoded = decode_traces(traces(span(0, {**_CHAT, "gen_ai.usage.input_tokens": "many"})))
    assert len(decoded.batches) == 1
    assert decoded.warnings == {"unusable_value": 1}
