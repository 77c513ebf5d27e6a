"""From rows to columns: many spans' cells as the arrays of an ``ObservationBatch``."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ObservationBatch
from barograph_processor.otlp.rows import Field, GroupKey, Role, SpanRows
from barograph_processor.otlp.tally import Tally
from barograph_processor.otlp.values import Cell, is_number, number_of, text_of
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["RowGroups", "is_dense"]

# Spans of one model with different attributes share a batch, the gaps filled as
# missing, as long as the gaps are few. A sender who invents a new feature for every
# span would otherwise have us fill spans x features cells.
_MAX_FILL: Final = 8
_FREE_CELLS: Final = 65_536


def is_dense(rows: int, fields: int, cells: int) -> bool:
    """Return whether a batch of so many rows, fields and given cells has few enough gaps."""
    return rows * fields <= max(cells * _MAX_FILL, _FREE_CELLS)


class RowGroups:
    """Collects the rows of a request and makes batches of them.

    Order of arrival is kept within a model, a task and its options.
    """

    def __init__(self) -> None:
        self._groups: dict[GroupKey, list[SpanRows]] = {}

    def add(self, rows: SpanRows) -> None:
        """Add the rows of one span; a span of no rows leaves no trace."""
        if len(rows):
            self._groups.setdefault(rows.group, []).append(rows)

    def batches(self, tally: Tally) -> tuple[ObservationBatch, ...]:
        """Return the batches, in order of each group's first row."""
        return tuple(
            _batch(key, part, tally)
            for key, spans in self._groups.items()
            for part in _parts(spans)
        )


def _parts(spans: Sequence[SpanRows]) -> Iterable[Sequence[SpanRows]]:
    """Keep spans together, or split them by their fields if too many cells would be gaps."""
    rows = sum(map(len, spans))
    own = sum(len(span) * len(span.cells) for span in spans)
    union = len(set(chain.from_iterable(span.cells for span in spans)))
    if is_dense(rows, union, own):
        return [spans]
    layouts: dict[frozenset[Field], list[SpanRows]] = {}
    for span in spans:
        layouts.setdefault(frozenset(span.cells), []).append(span)
    return layouts.values()


def _batch(key: GroupKey, spans: Sequence[SpanRows], tally: Tally) -> ObservationBatch:
    lengths = np.fromiter(map(len, spans), np.intp, len(spans))
    first = np.cumsum(lengths) - lengths
    ids = np.array([span.ids for span in spans], np.uint64).reshape(-1, 3)
    latency = np.full(int(lengths.sum()), np.nan)
    latency[first] = [span.latency for span in spans]
    weights = np.array([span.weight for span in spans])
    fields = dict.fromkeys(chain.from_iterable(span.cells for span in spans))
    cells = {place: _gather(place, spans) for place in fields}
    return ObservationBatch(
        model=key.model,
        ids=np.repeat(ids, lengths, axis=0),
        prediction_ids=tuple(chain.from_iterable(span.prediction_ids for span in spans)),
        event_time=np.fromiter(chain.from_iterable(s.event_time for s in spans), np.int64),
        latency=latency,
        failed=np.repeat(np.array([span.failed for span in spans], np.bool_), lengths),
        task=key.task,
        inputs=_columns(cells, Role.INPUT, tally),
        value=_numbers(cells.get(Field(Role.VALUE))),
        label=_names(cells.get(Field(Role.LABEL))),
        confidence=_numbers(cells.get(Field(Role.CONFIDENCE))),
        outputs=_columns(cells, Role.OUTPUT, tally),
        slices={
            place.name: CategoricalColumn.of([text_of(cell) for cell in column])
            for place, column in cells.items()
            if place.role is Role.SLICE
        }
        | _trace(spans, lengths),
        weight=None if (weights == 1.0).all() else np.repeat(weights, lengths),
        propensity=_numbers(cells.get(Field(Role.PROPENSITY))),
        positive=key.positive,
        threshold=key.threshold,
        response_ids=_response_ids(spans),
    )


def _response_ids(spans: Sequence[SpanRows]) -> tuple[str | None, ...]:
    if all(span.response_id is None for span in spans):
        return ()
    return tuple(chain.from_iterable([span.response_id] * len(span) for span in spans))


def _trace(
    spans: Sequence[SpanRows], lengths: npt.NDArray[np.intp]
) -> dict[str, CategoricalColumn]:
    found = {}
    for name in dict.fromkeys(chain.from_iterable(span.trace for span in spans)):
        column = CategoricalColumn.of([span.trace.get(name) for span in spans])
        found[name] = CategoricalColumn(np.repeat(column.codes, lengths), column.levels)
    return found


def _gather(place: Field, spans: Sequence[SpanRows]) -> list[Cell]:
    column: list[Cell] = []
    for span in spans:
        cells = span.cells.get(place)
        if cells is None:
            column.extend([None] * len(span))
        else:
            column.extend(cells)
    return column


def _columns(cells: dict[Field, list[Cell]], role: Role, tally: Tally) -> dict[str, Column]:
    return {
        place.name: _column(column, tally) for place, column in cells.items() if place.role is role
    }


def _column(cells: Sequence[Cell], tally: Tally) -> Column:
    """Choose a column's type by the majority of its values.

    In a column of numbers a text is the sender's word for "missing"; in a column
    of categories a number is one more name. Which of the two it is, one row out
    of line must not decide for the others.
    """
    numeric = sum(is_number(cell) for cell in cells)
    named = sum(_is_name(cell) for cell in cells)
    if numeric and named:
        tally.warnings["mixed_types"] += min(numeric, named)
    if named and named >= numeric:
        return CategoricalColumn.of([text_of(cell) for cell in cells])
    values = [number_of(cell) if is_number(cell) else np.nan for cell in cells]
    return NumericColumn(np.array(values, np.float64))


def _is_name(cell: Cell) -> bool:
    return isinstance(cell, bool) or (isinstance(cell, str) and cell != "")


def _numbers(cells: Sequence[Cell] | None) -> npt.NDArray[np.float64] | None:
    return None if cells is None else np.array([number_of(cell) for cell in cells], np.float64)


def _names(cells: Sequence[Cell] | None) -> CategoricalColumn | None:
    return None if cells is None else CategoricalColumn.of([text_of(cell) for cell in cells])
