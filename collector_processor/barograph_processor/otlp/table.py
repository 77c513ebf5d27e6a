"""Predictions of several models as columns, until they are split: what the fast way reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ObservationBatch, SpanIds, names_at, span_hexes
from barograph_processor.otlp.buffer import Places
from barograph_processor.otlp.columns import is_dense
from barograph_processor.otlp.parts import (
    NamePart,
    NumberPart,
    Part,
    by_appearance,
    numbers_of,
    part_places,
    part_values,
)
from barograph_processor.otlp.rows import Field, GroupKey, Role
from barograph_processor.otlp.split import Split
from barograph_processor.otlp.walk import UnusualError
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["Table"]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows in order of arrival, one for each span.

    Requests are joined before they are split by model: sixteen models in requests of
    512 spans would else be batches of 32 rows, and cost as much as batches of 512.

    Attributes:
        keys: What the rows of each group share, by the group's number.
        group: The group of each row, -1 if it is in none, shape ``(n,)``.
        ids: Trace and span ids, shape ``(n, 3)``.
        event_time: Shape ``(n,)``, ns since the epoch.
        latency: Shape ``(n,)``, seconds.
        failed: Shape ``(n,)``.
        weight: Rows that each row stands for, shape ``(n,)``.
        named: The prediction ids that are given; all others are the span ids.
        parts: Inputs, outputs, slices and predictions by place.
        received_ns: When each came, by the wall clock, shape ``(n,)``; None if unsaid.
    """

    keys: tuple[GroupKey, ...]
    group: npt.NDArray[np.int64]
    ids: SpanIds
    event_time: npt.NDArray[np.int64]
    latency: npt.NDArray[np.float64]
    failed: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float64]
    named: NamePart
    parts: Mapping[Field, Sequence[Part]] = field(default_factory=dict)
    received_ns: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.group)

    @property
    def is_full(self) -> bool:
        """Whether all rows are in a group."""
        return bool(self.group.min(initial=0) == 0)

    @property
    def rows(self) -> Places:
        """The rows that are in a group."""
        return np.flatnonzero(self.group >= 0)

    def prediction_ids(self, rows: Places | slice) -> Sequence[str]:
        """Return the ids of rows, by which late facts name them."""
        spans = span_hexes(self.ids).take(rows)
        if not self.named.size:
            return spans
        levels = (*self.named.levels, "")
        given = [levels[code] for code in self.named.spread(len(self))[rows].tolist()]
        return tuple(text or span for text, span in zip(given, spans, strict=True))

    def names(self) -> Sequence[str]:
        """Return all by which late facts may name predictions: ids, and spans of other ids."""
        ids = self.prediction_ids(self.rows)
        return (*ids, *span_hexes(self.ids[part_places(self.named)])) if self.named.size else ids

    def received(self, time_ns: int) -> Self:
        """Return the table with the time at which all of it came, ns since the epoch."""
        return replace(self, received_ns=np.full(len(self), time_ns, np.int64))

    def between(self, start: int, stop: int) -> Self:
        """Return the rows from one to before another, as a table of their own."""
        parts = {
            place: [cut for part in found if (cut := part.between(start, stop)).size]
            for place, found in self.parts.items()
        }
        group = self.group[start:stop]
        order = by_appearance(group, len(self.keys))
        return replace(
            self,
            keys=tuple(self.keys[at] for at in order),
            group=numbers_of(order, len(self.keys))[group],
            ids=self.ids[start:stop],
            event_time=self.event_time[start:stop],
            latency=self.latency[start:stop],
            failed=self.failed[start:stop],
            weight=self.weight[start:stop],
            named=self.named.between(start, stop),
            parts={place: found for place, found in parts.items() if found},
        )

    def without(self, rows: Places) -> Self:
        """Return the table with these rows in no group."""
        group = self.group.copy()
        group[rows] = -1
        return replace(self, group=group)

    def batches(self) -> tuple[ObservationBatch, ...]:
        """Return the rows that are in a group, a batch for each, in order of arrival.

        Raises:
            UnusualError: A column is of names and of numbers, or mostly of gaps. Never
                for a table that was read from one request.
        """
        split = Split.of(self.group, len(self.keys))
        cuts = {place: [split.cut(part) for part in parts] for place, parts in self.parts.items()}
        # Gathered for all groups at once, so that each is a stretch.
        table = self if split.is_whole else self._sorted(split.order)
        names = self.prediction_ids(slice(None) if split.is_whole else split.order)
        return tuple(
            _batch(
                table,
                key,
                rows := split.stretch(number),
                names_at(names, rows),
                {
                    place: mine
                    for place, found in cuts.items()
                    if (mine := [part for cut in found if (part := cut[number])])
                },
            )
            for number, key in enumerate(self.keys)
            if split.size(number)
        )

    def check(self) -> None:
        """See whether ``batches`` will work, without making any.

        Raises:
            UnusualError: It will not.
        """
        for place, parts in self.parts.items():
            if len(parts) > 1 and any(isinstance(part, NamePart) for part in parts):
                self._check_kinds(parts)
            if place.role in (Role.CONFIDENCE, Role.PROPENSITY):
                for part in parts:
                    values = part_values(part)
                    if not ((values >= 0) & (values <= 1) | np.isnan(values)).all():
                        raise UnusualError
        if not self.is_dense(len(self)):
            self._check_gaps()

    def is_dense(self, rows: int) -> bool:
        """Return whether so many rows of it have few enough gaps, however they are filled."""
        return is_dense(rows, len(_invented(self.parts)), 0)

    def _check_kinds(self, parts: Sequence[Part]) -> None:
        """Refuse names beside numbers, or beside other names, in one column of one group."""
        telling = sum((self._counts(_told(part)) > 0) * 1 for part in parts)
        if (np.asarray(telling) > 1).any():
            raise UnusualError

    def _check_gaps(self) -> None:
        """Refuse a group of which most cells are gaps."""
        columns, cells = np.zeros((2, len(self.keys)), np.int64)
        for parts in _invented(self.parts).values():
            held = sum(self._counts(part_places(part)) for part in parts)
            columns += held > 0
            cells += held
        rows = self._counts(np.arange(len(self)))
        groups = zip(rows.tolist(), columns.tolist(), cells.tolist(), strict=True)
        if not all(is_dense(*group) for group in groups):
            raise UnusualError

    def _counts(self, rows: Places) -> npt.NDArray[np.int64]:
        """Count rows by group."""
        return np.bincount(self.group[rows] + 1, minlength=len(self.keys) + 1)[1:]

    def _sorted(self, order: Places) -> Self:
        """Return the rows in another order, without their names and parts."""
        return replace(
            self,
            group=self.group[order],
            ids=self.ids.take(order, axis=0),
            event_time=self.event_time[order],
            latency=self.latency[order],
            failed=self.failed[order],
            weight=self.weight[order],
            named=NamePart.empty(),
            parts={},
            received_ns=None if self.received_ns is None else self.received_ns[order],
        )


