"""Which slice of inputs looks worst: all one- and two-way slices, ranges of numbers included."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.attribute import Attribute
from barograph_processor.quality.slice.correlations import SliceCorrelations
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.layout import Coded
from barograph_processor.quality.slice.pair_counts import LOSS_UNIT, PairCounts
from barograph_processor.quality.slice.rectangles import Rectangles
from barograph_processor.quality.slice.rest import design_effect
from barograph_processor.stats.array import Floats, Ints

__all__ = ["SliceSearch"]

_MIN_REFERENCE: Final = 100
_MIN_LABELS: Final = 10
_MOST_SHARE: Final = 0.5
_PRIOR: Final = 5.0
_LOOKED_AT: Final = 24
_MOST_MOVED: Final = 4.0


class SliceSearch:
    """Scores every one- and two-way slice of some labels against the reference.

    All ranges of a number's bins are slices as well as single ones. From counts by pair of
    levels each is the sum over a rectangle, so that none needs to be left out by a bound, as
    SliceLine does; of the pairs, those that look worst in bins twice as wide are searched. What
    is expected of a slice is its own risk in the reference; where all of a window did worse
    than that, its losses count for less by as much. The score is the excess in standard
    deviations, the reference's own and the swings of the slice included. It says where to
    look. It is no evidence: the worst of many looks bad by chance.

    State: none. A search of 8,192 labels and 15 attributes takes some 10 ms.

    Args:
        attributes: Dimensions first.
        pairs: Of attributes, from ``pairs_of``.
        reference: Counts of them in the reference.
        correlations: How slices swung there.

    References:
        Sagadeeva and Boehm (2021), SliceLine, SIGMOD.
    """

    def __init__(
        self,
        attributes: Sequence[Attribute],
        pairs: Ints,
        reference: PairCounts,
        correlations: SliceCorrelations,
    ) -> None:
        self._attributes = tuple(attributes)
        self._pairs = pairs
        self._choices = [each.choices() for each in attributes]
        self._fine = Rectangles(self._choices, pairs)
        self._wide = Rectangles([each.wide_choices() for each in attributes], pairs)
        # A range of all bins makes a slice of one attribute, not of two.
        self._two = np.zeros((len(attributes), self._wide.most), dtype=np.bool_)
        for place, each in enumerate(attributes):
            own = [first > 0 or last < each.ordered - 1 for first, last in each.wide_choices()]
            self._two[place, : len(own)] = own
        self._place = {each.name: place for place, each in enumerate(attributes)}
        self._pair = {(a, b): pair for pair, (a, b) in enumerate(pairs.T.tolist())}
        self._reference = reference
        self._correlations = correlations
        labels, losses = reference.labels[: len(attributes)], reference.losses[: len(attributes)]
        self._risk = float(losses.sum()) / (LOSS_UNIT * max(int(labels.sum()), 1))

    def find(self, codes: npt.NDArray[np.uint8], losses: Floats, window: Ints) -> list[Coded]:
        """Return the slices that look worst, the worst first; at most one of each pair.

        Args:
            codes: Level of each attribute of recent labels, shape ``(n, A)``.
            losses: Theirs, each in ``[0, 1]``, shape ``(n,)``.
            window: That each came in, shape ``(n,)``.
        """
        if not len(losses) or not self._attributes:
            return []
        _, of = np.unique(window, return_inverse=True)
        risks = np.bincount(of, losses) / np.bincount(of)
        moved = np.clip(risks / max(self._risk, 1e-6), 1.0, _MOST_MOVED)
        now, singles = PairCounts.of(codes, losses / moved[of], self._pairs), len(self._attributes)
        alone = self._scored(self._fine, now, np.arange(singles), windows=len(moved))
        found: list[tuple[float, Coded]] = [
            (float(scores.max()), (self._part(place, int(scores.argmax())),))
            for place, scores in enumerate(alone.diagonal(axis1=1, axis2=2))
            if scores.max() > 0
        ]
        pairs = np.arange(singles, self._pairs.shape[1])
        first, second = (self._two[each] for each in self._pairs[:, pairs])
        wide = self._scored(self._wide, now, pairs, windows=len(moved))
        wide = np.where(first[:, :, None] & second[:, None, :], wide, 0.0)
        most = wide.max(axis=(1, 2), initial=0.0)
        pairs = pairs[np.argsort(-most, kind="stable")[:_LOOKED_AT]]
        both = self._scored(self._fine, now, pairs, windows=len(moved))
        for (one, other), scores in zip(self._pairs[:, pairs].T.tolist(), both, strict=True):
            if scores.max() > 0:
                at, by = divmod(int(scores.argmax()), len(scores))
                found.append((float(scores.max()), (self._part(one, at), self._part(other, by))))
        return [key for _, key in sorted(found, key=lambda each: -each[0])]

    def known(self, key: Coded) -> tuple[int, float]:
        """Return labels and losses of a slice in the reference."""
        pair = self._pair[self._place[key[0][0]], self._place[key[-1][0]]]
        cells = tuple(slice(first, last + 1) for _, first, last in (key[0], key[-1]))
        labels = self._reference.labels[pair][cells].sum()
        return int(labels), float(self._reference.losses[pair][cells].sum()) / LOSS_UNIT

    def weight(self, key: Coded) -> float:
        """Return the weight of a slice among all: half is of those of one attribute."""
        sizes = [len(self._choices[self._place[name]]) for name, _, _ in key]
        singles = len(self._attributes)
        groups = singles if len(key) == 1 else self._pairs.shape[1] - singles
        return 0.5 / (groups * math.prod(sizes))

    def _scored(
        self, rectangles: Rectangles, cells: PairCounts, which: Ints, *, windows: int
    ) -> Floats:
        """Return the score of each rectangle of some pairs, 0 where there is too little."""
        now = rectangles.counts(cells, which)
        before = rectangles.counts(self._reference, which)
        own = self._correlations.fine if rectangles is self._fine else self._correlations.wide
        enough = (now.labels >= _MIN_LABELS) & (now.labels <= _MOST_SHARE * now.all_labels)
        enough &= before.labels >= _MIN_REFERENCE
        swings = design_effect(now.labels / windows, own(which))
        return np.where(enough, _deviation(now, before, self._risk, swings), 0.0)

    def _part(self, place: int, at: int) -> tuple[str, int, int]:
        return (self._attributes[place].name, *self._choices[place][at])


def _deviation(now: SliceCounts, before: SliceCounts, risk: float, swings: Floats) -> Floats:
    """Return by how many standard deviations losses exceed what is expected."""
    n = now.labels
    expected = (before.losses + _PRIOR * risk) / (before.labels + _PRIOR)
    expected = np.clip(expected, 1e-3, 0.9)
    variance = n * expected * (1 - expected) * (1 + n / (before.labels + 1)) * swings
    return np.asarray((now.losses - n * expected) / np.sqrt(np.maximum(variance, 0.1)))
