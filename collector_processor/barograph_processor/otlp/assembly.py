"""From columns of a whole request to a batch for each model: the fast way's last step."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor import semconv
from barograph_processor.observation import ModelKey, ObservationBatch, SpanIds
from barograph_processor.otlp.buffer import Places
from barograph_processor.otlp.columns import is_dense
from barograph_processor.otlp.parts import NamePart, NumberPart, Part, part_values
from barograph_processor.otlp.rows import Field, GroupKey, Role
from barograph_processor.otlp.split import Split
from barograph_processor.otlp.walk import UnusualError
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["Assembly"]

_MOST_SIGNATURES: Final = 2**62


@dataclass(frozen=True, slots=True)
class Assembly:
    """A request's columns, over all of its spans.

    Attributes:
        ids: Of every span.
        start_ns: Of every span.
        latency: Of every span, seconds.
        failed: Of every span.
        shared: What rows of one batch share, and what every row has one of, by key.
        parts: Inputs, outputs, slices and predictions by place.
    """

    ids: SpanIds
    start_ns: npt.NDArray[np.int64]
    latency: npt.NDArray[np.float64]
    failed: npt.NDArray[np.bool_]
    shared: Mapping[str, Part] = field(default_factory=dict)
    parts: Mapping[Field, Sequence[Part]] = field(default_factory=dict)

    def batches(self) -> tuple[ObservationBatch, ...]:
        """Return the rows that name a model, by what they share, in order of arrival.

        Raises:
            UnusualError: There is something to warn about.
        """
        numbers, keys = self._group_numbers()
        split = Split.of(numbers, len(keys))
        shared = {key: split.cut(part) for key, part in self.shared.items()}
        parts = {where: [split.cut(part) for part in found] for where, found in self.parts.items()}
        return tuple(
            _batch(
                key,
                _Group(
                    self,
                    split.rows(number),
                    {name: part for name, cut in shared.items() if (part := cut[number])},
                ),
                {
                    where: mine
                    for where, cuts in parts.items()
                    if (mine := [part for cut in cuts if (part := cut[number])])
                },
            )
            for number, key in enumerate(keys)
        )

    def _group_numbers(self) -> tuple[npt.NDArray[np.int64], list[GroupKey]]:
        """Number the groups by first appearance; rows of no model have -1."""
        model, models = self._names(semconv.MODEL_NAME)
        version, versions = self._names(semconv.MODEL_VERSION)
        task, tasks = self._names(semconv.TASK)
        positive, positives = self._names(semconv.POSITIVE)
        threshold, thresholds = self._thresholds()
        if not set(tasks) <= set(semconv.TASKS):
            raise UnusualError
        if (
            semconv.MODEL_NAME in self.shared
            and (model[self.shared[semconv.MODEL_NAME].rows] < 0).any()
        ):
            raise UnusualError
        signature = np.zeros(len(self.ids), np.int64)
        sizes = [len(levels) + 1 for levels in (models, versions, tasks, positives, thresholds)]
        if math.prod(sizes) > _MOST_SIGNATURES:
            raise UnusualError
        columns = (model, version, task, positive, threshold)
        for codes, size in zip(columns, sizes, strict=True):
            signature = signature * size + (codes + 1)
        first, inverse = _first_appearances(signature)
        keys: list[GroupKey] = []
        place = np.full(len(first), -1)
        for at in np.argsort(first).tolist():
            m, v, t, p, h = (int(codes[first[at]]) for codes in columns)
            if m < 0:
                continue
            place[at] = len(keys)
            # A code of -1 is the None behind the levels.
            key = ModelKey(models[m], (*versions, semconv.UNVERSIONED)[v])
            keys.append(
                GroupKey(key, (*tasks, None)[t], (*positives, None)[p], (*thresholds, None)[h])
            )
        return place[inverse], keys

    def _names(self, key: str) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
        codes = np.full(len(self.ids), -1, np.int64)
        part = self.shared.get(key)
        if part is None:
            return codes, ()
        assert isinstance(part, NamePart)
        codes[part.rows] = part.codes
        return codes, part.levels

    def _thresholds(self) -> tuple[npt.NDArray[np.int64], tuple[float, ...]]:
        codes = np.full(len(self.ids), -1, np.int64)
        part = self.shared.get(semconv.THRESHOLD)
        if part is None:
            return codes, ()
        if not np.isfinite(part_values(part)).all():
            raise UnusualError
        values, codes[part.rows] = np.unique(part_values(part), return_inverse=True)
        return codes, tuple(values.tolist())


@dataclass(frozen=True, slots=True)
class _Group:
    """The rows of one batch.

    Attributes:
        assembly: Of which they are rows.
        rows: Which they are.
        shared: As of the assembly; row numbers are places in ``rows``.
    """

    assembly: Assembly
    rows: Places
    shared: Mapping[str, Part]

    def prediction_ids(self) -> tuple[str, ...]:
        part = self.shared.get(semconv.PREDICTION_ID)
        found: list[str | None] = [None] * len(self.rows)
        if isinstance(part, NamePart):
            levels = (*part.levels, None)
            for at, code in zip(part.rows.tolist(), part.codes.tolist(), strict=True):
                found[at] = levels[code]
        if None not in found:
            return tuple(text for text in found if text is not None)
        # Hex of all at once, then cut: one format a row would cost more than all the rest here.
        digits = self.assembly.ids[self.rows, 2].astype(">u8").tobytes().hex()
        spans = [digits[at : at + 16] for at in range(0, len(digits), 16)]
        if part is None:
            return tuple(spans)
        return tuple([text or span for text, span in zip(found, spans, strict=True)])

    def event_time(self) -> npt.NDArray[np.int64]:
        times = self.assembly.start_ns[self.rows]
        part = self.shared.get(semconv.EVENT_TIME)
        if part is not None:
            times[part.rows] = part_values(part)
        return times

    def weight(self) -> npt.NDArray[np.float64] | None:
        part = self.shared.get(semconv.SAMPLE_RATE)
        if part is None:
            return None
        rates = part_values(part)
        if not ((rates > 0) & (rates <= 1)).all():
            raise UnusualError
        if (rates == 1.0).all():
            return None
        weights = np.ones(len(self.rows))
        weights[part.rows] = 1.0 / rates
        return weights


def _batch(key: GroupKey, group: _Group, parts: Mapping[Field, Sequence[Part]]) -> ObservationBatch:
    rows = group.rows
    cells = sum(len(part.rows) for found in parts.values() for part in found)
    if not is_dense(len(rows), len(parts), cells):
        raise UnusualError
    columns = {where: _column(found, len(rows)) for where, found in parts.items()}
    return ObservationBatch(
        model=key.model,
        ids=group.assembly.ids[rows],
        prediction_ids=group.prediction_ids(),
        event_time=group.event_time(),
        latency=group.assembly.latency[rows],
        failed=group.assembly.failed[rows],
        task=key.task,
        inputs=_of_role(columns, Role.INPUT),
        value=_numbers(columns.get(Field(Role.VALUE))),
        label=_categories(columns.get(Field(Role.LABEL))),
        confidence=_shares(columns.get(Field(Role.CONFIDENCE))),
        outputs=_of_role(columns, Role.OUTPUT),
        slices={
            where.name: names
            for where, column in columns.items()
            if where.role is Role.SLICE and (names := _categories(column)) is not None
        },
        weight=group.weight(),
        propensity=_shares(columns.get(Field(Role.PROPENSITY))),
        positive=key.positive,
        threshold=key.threshold,
    )


def _first_appearances(
    signature: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Return where each distinct value first stands, and for each row which value it has."""
    if (signature == signature[0]).all():
        # One call site, one model: the case that has to be quick.
        return np.zeros(1, np.int64), np.zeros(len(signature), np.intp)
    _, first, inverse = np.unique(signature, return_index=True, return_inverse=True)
    return first, inverse


