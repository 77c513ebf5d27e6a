"""From the columns of a request to a table: the fast way's last step."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from barograph_processor import semconv
from barograph_processor.observation import ModelKey, SpanIds
from barograph_processor.otlp.parts import (
    NamePart,
    NumberPart,
    Part,
    by_appearance,
    numbers_of,
    part_values,
)
from barograph_processor.otlp.rows import Field, GroupKey
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.walk import UnusualError

__all__ = ["Assembly"]

_MOST_SIGNATURES: Final = 2**62
_FEW_SIGNATURES: Final = 4096

_Level = TypeVar("_Level")


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

    def table(self) -> Table:
        """Return the rows, with their groups by what they share.

        Raises:
            UnusualError: There is something to warn about.
        """
        group, keys = self._group_numbers()
        named = self.shared.get(semconv.PREDICTION_ID)
        table = Table(
            keys=tuple(keys),
            group=group,
            ids=self.ids,
            event_time=self._event_time(),
            latency=self.latency,
            failed=self.failed,
            weight=self._weight(),
            named=named if isinstance(named, NamePart) else NamePart.empty(),
            parts=self.parts,
        )
        table.check()
        return table

    def _event_time(self) -> npt.NDArray[np.int64]:
        part = self.shared.get(semconv.EVENT_TIME)
        if part is None:
            return self.start_ns
        assert isinstance(part, NumberPart)
        times = self.start_ns.copy()
        part.fill(times)
        return times

    def _weight(self) -> npt.NDArray[np.float64]:
        rate = np.ones(len(self.ids))
        part = self.shared.get(semconv.SAMPLE_RATE)
        if part is None:
            return rate
        assert isinstance(part, NumberPart)
        part.fill(rate)
        if not ((rate > 0) & (rate <= 1)).all():
            raise UnusualError
        return 1.0 / rate

    def _group_numbers(self) -> tuple[npt.NDArray[np.int64], list[GroupKey]]:
        """Number the groups by first appearance; rows of no model have -1."""
        model = self.shared.get(semconv.MODEL_NAME)
        if isinstance(model, NamePart) and (model.codes < 0).any():
            raise UnusualError
        models, versions = self._names(semconv.MODEL_NAME), self._names(semconv.MODEL_VERSION)
        tasks, positives = self._names(semconv.TASK), self._names(semconv.POSITIVE)
        thresholds = self._thresholds()
        if not set(tasks.levels) <= set(semconv.TASKS):
            raise UnusualError
        sizes = []
        signature: npt.NDArray[np.int64] | int = 0
        for column in (models, versions, tasks, positives, thresholds):
            sizes.append(len(column.levels) + 1)
            if math.prod(sizes) > _MOST_SIGNATURES:
                raise UnusualError
            signature = signature * sizes[-1] + (column.codes + 1)
        number, signatures = _numbered(signature, len(self.ids), math.prod(sizes))
        keys: list[GroupKey] = []
        place = []
        for each in signatures:
            # A code of -1 is the None behind the levels.
            m, v, t, p, h = _codes(each, sizes)
            place.append(len(keys) if m >= 0 else -1)
            if m >= 0:
                key = ModelKey(models.levels[m], (*versions.levels, semconv.UNVERSIONED)[v])
                task, positive = (*tasks.levels, None)[t], (*positives.levels, None)[p]
                keys.append(GroupKey(key, task, positive, (*thresholds.levels, None)[h]))
        return (number if len(keys) == len(place) else np.array(place)[number]), keys

    def _names(self, key: str) -> "_Shared[str]":
        part = self.shared.get(key)
        if part is None:
            return _Shared(-1, ())
        assert isinstance(part, NamePart)
        codes = 0 if part.only else part.spread(len(self.ids)).astype(np.int64)
        return _Shared(codes, part.levels)

    def _thresholds(self) -> "_Shared[float]":
        part = self.shared.get(semconv.THRESHOLD)
        if part is None:
            return _Shared(-1, ())
        if not np.isfinite(part_values(part)).all():
            raise UnusualError
        values, found = np.unique(part_values(part), return_inverse=True)
        codes = np.full(len(self.ids), -1)
        NumberPart(part.rows, found).fill(codes)
        return _Shared(codes, tuple(values.tolist()))


class _Shared(NamedTuple, Generic[_Level]):
    """What rows share: a code into the levels for each row, or one for all; -1 for none."""

    codes: npt.NDArray[np.int64] | int
    levels: tuple[_Level, ...]


def _numbered(
    signature: npt.NDArray[np.int64] | int, n: int, count: int
) -> tuple[npt.NDArray[np.int64], list[int]]:
    """Number ``n`` rows by first appearance of their signature; return the signatures as well."""
    if isinstance(signature, int):
        # One call site, one model: the case that has to be quick.
        return np.zeros(n, np.int64), [signature]
    if count <= _FEW_SIGNATURES:
        order = by_appearance(signature, count)
        return numbers_of(order, count)[signature], order
    values, places = np.unique(signature, return_inverse=True)
    order = by_appearance(places, len(values))
    return numbers_of(order, len(values))[places], values[order].tolist()


def _codes(signature: int, sizes: Sequence[int]) -> list[int]:
    """Return the codes that a signature is made of."""
    codes = []
    for size in reversed(sizes):
        signature, code = divmod(signature, size)
        codes.append(code - 1)
    return codes[::-1]
