"""Which slices of the predictions are watched, and how labels are counted by slice."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["SliceCounts", "SliceKey", "SliceLayout"]

SliceKey = tuple[tuple[str, str], ...]
"""One or two pairs of dimension and level, in order of the dimensions."""

_MOST_SHARE = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class SliceCounts:
    """Labels and losses by slice: a commutative monoid under ``merge``.

    Attributes:
        labels: Labels in each slice, shape ``(K,)``.
        losses: Sums of their losses, shape ``(K,)``.
        all_labels: Labels in all.
        all_losses: Sum of all losses.
    """

    labels: Ints
    losses: Floats
    all_labels: int
    all_losses: float

    def merge(self, other: "SliceCounts") -> "SliceCounts":
        """Return the counts of both.

        Raises:
            ValueError: They are of different layouts.
        """
        if self.labels.shape != other.labels.shape:
            raise ValueError("counts of different slices cannot be merged")
        return SliceCounts(
            self.labels + other.labels,
            self.losses + other.losses,
            self.all_labels + other.all_labels,
            self.all_losses + other.all_losses,
        )

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        head = np.array([self.all_labels, self.all_losses], dtype="<f8").tobytes()
        return head + self.labels.astype("<i8").tobytes() + self.losses.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "SliceCounts":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are cut off.
        """
        if len(data) < 16 or len(data) % 16:  # noqa: PLR2004 - two numbers, then two a slice
            raise ValueError("counts of slices are cut off")
        size = len(data) // 16 - 1
        head = np.frombuffer(data, "<f8", 2)
        labels = np.frombuffer(data, "<i8", size, 16).astype(np.int64)
        losses = np.frombuffer(data, "<f8", size, 16 + 8 * size).astype(np.float64)
        return cls(labels, losses, int(head[0]), float(head[1]))


class SliceLayout:
    """All one- and two-way slices that had enough labels in the reference.

    State size: the names of the levels, and 4 numbers a slice.

    Args:
        levels: Levels of each dimension that are told apart, by dimension.
        slices: The slices, each by indices into dimensions and levels.
    """

    def __init__(self, levels: Mapping[str, tuple[str, ...]], slices: tuple[SliceKey, ...]) -> None:
        self.levels = dict(levels)
        self.slices = slices
        self._index = {
            name: {level: code for code, level in enumerate(known)}
            for name, known in self.levels.items()
        }
        self._pairs = tuple(combinations(self.levels, 2))

    @classmethod
    def learn(
        cls,
        columns: Mapping[str, CategoricalColumn],
        *,
        min_labels: int = 100,
        max_levels: int = 50,
        max_slices: int = 1000,
    ) -> "SliceLayout":
        """Choose the slices from the labels of the reference.

        Slices with most of the labels are left out, since they are the model
        itself. Beyond ``max_slices`` the largest are kept, one-way ones first.

        Args:
            columns: Levels by dimension, all of ``n`` rows.
            min_labels: Labels that a slice must have.
            max_levels: Levels of a dimension; the most frequent are kept.
            max_slices: Slices in all.
        """
        levels: dict[str, tuple[str, ...]] = {}
        for name, column in columns.items():
            counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
            order = np.argsort(-counts, kind="stable")[:max_levels]
            levels[name] = tuple(column.levels[c] for c in order.tolist() if counts[c])
        full = cls(levels, ())
        rows = len(next(iter(columns.values()))) if columns else 0
        one, two = full._tables(columns, np.zeros(rows))
        ones: list[tuple[int, SliceKey]] = [
            (n, ((name, level),))
            for name, known in levels.items()
            for level, n in zip(known, one[name][0].tolist(), strict=True)
        ]
        twos: list[tuple[int, SliceKey]] = [
            (int(table[i, j]), ((a, levels[a][i]), (b, levels[b][j])))
            for (a, b), (table, _) in two.items()
            for i, j in np.argwhere(table >= min_labels).tolist()
        ]
        kept: list[SliceKey] = []
        for group in (ones, twos):
            usable = [(n, key) for n, key in group if min_labels <= n <= _MOST_SHARE * rows]
            usable.sort(key=lambda pair: -pair[0])
            kept += [key for _, key in usable[: max_slices - len(kept)]]
        return cls(levels, tuple(kept))

    def count(self, columns: Mapping[str, CategoricalColumn], losses: Floats) -> SliceCounts:
        """Count labels by slice; a dimension without a column is in no slice.

        Args:
            columns: Levels by dimension, all of ``n`` rows.
            losses: Each in ``[0, 1]``, shape ``(n,)``.
        """
        one, two = self._tables(columns, losses)
        labels = np.zeros(len(self.slices), dtype=np.int64)
        sums = np.zeros(len(self.slices))
        for place, key in enumerate(self.slices):
            if len(key) == 1:
                ((name, level),) = key
                at: Any = self._index[name][level]
                n, s = one[name]
            else:
                (a, level_a), (b, level_b) = key
                at = (self._index[a][level_a], self._index[b][level_b])
                n, s = two[a, b]
            labels[place], sums[place] = n[at], s[at]
        return SliceCounts(labels, sums, len(losses), float(losses.sum()))

    def _tables(
        self, columns: Mapping[str, CategoricalColumn], losses: Floats
    ) -> tuple[dict[str, tuple[Any, Any]], dict[tuple[str, str], tuple[Any, Any]]]:
        """Return labels and sums of losses by level, and by pair of levels."""
        n = len(losses)
        codes = {name: self._codes(name, columns.get(name), n) for name in self.levels}
        one: dict[str, tuple[Any, Any]] = {}
        for name, code in codes.items():
            size = len(self.levels[name]) + 1
            one[name] = (
                np.bincount(code, minlength=size)[:-1],
                np.bincount(code, losses, minlength=size)[:-1],
            )
        two: dict[tuple[str, str], tuple[Any, Any]] = {}
        for a, b in self._pairs:
            shape = (len(self.levels[a]) + 1, len(self.levels[b]) + 1)
            both = codes[a] * shape[1] + codes[b]
            size = shape[0] * shape[1]
            two[a, b] = (
                np.bincount(both, minlength=size).reshape(shape)[:-1, :-1],
                np.bincount(both, losses, minlength=size).reshape(shape)[:-1, :-1],
            )
        return one, two

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
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "SliceLayout":
        """Undo ``state``."""
        levels = {name: tuple(known) for name, known in state["levels"]}
        slices = tuple(tuple((pair[0], pair[1]) for pair in key) for key in state["slices"])
        return cls(levels, slices)