def _column(parts: Sequence[Part], rows: int) -> Column:
    # A name that is missing in all rows says nothing of the column's type.
    telling = [p for p in parts if isinstance(p, NumberPart) or (p.codes >= 0).any()]
    kinds = {type(part) for part in telling}
    if len(kinds) > 1:
        raise UnusualError
    if kinds == {NamePart}:
        return _names(telling, rows)
    if len(telling) == 1 and len(telling[0].rows) == rows:
        return NumericColumn(part_values(telling[0]).astype(np.float64, copy=False))
    values = np.full(rows, np.nan)
    for part in telling:
        values[part.rows] = part_values(part)
    return NumericColumn(values)


def _names(parts: Sequence[Part], rows: int) -> CategoricalColumn:
    # One key is one column of the wire, but two long keys can be one name of ours.
    if len(parts) > 1:
        raise UnusualError
    (part,) = parts
    assert isinstance(part, NamePart)
    if len(part.rows) == rows:
        return CategoricalColumn(part.codes, part.levels)
    codes = np.full(rows, -1, np.int32)
    codes[part.rows] = part.codes
    return CategoricalColumn(codes, part.levels)


def _of_role(columns: Mapping[Field, Column], role: Role) -> dict[str, Column]:
    return {where.name: column for where, column in columns.items() if where.role is role}


def _numbers(column: Column | None) -> npt.NDArray[np.float64] | None:
    return column.values if isinstance(column, NumericColumn) else None


def _shares(column: Column | None) -> npt.NDArray[np.float64] | None:
    values = _numbers(column)
    if values is not None and not ((values >= 0) & (values <= 1) | np.isnan(values)).all():
        raise UnusualError
    return values


def _categories(column: Column | None) -> CategoricalColumn | None:
    if isinstance(column, NumericColumn):
        # Of names only where all are missing.
        return CategoricalColumn(np.full(len(column), -1, np.int32), ())
    return column
