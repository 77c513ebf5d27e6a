"""Spans of our own SDK: the ``barograph.*`` attributes, of single calls and of batches."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from barograph_processor import semconv
from barograph_processor.observation import ModelKey
from barograph_processor.otlp.rows import Field, GroupKey, Role, SpanFacts, SpanRows
from barograph_processor.otlp.tally import RejectedItemError, Tally
from barograph_processor.otlp.timestamps import timestamp_ns
from barograph_processor.otlp.values import (
    UNUSABLE,
    Cell,
    Unusable,
    Value,
    bounded,
    number_of,
    text_of,
)

__all__ = ["MAX_COLUMNS", "PROMPT_SLICES", "place_of", "read_span"]

MAX_COLUMNS: Final = 1024
"""Most inputs, outputs and slices of one span together."""

# Ids, times, latency and state of a row take about as much as six values.
_CELLS_PER_ROW: Final = 6

_PREFIXES: Final = (
    (semconv.INPUT_PREFIX, Role.INPUT),
    (semconv.OUTPUT_PREFIX, Role.OUTPUT),
    (semconv.SLICE_PREFIX, Role.SLICE),
)


PROMPT_SLICES: Final = {
    "gen_ai.prompt.name": "prompt",
    "gen_ai.prompt.version": "prompt_version",
}
"""The template that a prompt was made from, and its version: dimensions of any span."""


def read_span(span: SpanFacts, tally: Tally) -> SpanRows | None:
    """Read a span by our own conventions.

    Returns:
        Its rows, or None if it names no model of ours.

    Raises:
        RejectedItemError: The span contradicts itself.
    """
    name = _text(span.attributes, semconv.MODEL_NAME, tally)
    if not name:
        return None
    batch = _batch_size(span.attributes.get(semconv.BATCH_SIZE))
    reader = _Reader(span, batch, tally)
    rate = reader.scalar(semconv.SAMPLE_RATE, _is_rate)
    return SpanRows(
        group=_group(name, reader),
        ids=span.ids,
        prediction_ids=reader.prediction_ids(),
        event_time=reader.event_times(),
        latency=(span.end_ns - span.start_ns) / 1e9,
        failed=span.failed,
        weight=1.0 if rate is None else 1.0 / rate,
        cells=reader.cells(),
    )


def _group(name: str, reader: "_Reader") -> GroupKey:
    attributes, tally = reader.span.attributes, reader.tally
    task = _text(attributes, semconv.TASK, tally)
    if task is not None and task not in semconv.TASKS:
        tally.warn("unknown_task")
        task = None
    version = _text(attributes, semconv.MODEL_VERSION, tally) or semconv.UNVERSIONED
    return GroupKey(
        model=ModelKey(name, version),
        task=task,
        positive=_text(attributes, semconv.POSITIVE, tally),
        threshold=reader.scalar(semconv.THRESHOLD, math.isfinite),
    )


class _Reader:
    """Reads the columns of one span of one row (``batch`` is None) or of a batch."""

    def __init__(self, span: SpanFacts, batch: int | None, tally: Tally) -> None:
        self.span = span
        self.batch = batch
        self.rows = 1 if batch is None else batch
        self.tally = tally
        if batch is not None:
            tally.spend(batch * _CELLS_PER_ROW)

    def scalar(self, key: str, accepts: Callable[[float], bool]) -> float | None:
        """Return a number that holds for all rows; None and a warning if it is no such."""
        value = self.span.attributes.get(key)
        if value is None:
            return None
        if isinstance(value, list) or value is UNUSABLE:
            self.tally.warn("unusable_value")
            return None
        number = number_of(value)
        if math.isnan(number) or not accepts(number):
            self.tally.warn("unusable_value")
            return None
        return number

    def column(self, value: Value) -> Sequence[Cell] | None:
        """Return a value as one cell a row, a scalar repeated; None if it has no such form."""
        if not isinstance(value, list):
            cell = self._cell(value)
            if self.batch is not None:
                self.tally.spend(self.rows)
            return [cell] * self.rows
        if self.batch is None and len(value) != 1:
            self.tally.warn("array_outside_batch")
            return None
        if len(value) != self.rows:
            raise RejectedItemError("array_length")
        return [self._cell(cell) for cell in value]

    def _cell(self, value: Cell | Unusable) -> Cell:
        if value is UNUSABLE:
            self.tally.warn("unusable_value")
            return None
        return value

    def cells(self) -> Mapping[Field, Sequence[Cell]]:
        """Return every column of the span, of as many cells as there are rows."""
        columns: dict[Field, Sequence[Cell]] = {}
        for key, value in self.span.attributes.items():
            place = place_of(key)
            if place is None:
                continue
            if len(columns) >= MAX_COLUMNS:
                self.tally.warn("too_many_features")
                break
            column = self.column(value)
            if column is not None:
                columns[place] = column
        self._add_numbers(columns, semconv.PREDICTION_VALUE, Role.VALUE, _is_any)
        self._add_numbers(columns, semconv.PREDICTION_CONFIDENCE, Role.CONFIDENCE, _is_share)
        self._add_numbers(columns, semconv.REVIEW_PROPENSITY, Role.PROPENSITY, _is_share)
        label = self.span.attributes.get(semconv.PREDICTION_LABEL)
        if label is not None and (column := self.column(label)) is not None:
            columns[Field(Role.LABEL)] = column
        return columns

    def _add_numbers(
        self,
        columns: dict[Field, Sequence[Cell]],
        key: str,
        role: Role,
        accepts: Callable[[float], bool],
    ) -> None:
        value = self.span.attributes.get(key)
        if value is None or (column := self.column(value)) is None:
            return
        numbers: list[Cell] = []
        for cell in column:
            number = number_of(cell)
            unusable = isinstance(cell, str) and cell != ""
            if unusable or not (math.isnan(number) or accepts(number)):
                self.tally.warn("unusable_value")
                number = math.nan
            numbers.append(number)
        columns[Field(role)] = numbers

    def prediction_ids(self) -> Sequence[str]:
        """Return the id of every row: the application's, else the span's with the row's number."""
        span_hex = f"{self.span.ids.span:016x}"
        value = self.span.attributes.get(semconv.PREDICTION_ID)
        if isinstance(value, list) and self.batch is not None:
            column = self.column(value) or ()
            return [text_of(cell) or f"{span_hex}:{row}" for row, cell in enumerate(column)]
        if isinstance(value, list) or value is UNUSABLE:
            self.tally.warn("unusable_value")
            value = None
        base = text_of(value) or span_hex
        return [base] if self.batch is None else [f"{base}:{row}" for row in range(self.rows)]

    def event_times(self) -> Sequence[int]:
        """Return when every row took place: as the span says, else when the call was made."""
        value = self.span.attributes.get(semconv.EVENT_TIME)
        column = None if value is None else self.column(value)
        if column is None:
            return [self.span.start_ns] * self.rows
        return [self._time(cell) for cell in column]

    def _time(self, cell: Cell) -> int:
        if cell is None or cell == "":
            return self.span.start_ns
        moment = timestamp_ns(cell)
        if moment is None:
            self.tally.warn("unreadable_time")
            return self.span.start_ns
        return moment


def place_of(key: str) -> Field | None:
    """Return the column of an input, output or slice, None for other keys."""
    if key == semconv.HOLDOUT:
        # It travels with the slices, under its own name.
        return Field(Role.SLICE, key)
    if key in PROMPT_SLICES:
        return Field(Role.SLICE, PROMPT_SLICES[key])
    for prefix, role in _PREFIXES:
        if key.startswith(prefix) and len(key) > len(prefix):
            return Field(role, bounded(key[len(prefix) :]))
    return None


def _batch_size(value: Value) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RejectedItemError("invalid_batch_size")
    return value


def _text(attributes: Mapping[str, Value], key: str, tally: Tally) -> str | None:
    value = attributes.get(key)
    if value is UNUSABLE or isinstance(value, list):
        tally.warn("unusable_value")
        return None
    return text_of(value)


def _is_any(number: float) -> bool:
    return not math.isnan(number)


def _is_share(number: float) -> bool:
    return 0.0 <= number <= 1.0


def _is_rate(number: float) -> bool:
    return 0.0 < number <= 1.0
