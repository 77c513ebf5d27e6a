"""Spans of OpenTelemetry's conventions for generative AI, whoever instrumented the call."""

from collections.abc import Mapping
from typing import Final

from barograph_processor.observation import ModelKey
from barograph_processor.otlp.conventions.barograph import PROMPT_SLICES
from barograph_processor.otlp.rows import Field, GroupKey, Role, SpanFacts, SpanRows
from barograph_processor.otlp.tally import Tally
from barograph_processor.otlp.values import Cell, Value, text_of
from barograph_processor.semconv import UNVERSIONED

__all__ = ["OPERATIONS", "read_span"]

OPERATIONS: Final = ("chat", "text_completion", "generate_content", "embeddings")
"""Operations that call a model; agents and tools call models in spans of their own."""

_OPERATION: Final = "gen_ai.operation.name"
_EARLIER_OPERATIONS: Final = {
    None: "chat",
    "chat": "chat",
    "completion": "text_completion",
    "embedding": "embeddings",
}
"""Operations by OpenLLMetry's ``llm.request.type``, for spans that name none."""

# The later of two keys for the same place wins: before version 1.27 of the conventions
# tokens were called otherwise, and some instrumentations still write both names.
_NUMBERS: Final = {
    "gen_ai.usage.prompt_tokens": Field(Role.INPUT, "input_tokens"),
    "gen_ai.usage.input_tokens": Field(Role.INPUT, "input_tokens"),
    "gen_ai.request.temperature": Field(Role.INPUT, "temperature"),
    "gen_ai.request.max_tokens": Field(Role.INPUT, "max_tokens"),
    "gen_ai.usage.completion_tokens": Field(Role.OUTPUT, "output_tokens"),
    "gen_ai.usage.output_tokens": Field(Role.OUTPUT, "output_tokens"),
}
# The model that answered is no version of its own: a call that failed has none,
# and would count for another model than the calls that succeeded.
_SLICES: Final = {
    "gen_ai.response.model": Field(Role.SLICE, "response_model"),
    **{key: Field(Role.SLICE, name) for key, name in PROMPT_SLICES.items()},
}
_REFUSALS: Final = frozenset({"content_filter", "refusal", "safety"})
"""How a call ends that was not answered, as providers put it."""
_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"


def read_span(span: SpanFacts, tally: Tally) -> SpanRows | None:
    """Read a model call: token counts, settings, and how it ended.

    Returns:
        One row of the task ``generation`` (``embedding`` for embeddings), or
        None if the span is no such call.
    """
    attributes = span.attributes
    operation = _operation(attributes)
    name = _name(attributes.get("gen_ai.request.model")) or _name(
        attributes.get("gen_ai.response.model")
    )
    if not isinstance(operation, str) or operation not in OPERATIONS or name is None:
        return None
    cells: dict[Field, list[Cell]] = {Field(Role.SLICE, "operation"): [operation]}
    for key, place in (_NUMBERS | _SLICES).items():
        value = attributes.get(key)
        if value is None:
            continue
        named = place.role is Role.SLICE
        if not isinstance(value, str | int | float if named else int | float):
            tally.warn("unusable_value")
            continue
        cells[place] = [text_of(value) if named else value]
    reasons = attributes.get(_FINISH_REASONS)
    if isinstance(reasons, list):
        texts = [reason for reason in reasons if isinstance(reason, str)]
        cells[Field(Role.OUTPUT, "finish_reason")] = [",".join(texts)]
        refused = any(text.lower() in _REFUSALS for text in texts)
        cells[Field(Role.OUTPUT, "refusal")] = [float(refused)]
    task = "embedding" if operation == "embeddings" else "generation"
    return SpanRows(
        group=GroupKey(ModelKey(name, UNVERSIONED), task, None, None),
        ids=span.ids,
        prediction_ids=[f"{span.ids.span:016x}"],
        event_time=[span.start_ns],
        latency=(span.end_ns - span.start_ns) / 1e9,
        failed=span.failed,
        cells=cells,
    )


def _operation(attributes: Mapping[str, Value]) -> Value:
    """Return what was called; conventions before 1.27 did not say it, but whose model it was."""
    operation = attributes.get(_OPERATION)
    if operation is not None or "gen_ai.system" not in attributes:
        return operation
    kind = attributes.get("llm.request.type")
    return _EARLIER_OPERATIONS.get(kind) if kind is None or isinstance(kind, str) else None


def _name(value: Value) -> str | None:
    return text_of(value) if isinstance(value, str) else None
