"""Boosted oblivious trees over slots: means that depend on several columns at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["LEAVES", "LeafNumbers", "Trees", "count_leaves", "strongest"]

_DEPTH = 3
LEAVES = 2**_DEPTH
_RATE = 0.3
_SHRINK = 20.0
"""In rows: a leaf or a name that holds as many says half of what its rows do."""

LeafNumbers = npt.NDArray[np.uint8]
"""Leaves, or what the slot of one column adds to their numbers, from 0 to 7."""


def count_leaves(leaf: LeafNumbers) -> Ints:
    """Return how many of rows are in each leaf of each tree, ``(T, 8)``, of ``(n, T)``."""
    trees = leaf.shape[1]
    found = np.bincount((leaf + np.arange(trees) * LEAVES).ravel(), minlength=trees * LEAVES)
    return found.reshape(trees, LEAVES)


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """A sum of trees in which every level asks one question of all rows.

    The question is whether the place of a row's slot, in an order of its column's slots, is at
    least a given one. The answers are the digits of the number of the row's leaf, so that this
    is a sum over the row's slots (see ``table``).

    Attributes:
        place: Of each of all slots within its column, ``(B,)``.
        column: Which one a tree asks about at each level, ``(T, 3)``.
        least: From which place on the answer is yes, ``(T, 3)``.
        level: What is said without a tree, of each of ``M`` quantities, ``(M,)``.
        values: What each leaf adds, ``(T, 8, M)``.

    References:
        Friedman (2001), Greedy function approximation: a gradient boosting machine,
        Ann. Statist. 29(5), 1189-1232. Prokhorenkova et al. (2018), CatBoost: unbiased
        boosting with categorical features, NeurIPS 31, for trees of this kind.
    """

    place: Ints
    column: Ints
    least: Ints
    level: Floats
    values: Floats

    @classmethod
    def fit(
        cls,
        cells: Ints,
        y: Floats,
        *,
        offsets: Ints,
        ordered: Bools,
        columns: Sequence[int],
        trees: int,
    ) -> "Trees":
        """Fit by least squares; all quantities share the questions, each has its own values.

        Costs about 0.05 us a row, column and tree.

        Args:
            cells: The slot of each row in each column, ``(S, n)``.
            y: The quantities, ``(M, n)``, finite; each counts by its own variance.
            offsets: Where the slots of each column begin, and their number, ``(S + 1,)``.
            ordered: Which slots have an order, ``(B,)``. The others of a column stand behind
                them, by what their rows have in the mean.
            columns: Those that may be asked about.
            trees: How many.
        """
        level, spread = y.mean(axis=1), y.std(axis=1)
        spread[spread <= 1e-9 * np.abs(level)] = 0.0
        left = (y - level[:, None]) / np.where(spread > 0, spread, 1.0)[:, None]
        place = _places(cells, left.mean(axis=0), offsets, ordered)
        codes = place[cells]
        widths = {s: int(codes[s].max()) + 1 for s in columns}
        column = np.zeros((trees, _DEPTH), dtype=np.int64)
        least = np.ones_like(column)
        values = np.zeros((trees, LEAVES, len(y)))
        for t in range(trees):
            leaf = np.zeros(cells.shape[1], dtype=np.int64)
            for d in range(_DEPTH):
                s, least[t, d] = _question(codes, widths, leaf, 2**d, left)
                column[t, d] = s
                leaf += (codes[s] >= least[t, d]).astype(np.int64) << d
            held = np.bincount(leaf, minlength=LEAVES) + _SHRINK
            for m in range(len(y)):
                said = _RATE * np.bincount(leaf, left[m], minlength=LEAVES) / held
                left[m] -= said[leaf]
                values[t, :, m] = said * spread[m]
        return cls(place, column, least, level, values)

    def table(self, offsets: Ints) -> LeafNumbers:
        """Return what each slot adds to the number of the row's leaf in each tree, ``(B, T)``."""
        found = np.zeros((len(self.place), len(self.column)), dtype=np.uint8)
        for t, d in np.ndindex(self.column.shape):
            s = self.column[t, d]
            at = slice(int(offsets[s]), int(offsets[s + 1]))
            found[at, t] += (self.place[at] >= self.least[t, d]).astype(np.uint8) << d
        return found

    def leaves(self, cells: Ints, offsets: Ints) -> LeafNumbers:
        """Return the leaf of each row in each tree, ``(n, T)``."""
        table = self.table(offsets)
        leaf = np.zeros((cells.shape[1], len(self.column)), dtype=np.uint8)
        for slots in cells:
            leaf += table[slots]
        return leaf

    def path(self, cells: Ints, offsets: Ints) -> Floats:
        """Return what is said of rows after no tree, after one, and so on, ``(n, T + 1, M)``."""
        leaf = self.leaves(cells, offsets)
        added = self.values[np.arange(len(self.column)), leaf]
        first = np.broadcast_to(self.level, (len(leaf), 1, len(self.level)))
        return np.concatenate([first, added], axis=1).cumsum(axis=1)

    def cut(self, trees: Ints) -> "Trees":
        """Return the same with so many trees of each quantity, ``(M,)``."""
        most = int(trees.max())
        kept = np.arange(most)[:, None, None] < trees
        return Trees(
            self.place,
            self.column[:most],
            self.least[:most],
            self.level,
            np.where(kept, self.values[:most], 0.0),
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "place": self.place.tolist(),
            "column": self.column.tolist(),
            "least": self.least.tolist(),
            "level": self.level.tolist(),
            "values": self.values.tolist(),
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any], *, offsets: Ints, quantities: int) -> "Trees":
        """Return what ``to_json`` wrote.

        Raises:
            ValueError: It is damaged, or of other slots or quantities.
        """
        place = np.array(plain["place"], dtype=np.int64)
        column = np.array(plain["column"], dtype=np.int64).reshape(-1, _DEPTH)
        least = np.array(plain["least"], dtype=np.int64).reshape(-1, _DEPTH)
        level = np.array(plain["level"], dtype=np.float64)
        values = np.array(plain["values"], dtype=np.float64).reshape(-1, LEAVES, quantities)
        if place.shape != (offsets[-1],):
            raise ValueError("trees are of other slots than their profile")
        if not len(column) == len(least) == len(values) or level.shape != (quantities,):
            raise ValueError("trees are damaged")
        if column.min(initial=0) < 0 or column.max(initial=0) >= len(offsets) - 1:
            raise ValueError("trees ask about columns that are not there")
        if not (np.isfinite(level).all() and np.isfinite(values).all()):
            raise ValueError("trees hold what is not finite")
        return cls(place, column, least, level, values)


