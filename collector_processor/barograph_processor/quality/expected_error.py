"""Expected errors of a regression without labels: from which inputs it erred on before."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from barograph_processor.quality.additive import AdditiveMean, FoldSums
from barograph_processor.quality.intervals import AT_ONE_TIME, Estimate, estimate_mean
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["ErrorModel"]

_FOLDS = 10
_MIN_ROWS = 200
_MAX_BINS = 640
_LARGEST = 1e150
"""Of squares: squares of larger ones could not be told any more."""


@dataclass(frozen=True, slots=True, eq=False)
class ErrorModel:
    """What absolute and squared errors are to be expected of rows by how they are binned.

    A model of the errors, ``a + sum_f g_f(bin of f)``, over the bins by which drift is counted,
    so that a window's counts give its estimate and no row is looked at again.

    What it gives is right as long as errors on the same inputs are what they were (covariate
    shift): where the relation of inputs to outcomes changes it does not see it. What acts only
    through several inputs at once it does not see either.

    State size: eleven numbers a bin and metric, of at most 640 bins.

    Attributes:
        slots: The slots that count, ``(q,)``, of all that are counted.
        bins: The bin of each, ``(q,)``: several slots can share one.
        held: The share of the reference's rows in each bin, ``(p,)``.
        edges: The first and last bin of what has an order, each with its neighbour, ``(m, 2)``.
        means: By metric, ``mae`` and ``rmse``; those of which inputs explain something. That
            of ``rmse`` is of the squared error.
        rows: Labelled rows that it was learnt from.
    """

    slots: Ints
    bins: Ints
    held: Floats
    edges: Ints
    means: Mapping[str, AdditiveMean]
    rows: int

    @classmethod
    def learn(cls, cells: Ints, error: Floats, inward: Ints, ordered: Bools) -> "ErrorModel | None":
        """Learn from the labelled rows of a reference, in order of time.

        Args:
            cells: The slot of each row in each column, ``(n, S)``; no slot is of two columns.
            error: Prediction minus label or its size, ``(n,)``; NaN without a label.
            inward: Of each of all slots the one whose rows it is like, ``(B,)``.
            ordered: Which slots have an order, ``(B,)``: neighbours in one column are alike.

        Returns:
            None with fewer than 200 usable rows. With more columns than 640 bins can hold
            those count that explain most, one by one.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            square = error * error
        usable = np.flatnonzero(square < _LARGEST)
        if len(usable) < _MIN_ROWS:
            return None
        places, square = inward[cells[usable]], square[usable]
        size = np.sqrt(square)
        held = [np.unique(column, return_inverse=True) for column in places.T]
        chosen = _strongest(held, size)
        codes = np.stack([held[s][1] for s in chosen], axis=1)
        known = np.concatenate([held[s][0] for s in chosen])
        sizes = [len(held[s][0]) for s in chosen]
        # Contiguous: rows that are near in time are alike.
        parts = np.array_split(np.arange(len(size)), _FOLDS)
        rough = _roughness(known, sizes, ordered)
        means = {}
        for name, loss in (("mae", size), ("rmse", square)):
            folds = [FoldSums.of(codes[rows], sizes, loss[rows]) for rows in parts]
            found = AdditiveMean.learn(folds, rough)
            if found is not None:
                means[name] = found
        order = np.argsort(known)
        at = np.searchsorted(known, inward, sorter=order)
        bins = order[np.minimum(at, len(known) - 1)]
        slots = np.flatnonzero(known[bins] == inward)
        held_by = np.concatenate([np.bincount(column) for column in codes.T]) / len(size)
        return cls(slots, bins[slots], held_by, _edges(known, sizes, ordered), means, len(size))

    @property
    def explained(self) -> dict[str, float]:
        """Which share of the variance of errors inputs explain, by metric, by folds."""
        return {name: mean.explained for name, mean in self.means.items()}

    def estimate(self, counts: Ints, rows: int) -> dict[str, Estimate]:
        """Return what is to be expected of rows, by metric; empty without any.

        The interval, at one time, is about what their labels would show. There is none of
        fewer than 30 rows. It is widened where more rows than in the reference are in the
        first or last bin of a column: where in there is not counted, and the effect may go on
        as it did from the bin beside it. A slot that the reference never held counts as an
        average one.

        Args:
            counts: Rows by slot, ``(B,)``.
            rows: How many rows.
        """
        if rows == 0:
            return {}
        found: dict[str, Estimate] = {}
        by_slot = counts[self.slots] / rows
        shares = np.bincount(self.bins, by_slot, minlength=len(self.held)).astype(np.float64)
        last, beside = self.edges.T
        more = np.maximum(shares[last] - self.held[last], 0.0)
        for name, mean in self.means.items():
            value, variance = mean.estimate(shares, rows)
            _, low, high = estimate_mean(value, variance, rows, AT_ONE_TIME)
            open_ = float(more @ np.abs(mean.effect[last] - mean.effect[beside]))
            low = None if low is None else max(low - open_, 0.0)
            high = None if high is None else high + open_
            found[name] = _root((value, low, high)) if name == "rmse" else (value, low, high)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "slots": self.slots.tolist(),
            "bins": self.bins.tolist(),
            "held": self.held.tolist(),
            "edges": self.edges.tolist(),
            "means": {name: mean.to_json() for name, mean in self.means.items()},
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any], *, slots: int) -> "ErrorModel":
        """Return what ``to_json`` wrote.

        Args:
            plain: What it wrote.
            slots: How many slots are counted.

        Raises:
            ValueError: It is damaged, or of other slots.
        """
        own = np.array(plain["slots"], dtype=np.int64)
        bins = np.array(plain["bins"], dtype=np.int64)
        if own.ndim != 1 or own.shape != bins.shape or not len(own):
            raise ValueError("the slots of an error model are damaged")
        if own.min() < 0 or own.max() >= slots or bins.min() < 0:
            raise ValueError("an error model is of other slots than its profile")
        held = np.array(plain["held"], dtype=np.float64)
        edges = np.array(plain["edges"], dtype=np.int64).reshape(-1, 2)
        width = len(held)
        if max(bins.max(), edges.max(initial=0)) >= width or edges.min(initial=0) < 0:
            raise ValueError("the bins of an error model are damaged")
        means = {
            name: AdditiveMean.from_json(mean, bins=width) for name, mean in plain["means"].items()
        }
        return cls(own, bins, held, edges, means, int(plain["rows"]))


