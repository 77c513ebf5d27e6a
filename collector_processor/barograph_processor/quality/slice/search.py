"""Which slice of inputs looks worst: all one- and two-way slices, ranges of numbers included."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.pair_counts import LEVELS, LOSS_UNIT, PairCounts
from barograph_processor.stats.array import Floats, Ints

__all__ = ["Attribute", "Candidate", "RangeKey", "SliceSearch"]

_MIN_REFERENCE: Final = 100
_MIN_LABELS: Final = 10
_MOST_SHARE: Final = 0.5
_PRIOR: Final = 5.0
_PLAINER: Final = 0.85
_LOOKED_AT: Final = 12
_STEP: Final = 2

_Sums = npt.NDArray[np.float32]

RangeKey = tuple[tuple[str, int, int], ...]
"""A slice, as the first and last code of one or two attributes."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What slices are made of: a registered dimension, or an input.

    Attributes:
        name: Of either.
        codes: How many levels it has, at most 13.
        ordered: How many of them, the first ones, follow each other, so that they make ranges.
    """

    name: str
    codes: int
    ordered: int = 0

    def choices(self, step: int = 1) -> list[tuple[int, int]]:
        """Return the first and last code of each range and level that can be a slice.

        Args:
            step: How many bins are taken together as one.
        """
        ranges = [
            (first, min(last, self.ordered) - 1)
            for first in range(0, self.ordered, step)
            for last in range(first + step, self.ordered + step, step)
            if first or last < self.ordered
        ]
        return ranges + [(code, code) for code in range(self.ordered, self.codes)]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A slice that looks worse than it was beside the rest.

    Attributes:
        key: Which.
        score: Standard deviations above what is expected.
    """

    key: RangeKey
    score: float


