"""From the columns of a request to a table: the fast way's last step."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor import semconv
from barograph_processor.observation import ModelKey, SpanIds
from barograph_processor.otlp.parts import NamePart, Part, part_values
from barograph_processor.otlp.rows import Field, GroupKey
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.walk import UnusualError

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
        times = self.start_ns.copy()
        times[part.rows] = part_values(part)
        return times

    def _weight(self) -> npt.NDArray[np.float64]:
        weight = np.ones(len(self.ids))
        part = self.shared.get(semconv.SAMPLE_RATE)
        if part is not None:
            rates = part_values(part)
            if not ((rates > 0) & (rates <= 1)).all():
                raise UnusualError
            weight[part.rows] = 1.0 / rates
        return weight

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


def _first_appearances(
    signature: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Return where each distinct value first stands, and for each row which value it has."""
    if (signature == signature[0]).all():
        # One call site, one model: the case that has to be quick.
        return np.zeros(1, np.int64), np.zeros(len(signature), np.intp)
    _, first, inverse = np.unique(signature, return_index=True, return_inverse=True)
    return first, inverse