def _batch(
    table: Table,
    key: GroupKey,
    rows: slice,
    prediction_ids: Sequence[str],
    parts: Mapping[Field, Sequence[Part]],
) -> ObservationBatch:
    ids, weight = table.ids[rows], table.weight[rows]
    if not is_dense(len(ids), len(parts), 0):
        invented = _invented(parts)
        cells = sum(part.size for found in invented.values() for part in found)
        if not is_dense(len(ids), len(invented), cells):
            raise UnusualError
    columns: dict[Role, dict[str, Column]] = {role: {} for role in Role}
    for place, found in parts.items():
        columns[place.role][place.name] = _column(found, len(ids))
    return ObservationBatch(
        model=key.model,
        ids=ids,
        prediction_ids=prediction_ids,
        event_time=table.event_time[rows],
        latency=table.latency[rows],
        failed=table.failed[rows],
        task=key.task,
        inputs=columns[Role.INPUT],
        value=_numbers(columns[Role.VALUE].get("")),
        label=_categories(columns[Role.LABEL].get("")),
        confidence=_numbers(columns[Role.CONFIDENCE].get("")),
        outputs=columns[Role.OUTPUT],
        slices={
            name: names
            for name, column in (columns[Role.SLICE] | columns[Role.TRACE]).items()
            if (names := _categories(column)) is not None
        },
        weight=None if (weight == 1.0).all() else weight,
        propensity=_numbers(columns[Role.PROPENSITY].get("")),
        positive=key.positive,
        threshold=key.threshold,
        received_ns=None if table.received_ns is None else int(table.received_ns[rows][-1]),
    )


def _invented(parts: Mapping[Field, Sequence[Part]]) -> Mapping[Field, Sequence[Part]]:
    """Return the parts whose names the sender chose; those from the trace are configured."""
    return {place: found for place, found in parts.items() if place.role is not Role.TRACE}


def _told(part: Part) -> Places:
    """Return the rows that a part says something of."""
    places = part_places(part)
    return places[part.codes >= 0] if isinstance(part, NamePart) else places


def _column(parts: Sequence[Part], rows: int) -> Column:
    if len(parts) == 1:
        return _alone(parts[0], rows)
    # A name that is missing in all rows says nothing of the column's type.
    telling = [p for p in parts if isinstance(p, NumberPart) or (p.codes >= 0).any()]
    if len(telling) == 1:
        return _alone(telling[0], rows)
    values = np.full(rows, np.nan)
    for part in telling:
        # One key is one column of the wire, but two long keys can be one name of ours.
        if isinstance(part, NamePart):
            raise UnusualError
        part.fill(values)
    return NumericColumn(values)


def _alone(part: Part, rows: int) -> Column:
    """Return a part as a column, of numbers if nothing tells what it is."""
    if isinstance(part, NumberPart) and part.size == rows:
        return NumericColumn(part.values.astype(np.float64, copy=False))
    if isinstance(part, NamePart) and (column := _names(part, rows)).levels:
        return column
    values = np.full(rows, np.nan)
    if isinstance(part, NumberPart):
        part.fill(values)
    return NumericColumn(values)


def _names(part: NamePart, rows: int) -> CategoricalColumn:
    """Return a column whose levels are in order of appearance, whatever came beside its rows."""
    codes = part.codes if part.size == rows else part.spread(rows)
    order = by_appearance(codes, len(part.levels))
    if order == list(range(len(part.levels))):
        return CategoricalColumn(codes, part.levels)
    number = numbers_of(order, len(part.levels)).astype(np.int32)
    return CategoricalColumn(number[codes], tuple(part.levels[code] for code in order))


def _numbers(column: Column | None) -> npt.NDArray[np.float64] | None:
    return column.values if isinstance(column, NumericColumn) else None


def _categories(column: Column | None) -> CategoricalColumn | None:
    if isinstance(column, NumericColumn):
        # Of names only where all are missing.
        return CategoricalColumn(np.full(len(column), -1, np.int32), ())
    return column