class SliceSearch:
    """Scores every one- and two-way slice of some labels against the reference.

    All ranges of a number's bins are slices as well as single ones. From counts by pair of
    levels each is the sum over a rectangle, so that none needs to be left out by a bound, as
    SliceLine does; of the pairs, those that look worst in bins twice as wide are searched. What
    is expected of a slice is its own risk in the reference, moved as the risk of all has, if
    that rose; the score is the excess in standard deviations, the reference's own included. It
    says where to look. It is no evidence: the worst of many looks bad by chance.

    State: none. A search of 4,096 labels and 15 attributes takes some 5 ms.

    Args:
        attributes: Dimensions first.
        pairs: Of attributes, from ``pairs_of``.
        reference: Counts of them in the reference.

    References:
        Sagadeeva and Boehm (2021), SliceLine, SIGMOD.
    """

    def __init__(self, attributes: Sequence[Attribute], pairs: Ints, reference: PairCounts) -> None:
        self._attributes = tuple(attributes)
        self._pairs = pairs
        self._choices = [each.choices() for each in attributes]
        self._fine = _sums(self._choices)
        self._coarse = _sums([each.choices(_STEP) for each in attributes])
        self._place = {each.name: place for place, each in enumerate(attributes)}
        self._pair = {(a, b): pair for pair, (a, b) in enumerate(pairs.T.tolist())}
        self._reference = reference
        labels, losses = reference.labels[: len(attributes)], reference.losses[: len(attributes)]
        self._risk = float(losses.sum()) / (LOSS_UNIT * max(int(labels.sum()), 1))

    def find(self, codes: npt.NDArray[np.uint8], losses: Floats) -> list[Candidate]:
        """Return the slices that look worst, the worst first; at most one of each pair.

        Args:
            codes: Level of each attribute of recent labels, shape ``(n, A)``.
            losses: Theirs, each in ``[0, 1]``, shape ``(n,)``.
        """
        if not len(losses) or not self._attributes:
            return []
        now, singles = PairCounts.of(codes, losses, self._pairs), len(self._attributes)
        alone = self._scored(now, np.arange(singles), self._fine, alone=True)[:, :, 0]
        found = [
            Candidate((self._part(place, at),), float(alone[place, at]))
            for place, at in enumerate(alone.argmax(axis=1).tolist())
            if alone[place, at] > 0
        ]
        pairs = np.arange(singles, self._pairs.shape[1])
        coarse = self._scored(now, pairs, self._coarse).max(axis=(1, 2), initial=-1)
        pairs = pairs[np.argsort(-coarse, kind="stable")[:_LOOKED_AT]]
        both = self._scored(now, pairs, self._fine)
        for pair, scores in zip(pairs.tolist(), both, strict=True):
            at = divmod(int(scores.argmax()), scores.shape[1])
            if scores[at] > 0:
                found.append(self._plainest(pair, at, float(scores[at]), alone))
        found.sort(key=lambda each: -each.score)
        return list(dict.fromkeys(found))

    def known(self, key: RangeKey) -> tuple[int, float]:
        """Return labels and losses of a slice in the reference."""
        places = [self._place[name] for name, _, _ in key]
        pair = self._pair[places[0], places[-1]]
        cells = tuple(slice(first, last + 1) for _, first, last in (key[0], key[-1]))
        labels = self._reference.labels[pair][cells].sum()
        return int(labels), float(self._reference.losses[pair][cells].sum()) / LOSS_UNIT

    def score(self, key: RangeKey, labels: Floats, losses: Floats) -> float:
        """Return the score of a slice; see ``find``.

        Args:
            key: The slice.
            labels: In it, and in all, shape ``(2,)``.
            losses: Of these, the same shape.
        """
        n0, s0 = self.known(key)
        expected = self._expected(np.array(n0), np.array(s0), labels[1], losses[1])
        return float(_deviation(labels[0], losses[0], expected, np.array(n0)))

    def _scored(self, now: PairCounts, which: Ints, sums: _Sums, *, alone: bool = False) -> Floats:
        """Return the score of each rectangle of some pairs, -1 where there is too little."""
        first, second = self._pairs[:, which]
        rows = sums[first]
        columns = np.ones((len(first), 1, LEVELS), np.float32) if alone else sums[second]

        def summed(cells: npt.NDArray[np.int32]) -> Floats:
            # In single precision: whole numbers up to 65,000 losses are exact in it.
            found = np.matmul(rows @ cells[which].astype(np.float32), columns.transpose(0, 2, 1))
            return np.asarray(found, dtype=np.float64)

        n, n0 = summed(now.labels), summed(self._reference.labels)
        total, lost = int(now.labels[0].sum()), int(now.losses[0].sum()) / LOSS_UNIT
        enough = (n >= _MIN_LABELS) & (n <= _MOST_SHARE * total) & (n0 >= _MIN_REFERENCE)
        known = summed(self._reference.losses) / LOSS_UNIT
        expected = self._expected(n0, known, total, lost)
        losses = summed(now.losses) / LOSS_UNIT
        return np.where(enough, _deviation(n, losses, expected, n0), -1.0)

    def _expected(self, n0: Floats, s0: Floats, total: float, lost: float) -> Floats:
        """Return the risk that slices had, moved as the risk of all has, if that rose."""
        moved = lost / max(total, 1) / max(self._risk, 1e-6)
        risk = (s0 + _PRIOR * self._risk) / (n0 + _PRIOR) * min(max(moved, 1.0), 4.0)
        return np.clip(risk, 1e-3, 0.9)

    def _plainest(self, pair: int, at: tuple[int, int], score: float, alone: Floats) -> Candidate:
        """Return a slice of two attributes, or of one of them where the other adds little."""
        parts = list(zip(self._pairs[:, pair].tolist(), at, strict=True))
        plain = max(parts, key=lambda part: alone[part])
        if alone[plain] >= _PLAINER * score:
            return Candidate((self._part(*plain),), float(alone[plain]))
        return Candidate(tuple(self._part(*part) for part in parts), score)

    def _part(self, place: int, at: int) -> tuple[str, int, int]:
        return (self._attributes[place].name, *self._choices[place][at])


def _sums(choices: Sequence[Sequence[tuple[int, int]]]) -> _Sums:
    """Return which codes each choice of each attribute holds, shape ``(A, C, 14)``."""
    most = max((len(own) for own in choices), default=0)
    sums = np.zeros((len(choices), most, LEVELS), dtype=np.float32)
    for place, own in enumerate(choices):
        for at, (first, last) in enumerate(own):
            sums[place, at, first : last + 1] = 1
    return sums


def _deviation(n: Floats, s: Floats, expected: Floats, n0: Floats) -> Floats:
    """Return by how many standard deviations losses exceed what is expected."""
    variance = n * expected * (1 - expected) * (1 + n / (n0 + 1))
    return np.asarray((s - n * expected) / np.sqrt(np.maximum(variance, 0.1)))
