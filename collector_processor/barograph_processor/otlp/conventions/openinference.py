"""Spans of the OpenInference conventions: model calls of its many instrumentations."""

from typing import Final

from barograph_processor.observation import ModelKey
from barograph_processor.otlp.conventions.barograph import PROMPT_SLICES
from barograph_processor.otlp.rows import Field, GroupKey, Role, SpanFacts, SpanRows
from barograph_processor.otlp.tally import Tally
from barograph_processor.otlp.values import Cell, text_of
from barograph_processor.semconv import UNVERSIONED

__all__ = ["read_span"]

_KINDS: Final = {
    "LLM": ("llm.model_name", "generation"),
    "EMBEDDING": ("embedding.model_name", "embedding"),
}
_NUMBERS: Final = {
    "llm.token_count.prompt": Field(Role.INPUT, "input_tokens"),
    "llm.token_count.completion": Field(Role.OUTPUT, "output_tokens"),
}
_SLICES: Final = {
    "prompt.id": Field(Role.SLICE, "prompt"),
    "llm.prompt_template.version": Field(Role.SLICE, "prompt_version"),
    **{key: Field(Role.SLICE, name) for key, name in PROMPT_SLICES.items()},
}
# Of text its length is taken, and the text itself goes no further.
_LENGTHS: Final = {
    "input.value": Field(Role.INPUT, "input_length"),
    "output.value": Field(Role.OUTPUT, "output_length"),
}


def read_span(span: SpanFacts, tally: Tally) -> SpanRows | None:
    """Read a call of a language or embedding model.

    Returns:
        One row, or None if the span is of another kind or names no model.
    """
    attributes = span.attributes
    kind = attributes.get("openinference.span.kind")
    if not isinstance(kind, str) or kind.upper() not in _KINDS:
        return None
    key, task = _KINDS[kind.upper()]
    name = attributes.get(key)
    if not isinstance(name, str) or not name:
        return None
    cells: dict[Field, list[Cell]] = {}
    for number_key, place in _NUMBERS.items():
        value = attributes.get(number_key)
        if isinstance(value, int | float):
            cells[place] = [value]
        elif value is not None:
            tally.warn("unusable_value")
    for slice_key, place in _SLICES.items():
        value = attributes.get(slice_key)
        if isinstance(value, str | int | float):
            cells[place] = [text_of(value)]
    for text_key, place in _LENGTHS.items():
        value = attributes.get(text_key)
        if isinstance(value, str):
            cells[place] = [len(value)]
    return SpanRows(
        group=GroupKey(ModelKey(text_of(name) or name, UNVERSIONED), task, None, None),
        ids=span.ids,
        prediction_ids=[f"{span.ids.span:016x}"],
        event_time=[span.start_ns],
        latency=(span.end_ns - span.start_ns) / 1e9,
        failed=span.failed,
        cells=cells,
    )