def _strongest(held: Sequence[tuple[Ints, Ints]], size: Floats) -> list[int]:
    """Return the columns, in order, that explain most one by one and fit in 640 bins.

    Args:
        held: Of each column the slots that occur, and which of them each row has.
        size: Of the errors, ``(n,)``.
    """
    widths = [len(slots) for slots, _ in held]
    if sum(widths) <= _MAX_BINS:
        return list(range(len(held)))
    centred = size - size.mean()
    noise = float(centred @ centred) / len(size)
    gains = []
    for slots, code in held:
        sums = np.bincount(code, centred, minlength=len(slots))
        # A bin explains as much as noise has in it by chance.
        gain = float((sums**2 / np.bincount(code)).sum()) - noise * (len(slots) - 1)
        gains.append(gain)
    chosen: list[int] = []
    left = _MAX_BINS
    for column in np.argsort(np.negative(gains), kind="stable").tolist():
        if widths[column] <= left:
            chosen.append(column)
            left -= widths[column]
    return sorted(chosen)


def _lines(known: Ints, sizes: Sequence[int], ordered: Bools) -> Iterator[Ints]:
    """Yield of each column the bins that have an order, where these are three or more."""
    start = 0
    for size in sizes:
        line = start + np.flatnonzero(ordered[known[start : start + size]])
        if len(line) > 2:  # noqa: PLR2004 - what a second difference is of
            yield line
        start += size


def _edges(known: Ints, sizes: Sequence[int], ordered: Bools) -> Ints:
    """Return the outer bins, each with its neighbour, ``(m, 2)``."""
    pairs = [line[[[0, 1], [-1, -2]]] for line in _lines(known, sizes, ordered)]
    return np.concatenate([*pairs, np.zeros((0, 2), dtype=np.int64)])


def _roughness(known: Ints, sizes: Sequence[int], ordered: Bools) -> Floats:
    """Return the form of effects that is large where they are rough, ``(p, p)``.

    Squares of second differences of bins that have an order, squares of all others.
    """
    rough = np.diag((~ordered[known]).astype(np.float64))
    for line in _lines(known, sizes, ordered):
        change = np.diff(np.eye(len(line)), n=2, axis=0)
        rough[np.ix_(line, line)] += change.T @ change
    return rough


def _root(estimate: Estimate) -> Estimate:
    value, low, high = estimate
    return (
        math.sqrt(value),
        None if low is None else math.sqrt(low),
        None if high is None else math.sqrt(high),
    )
