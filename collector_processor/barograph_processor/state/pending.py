"""Predictions that wait for their label."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.state.prediction_id import short_ids
from barograph_processor.state.slice_table import SliceTable
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["PendingPredictions"]

_FIELDS: dict[str, Any] = {
    "time": np.int64,
    "reference": np.bool_,
    "predicted": np.int32,
    "value": np.float64,
    "confidence": np.float64,
    "weight": np.float64,
    "labelled": np.bool_,
    "truth_class": np.int32,
    "truth_number": np.float64,
    "source": np.int8,
    "label_time": np.int64,
    "place": np.int64,
    "reacted": np.uint8,
    "outcome_unit": np.int8,
    "outcome": np.float64,
}


_FIRST: Final = 64

# What a prediction has in a column that its model does not give.
_ABSENT: Final = {"value": np.nan, "confidence": np.nan, "weight": 1.0}


class PendingPredictions:
    """A bounded table of predictions by id, in order of arrival.

    When it is full, those that have their label go first, then those past their
    age, and if that is not enough the rest is thinned by a hash of the id: the
    kept share of ids halves, and the same ids are kept whatever their labels
    are, so that estimates stay unbiased.

    A prediction that is labelled stays, as long as there is room, so that a later
    label can correct the first.

    State size: about 240 bytes a prediction. Not locked; its owner is.

    Args:
        capacity: Most predictions held. Positive.
        max_age_ns: Event time after which one no longer waits.
    """

    def __init__(self, *, capacity: int, max_age_ns: int) -> None:
        self._capacity = capacity
        self._max_age_ns = max_age_ns
        self._index: dict[str, int] = {}
        self._names: list[str] = []
        self._rows = {name: np.zeros(0, dtype=kind) for name, kind in _FIELDS.items()}
        self._ids = np.zeros((0, 3), dtype=np.uint64)
        self._classes: dict[str, int] = {}
        self._truths: dict[str, int] = {}
        self._slices = SliceTable()
        self.keep_rate = 1.0

    def __len__(self) -> int:
        return len(self._index)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the ``predicted`` codes refer to."""
        return tuple(self._classes)

    def add(
        self,
        names: Sequence[str],
        *,
        ids: npt.NDArray[np.uint64],
        time: npt.NDArray[np.int64],
        reference: bool,
        predicted: CategoricalColumn | None,
        value: npt.NDArray[np.float64] | None,
        slices: Mapping[str, CategoricalColumn],
        confidence: npt.NDArray[np.float64] | None = None,
        weight: npt.NDArray[np.float64] | None = None,
    ) -> int:
        """Add predictions, each column of ``n`` rows; return how many were evicted or thinned.

        ``reference`` says that all of them belong to the reference.
        """
        names = short_ids(names)
        columns: dict[str, npt.NDArray[Any] | None] = {
            "time": time,
            "value": value,
            "confidence": confidence,
            "weight": weight,
        }
        evicted = start = 0
        while start < len(names):
            keep = self._kept(names, start)
            room = self._capacity - len(self._names)
            # As many as there is room for, so that clearing falls on the same row always.
            stop = keep[room] if len(keep) > room else len(names)
            rows = np.array(keep[:room], dtype=np.intp)
            evicted += stop - start - len(rows)
            slots = self._append([names[row] for row in rows.tolist()], ids[rows])
            for name, column in columns.items():
                self._rows[name][slots] = _ABSENT.get(name) if column is None else column[rows]
            # Here and not before: clearing numbers the classes anew.
            codes = -1 if predicted is None else _recode(predicted, self._classes)[rows]
            self._rows["predicted"][slots] = codes
            self._rows["reference"][slots] = reference
            self._rows["labelled"][slots] = False
            self._rows["truth_class"][slots] = -1
            self._rows["place"][slots] = -1
            self._rows["reacted"][slots] = 0
            self._rows["outcome_unit"][slots] = -1
            self._slices.add(slices, rows, slots.start)
            start = stop
            if start < len(names):
                evicted += self._clear(int(time[start]))
        return evicted

    def find(self, names: Sequence[str]) -> npt.NDArray[np.intp]:
        """Return the slot of each id, -1 where it is not known. Slots last until ``add``."""
        get = self._index.get
        return np.fromiter(
            (get(name, -1) for name in short_ids(names)), dtype=np.intp, count=len(names)
        )

    def of_trace(self, high: int, low: int) -> npt.NDArray[np.intp]:
        """Return the slots of a trace's predictions; a scan of the table.

        Args:
            high: The trace id's high 64 bits.
            low: Its low 64 bits.
        """
        ids = self._ids[: len(self._names)]
        return np.flatnonzero((ids[:, 0] == np.uint64(high)) & (ids[:, 1] == np.uint64(low)))

    def names(self, slots: npt.NDArray[np.intp]) -> list[str]:
        """Return the ids of slots."""
        return [self._names[slot] for slot in slots.tolist()]

    def thinned(self, name: str) -> bool:
        """Whether this id is among those that are not kept at the present rate."""
        return self.keep_rate < 1.0 and _hash(short_ids((name,))[0]) >= self.keep_rate

    def column(self, name: str, slots: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """Return a column of slots, by name.

        What a prediction has: ``time``, ``reference``, ``predicted``, ``value``,
        ``confidence``, ``weight``. What its label has, once it is ``labelled``:
        ``truth_class`` or ``truth_number``, ``source``, ``label_time``, ``place``.
        ``reacted`` are the kinds of its reactions, as bits.
        """
        return self._rows[name][slots]

    def ids(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
        """Return the trace and span ids of slots, shape ``(k, 3)``."""
        return self._ids[slots]

    def slices(self, slots: npt.NDArray[np.intp]) -> dict[str, CategoricalColumn]:
        """Return the levels of slots by dimension."""
        return self._slices.take(slots)

    def truth(self, slots: npt.NDArray[np.intp]) -> Column:
        """Return the labels of slots that all have one, all names or all numbers."""
        if (self._rows["truth_class"][slots] >= 0).any():
            return self.truth_names(slots)
        return NumericColumn(self._rows["truth_number"][slots])

    def truth_names(self, slots: npt.NDArray[np.intp]) -> CategoricalColumn:
        """Return the labels of slots that are names; the others are missing."""
        return CategoricalColumn(self._rows["truth_class"][slots], tuple(self._truths))

    def mark_labelled(
        self,
        slots: npt.NDArray[np.intp],
        truth: Column,
        *,
        source: npt.NDArray[np.int8],
        time_ns: npt.NDArray[np.int64],
    ) -> None:
        """Note the labels of these, each slot once; labelled ones are evicted before all others.

        Args:
            slots: Shape ``(k,)``.
            truth: Their labels, without missing rows.
            source: Whom to believe, the higher the more, shape ``(k,)``.
            time_ns: When each label became true, shape ``(k,)``.
        """
        self._rows["labelled"][slots] = True
        if isinstance(truth, NumericColumn):
            self._rows["truth_number"][slots], self._rows["truth_class"][slots] = truth.values, -1
        else:
            self._rows["truth_number"][slots] = np.nan
            self._rows["truth_class"][slots] = _recode(truth, self._truths)
        self._rows["source"][slots] = source
        self._rows["label_time"][slots] = time_ns
        self._rows["place"][slots] = -1

    def settle(self, slots: npt.NDArray[np.intp], place: npt.NDArray[np.int64]) -> None:
        """Note where the labels of these are counted, shape ``(k,)``; -1 is nowhere."""
        self._rows["place"][slots] = place

    def note_reactions(self, masks: Mapping[int, int]) -> None:
        """Note which kinds of reactions predictions have, as bits by slot."""
        for slot, mask in masks.items():
            self._rows["reacted"][slot] = mask

    def note_outcomes(
        self, slots: npt.NDArray[np.intp], values: npt.NDArray[np.float64], *, unit: int
    ) -> None:
        """Note what predictions were worth, for when their labels come; the last one counts."""
        self._rows["outcome"][slots] = values
        self._rows["outcome_unit"][slots] = unit

    def outcomes(
        self, slots: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
        """Return unit, -1 for none, and value of what predictions were worth."""
        return self._rows["outcome_unit"][slots], self._rows["outcome"][slots]

    def reference_coverage(self) -> tuple[int, int]:
        """Return (labelled, all) of the predictions held that belong to the reference."""
        n = len(self._names)
        chosen = self._rows["reference"][:n]
        return int(self._rows["labelled"][:n][chosen].sum()), int(chosen.sum())

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        n = len(self._names)
        return {
            "names": list(self._names),
            "rows": {name: column[:n] for name, column in self._rows.items()},
            "ids": self._ids[:n],
            "classes": list(self._classes),
            "truths": list(self._truths),
            "slices": self._slices.state(n),
            "keep_rate": self.keep_rate,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._names = list(state["names"])
        self._index = {name: slot for slot, name in enumerate(self._names)}
        self._rows = {
            name: np.array(state["rows"][name], dtype=kind) for name, kind in _FIELDS.items()
        }
        self._ids = np.array(state["ids"], dtype=np.uint64).reshape(-1, 3)
        self._classes = {name: code for code, name in enumerate(state["classes"])}
        self._truths = {name: code for code, name in enumerate(state["truths"])}
        self._slices.load(state["slices"])
        self.keep_rate = float(state["keep_rate"])

    def _kept(self, names: Sequence[str], start: int) -> list[int]:
        """Return the rows from ``start`` on that are kept at the present rate."""
        rows = range(start, len(names))
        if self.keep_rate >= 1.0:
            return list(rows)
        return [row for row in rows if _hash(names[row]) < self.keep_rate]

    def _append(self, names: Sequence[str], ids: npt.NDArray[np.uint64]) -> slice:
        """Make room for rows behind the others; return their slots."""
        start = len(self._names)
        stop = start + len(names)
        self._reserve(stop)
        self._names.extend(names)
        # An id that comes again names the newer prediction from now on.
        self._index.update(zip(names, range(start, stop), strict=True))
        self._ids[start:stop] = ids
        return slice(start, stop)

    def _reserve(self, size: int) -> None:
        have = len(self._ids)
        if size <= have:
            return
        want = max(size, min(max(2 * have, _FIRST), self._capacity))
        for name, column in self._rows.items():
            self._rows[name] = np.concatenate([column, np.zeros(want - have, dtype=column.dtype)])
        self._ids = np.concatenate([self._ids, np.zeros((want - have, 3), dtype=np.uint64)])

    def _clear(self, now_ns: int) -> int:
        """Make room for an eighth of the table at least; return how many had been waiting."""
        evicted = self._compact(now_ns)
        # Less would be cleared again after a few rows, and each time costs the whole table.
        while len(self._names) > self._capacity - max(self._capacity // 8, 1):
            self.keep_rate /= 2
            evicted += self._thin()
        return evicted

    def _compact(self, now_ns: int) -> int:
        """Drop the labelled and the too old; return how many had been waiting."""
        n = len(self._names)
        old = self._rows["time"][:n] < now_ns - self._max_age_ns
        waiting = ~self._rows["labelled"][:n]
        self._retain(waiting & ~old & self._current())
        return int((waiting & old).sum())

    def _thin(self) -> int:
        before = len(self._names)
        kept = np.fromiter((_hash(n) < self.keep_rate for n in self._names), bool, before)
        self._retain(kept & self._current())
        return before - len(self._names)

    def _current(self) -> npt.NDArray[np.bool_]:
        """Slots that their id still leads to; others were replaced by a later prediction."""
        if len(self._index) == len(self._names):
            return np.ones(len(self._names), dtype=np.bool_)
        return np.fromiter(
            (self._index.get(name) == slot for slot, name in enumerate(self._names)),
            dtype=np.bool_,
            count=len(self._names),
        )

    def _retain(self, mask: npt.NDArray[np.bool_]) -> None:
        if mask.all():
            return
        slots = np.flatnonzero(mask)
        for name, column in self._rows.items():
            self._rows[name] = column[slots].copy()
        self._ids = self._ids[slots].copy()
        self._slices.retain(slots)
        self._names = [self._names[slot] for slot in slots.tolist()]
        self._index = {name: slot for slot, name in enumerate(self._names)}
        self._forget_classes()

    def _forget_classes(self) -> None:
        """Drop the names of classes that no prediction and no label refers to any more."""
        self._rows["predicted"], self._classes = _used(self._rows["predicted"], self._classes)
        self._rows["truth_class"], self._truths = _used(self._rows["truth_class"], self._truths)


def _recode(column: CategoricalColumn, known: dict[str, int]) -> npt.NDArray[np.int32]:
    """Return the codes of a column in a table of names, which grows by its levels."""
    table = [known.setdefault(level, len(known)) for level in column.levels]
    return np.array([*table, -1], dtype=np.int32)[column.codes]


def _used(
    codes: npt.NDArray[np.int32], names: Mapping[str, int]
) -> tuple[npt.NDArray[np.int32], dict[str, int]]:
    """Return codes in a table of only the names that occur, and that table."""
    known = tuple(names)
    used, inverse = np.unique(codes, return_inverse=True)
    kept = [known[code] for code in used.tolist() if code >= 0]
    absent = len(used) - len(kept)  # the code -1, if it occurs, sorts first
    return (inverse - absent).astype(np.int32), {name: code for code, name in enumerate(kept)}


def _hash(name: str) -> float:
    """Map an id to [0, 1), the same on every machine."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) / 2**32