def _question(
    codes: Ints, widths: dict[int, int], leaf: Ints, leaves: int, left: Floats
) -> tuple[int, int]:
    """Return the column and the least place that part rows best, within leaves.

    Args:
        codes: The place of each row in each column, ``(S, n)``.
        widths: How many places the columns have that may be asked about.
        leaf: Of each row, ``(n,)``.
        leaves: How many there are.
        left: What is to be explained, ``(M, n)``.
    """
    best, found = -1.0, (0, 1)
    for s, width in widths.items():
        if width == 1:
            continue
        cell, size = leaf * width + codes[s], leaves * width

        def parted(weights: Floats | None, cell: Ints = cell, size: int = size) -> Floats:
            """Return sums below and from each place on, ``(2, leaves, width - 1)``."""
            sums = np.bincount(cell, weights, minlength=size).reshape(leaves, -1).cumsum(axis=1)
            return np.stack([sums[:, :-1], sums[:, -1:] - sums[:, :-1]])

        held = parted(None) + _SHRINK
        gain = np.sum([(parted(part) ** 2 / held).sum(axis=(0, 1)) for part in left], axis=0)
        at = int(gain.argmax())
        if gain[at] > best:
            best, found = float(gain[at]), (s, at + 1)
    return found


def _places(cells: Ints, y: Floats, offsets: Ints, ordered: Bools) -> Ints:
    """Return the place of every slot within its column, ``(B,)``, from 0 without gaps.

    Those without rows stand with the next that has an order, if they have one, else with the
    one whose rows have most surely what is usual.

    Args:
        cells: The slot of each row in each column, ``(S, n)``.
        y: What slots without an order are ordered by, ``(n,)``, of mean 0.
        offsets: Where the slots of each column begin, and their number.
        ordered: Which slots have an order, ``(B,)``.
    """
    place = np.zeros(int(offsets[-1]), dtype=np.int64)
    for (a, b), slots in zip(pairwise(offsets.tolist()), cells - offsets[:-1, None], strict=True):
        held, sums = np.bincount(slots, minlength=b - a), np.bincount(slots, y, minlength=b - a)
        line = np.flatnonzero((held > 0) & ordered[a:b])
        names = np.flatnonzero((held > 0) & ~ordered[a:b])
        names = names[np.argsort(sums[names] / (held[names] + _SHRINK), kind="stable")]
        order = np.concatenate([line, names])
        place[a + order] = np.arange(len(order))
        seen = held[order]
        unusual = np.abs(sums[order]) / seen + y.std() / np.sqrt(seen)
        place[a + np.flatnonzero((held == 0) & ~ordered[a:b])] = unusual.argmin()
        if len(line):
            new = np.flatnonzero((held == 0) & ordered[a:b])
            place[a + new] = np.minimum(np.searchsorted(line, new), len(line) - 1)
    return place


def strongest(cells: Ints, size: Floats, offsets: Ints, most: int) -> list[int]:
    """Return so many columns at most, in order, that explain most of a size, one by one."""
    if len(cells) <= most:
        return list(range(len(cells)))
    centred = size - size.mean()
    noise = float(centred.var())
    gains = []
    for slots, (a, b) in zip(cells, pairwise(offsets.tolist()), strict=True):
        held = np.bincount(slots - a, minlength=b - a)
        sums = np.bincount(slots - a, centred, minlength=b - a)
        # A slot explains as much as noise has in it by chance.
        gains.append(float((sums[held > 0] ** 2 / held[held > 0] - noise).sum()) + noise)
    return sorted(np.argsort(np.negative(gains), kind="stable")[:most].tolist())
