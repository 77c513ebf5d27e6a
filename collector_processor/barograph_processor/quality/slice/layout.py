"""Which slices of the predictions are watched, and how labels are counted by slice."""

import math
from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.stats.array import Floats
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["MOST_LEVELS", "Coded", "SliceCodes", "SliceKey", "SliceLayout"]

SliceKey = tuple[tuple[str, str], ...]
"""One or two pairs of dimension and level, in order of the dimensions."""

SliceCodes = Mapping[str, npt.NDArray[np.intp]]
"""The level of each row by dimension, as its place among the ``m`` that the layout knows, ``m`` for
one that is not known or none, ``m + 1 + slot`` for one that has a spare slot."""

Coded = tuple[tuple[str, int, int], ...]
"""A slice as one or two dimensions or inputs, each with its first and last code."""

MOST_LEVELS: Final = 50
"""Levels of a dimension that are told apart."""

_MOST_SHARE: Final = 0.9


class SliceLayout:
    """One- and two-way slices that had enough labels in the reference.

    State size: the names of the levels, and 4 numbers a slice.

    Args:
        levels: Levels of each dimension that are told apart, by dimension.
        slices: The slices, each by dimensions and levels.
        alone: Dimensions that are watched by themselves, never crossed with others.
    """

    def __init__(
        self,
        levels: Mapping[str, tuple[str, ...]],
        slices: tuple[SliceKey, ...],
        *,
        alone: Collection[str] = (),
    ) -> None:
        self.levels = dict(levels)
        self.slices = slices
        self.alone = frozenset(alone) & self.levels.keys()
        self._index = {
            name: {level: code for code, level in enumerate(known)}
            for name, known in self.levels.items()
        }
        # What has no slice that is watched is not counted.
        self._tables = tuple(dict.fromkeys(tuple(name for name, _ in key) for key in slices))
        sizes = [math.prod(len(self.levels[n]) + 1 for n in names) for names in self._tables]
        start = dict(zip(self._tables, np.cumsum([0, *sizes]).tolist(), strict=False))
        self._at = np.array(
            [start[tuple(name for name, _ in key)] + self._bin(key) for key in slices],
            dtype=np.intp,
        )

    @classmethod
    def learn(
        cls,
        columns: Mapping[str, CategoricalColumn],
        *,
        alone: Collection[str] = (),
        min_labels: int = 100,
        min_labels_alone: int = 20,
        max_levels: int = MOST_LEVELS,
        max_slices: int = 1000,
    ) -> "SliceLayout":
        """Choose the slices from the labels of the reference.

        Slices with most of the labels are left out, since they are the model
        itself. Beyond ``max_slices`` the largest are kept, one-way ones first; of the
        dimensions that stand alone there are half as many, beside the others.

        Args:
            columns: Levels by dimension, all of ``n`` rows.
            alone: Dimensions that are not crossed with others.
            min_labels: Labels that a slice must have.
            min_labels_alone: The same of dimensions that stand alone: what their levels say,
                such as a long duration, may be rare as long as all is well.
            max_levels: Levels of a dimension; the most frequent are kept.
            max_slices: Slices in all.
        """
        levels: dict[str, tuple[str, ...]] = {}
        for name, column in columns.items():
            counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
            order = np.argsort(-counts, kind="stable")[:max_levels]
            levels[name] = tuple(column.levels[c] for c in order.tolist() if counts[c])
        full = cls(levels, (), alone=alone)
        rows = len(next(iter(columns.values()))) if columns else 0
        codes = full.codes(columns, rows)
        groups: list[list[SliceKey]] = []
        crossed = [name for name in levels if name not in full.alone]
        for pairs, least in (
            ([(name,) for name in crossed], min_labels),
            (list(combinations(crossed, 2)), min_labels),
            ([(name,) for name in levels if name in full.alone], min_labels_alone),
        ):
            found: list[tuple[int, SliceKey]] = []
            for names in pairs:
                labels = full._bins(codes, names)
                for place in np.flatnonzero(labels >= least).tolist():
                    key = full._key(names, place)
                    if key is not None and labels[place] <= _MOST_SHARE * rows:
                        found.append((int(labels[place]), key))
            found.sort(key=lambda pair: -pair[0])
            groups.append([key for _, key in found])
        ones, twos, apart = groups
        kept = [*ones, *twos][:max_slices] + apart[: max_slices // 2]
        return cls(levels, tuple(kept), alone=alone)

    def codes(self, columns: Mapping[str, CategoricalColumn], n: int) -> SliceCodes:
        """Return the level of each row by dimension; one without a column has none.

        Args:
            columns: Levels by dimension, all of ``n`` rows.
            n: Rows.
        """
        return {name: self._codes(name, columns.get(name), n) for name in self.levels}

    def count(self, columns: Mapping[str, CategoricalColumn], losses: Floats) -> SliceCounts:
        """Count labels by slice; a dimension without a column is in no slice.

        Args:
            columns: Levels by dimension, all of ``n`` rows.
            losses: Each in ``[0, 1]``, shape ``(n,)``.
        """
        return self.count_codes(self.codes(columns, len(losses)), losses)

    def count_codes(self, codes: SliceCodes, losses: Floats) -> SliceCounts:
        """Count labels by slice.

        Args:
            codes: From ``codes``.
            losses: Each in ``[0, 1]``, shape ``(n,)``.
        """
        if not self.slices:
            none = np.zeros(0)
            return SliceCounts(none.astype(np.int64), none, len(losses), float(losses.sum()))
        labels = np.concatenate([self._bins(codes, names) for names in self._tables])
        sums = np.concatenate([self._bins(codes, names, losses) for names in self._tables])
        return SliceCounts(labels[self._at], sums[self._at], len(losses), float(losses.sum()))

    def place(self, name: str, level: str) -> int | None:
        """Return the code of a level; None if it is not known."""
        return self._index.get(name, {}).get(level)

    def _bins(
        self, codes: SliceCodes, names: tuple[str, ...], losses: Floats | None = None
    ) -> npt.NDArray[Any]:
        """Return labels, or sums of losses, by level of one dimension or by pair of levels."""
        size, both = 1, np.zeros(1, dtype=np.intp)
        for name in names:
            unknown = len(self.levels[name])
            both = both * (unknown + 1) + np.minimum(codes[name], unknown)
            size *= unknown + 1
        return np.bincount(both, losses, minlength=size)

    def _key(self, names: tuple[str, ...], place: int) -> SliceKey | None:
        """Return the slice that a bin counts; None if one of its levels is not known."""
        key: list[tuple[str, str]] = []
        for name in reversed(names):
            place, code = divmod(place, len(self.levels[name]) + 1)
            if code == len(self.levels[name]):
                return None
            key.append((name, self.levels[name][code]))
        return tuple(reversed(key))

    def _bin(self, key: SliceKey) -> int:
        """Return which bin counts a slice."""
        place = 0
        for name, level in key:
            place = place * (len(self.levels[name]) + 1) + self._index[name][level]
        return place

    def _codes(self, name: str, column: CategoricalColumn | None, n: int) -> npt.NDArray[np.intp]:
        """Return own codes of a column; the last one stands for everything unknown."""
        unknown = len(self.levels[name])
        if column is None:
            return np.full(n, unknown, dtype=np.intp)
        index = self._index[name]
        table = np.array([index.get(level, unknown) for level in column.levels] + [unknown])
        return table[column.codes].astype(np.intp)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "levels": [[name, list(known)] for name, known in self.levels.items()],
            "slices": [[list(pair) for pair in key] for key in self.slices],
            "alone": sorted(self.alone),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "SliceLayout":
        """Undo ``state``."""
        levels = {name: tuple(known) for name, known in state["levels"]}
        slices = tuple(tuple((pair[0], pair[1]) for pair in key) for key in state["slices"])
        # A baseline that was learnt before dimensions could stand alone has none.
        return cls(levels, slices, alone=state.get("alone", ()))
