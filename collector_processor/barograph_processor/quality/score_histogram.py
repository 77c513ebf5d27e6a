"""Scores beside what came true: behind the ROC curve, calibration and estimated quality."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["BINS", "ScoreCounts", "ScoreHistogram", "score_bin"]

BINS = 256
"""Bins of equal width in the arcsine of the root of the score. They are narrow near 0 and 1,
where scores of rare events crowd, and nowhere hold two scores of two decimals."""

_EARLIER_BINS = 128


def score_bin(score: Floats) -> Ints:
    """Return the bin of each score, 0 to 255.

    Args:
        score: Each in ``[0, 1]``, any shape.

    Examples:
        >>> score_bin(np.array([0.0, 0.001, 0.5, 1.0])).tolist()
        [0, 5, 128, 255]
    """
    place = 2 / np.pi * np.arcsin(np.sqrt(score)) * BINS
    # Half a rounding error must not put a score of 0.5 below the middle.
    return np.minimum((place + 1e-9).astype(np.int64), BINS - 1)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCounts:
    """Scores of predictions whose label is not known: a commutative monoid under ``merge``.

    Attributes:
        n: Rows.
        said: Weights by bin of rows for which the answer was no, and yes; shape ``(2, 256)``.
        score: Sums of weight times score by bin, shape ``(256,)``.
    """

    n: int
    said: Floats
    score: Floats

    @classmethod
    def empty(cls) -> "ScoreCounts":
        """Return the sums of no row."""
        return cls(0, np.zeros((2, BINS)), np.zeros(BINS))

    @classmethod
    def of(cls, score: Floats, said: Bools, weight: Floats | None = None) -> "ScoreCounts":
        """Count rows.

        Args:
            score: Shape ``(n,)``; NaN and anything outside of ``[0, 1]`` is left out.
            said: Whether the answer was yes, shape ``(n,)``.
            weight: Rows that each stands for, shape ``(n,)``.
        """
        usable = (score >= 0) & (score <= 1)
        p, yes = score[usable], said[usable].astype(np.int64)
        w = np.ones(len(p)) if weight is None else weight[usable]
        at = score_bin(p)
        held = _sums(yes * BINS + at, w, 2 * BINS)
        return cls(len(p), held.reshape(2, BINS), _sums(at, w * p, BINS))

    @property
    def total(self) -> Floats:
        """Weight of all rows by bin, shape ``(256,)``."""
        return np.asarray(self.said.sum(axis=0))

    @property
    def mean_score(self) -> Floats:
        """Mean score of the rows of each bin, 0 without any, shape ``(256,)``."""
        return _means(self.score, self.total)

    def merge(self, other: "ScoreCounts") -> "ScoreCounts":
        """Return the sums of both."""
        return ScoreCounts(self.n + other.n, self.said + other.said, self.score + other.score)

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return _packed([float(self.n)], self.said, self.score)

    @classmethod
    def from_bytes(cls, data: bytes) -> "ScoreCounts":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        head, rows = _unpacked(data, 1, 3)
        return cls(int(head[0]), rows[:2], rows[2])


@dataclass(frozen=True, slots=True, eq=False)
class ScoreHistogram:
    """Labelled rows by score: a commutative group under ``merge``.

    Attributes:
        n: Rows.
        ww: Sum of squared weights.
        cells: Weights by bin, shape ``(4, 256)``: true negatives, false positives, false
            negatives, true positives.
        score: Sums of weight times score by bin, shape ``(256,)``.
    """

    n: int
    ww: float
    cells: Floats
    score: Floats

    @classmethod
    def empty(cls) -> "ScoreHistogram":
        """Return the sums of no row."""
        return cls(0, 0.0, np.zeros((4, BINS)), np.zeros(BINS))

    @classmethod
    def of(
        cls, score: Floats, said: Bools, true: Bools, weight: Floats | None = None
    ) -> "ScoreHistogram":
        """Count rows.

        Args:
            score: Shape ``(n,)``; NaN and anything outside of ``[0, 1]`` is left out.
            said: Whether the answer was yes, shape ``(n,)``.
            true: Whether yes was right, shape ``(n,)``.
            weight: Rows that each stands for, shape ``(n,)``.
        """
        usable = (score >= 0) & (score <= 1)
        p = score[usable]
        cell = 2 * true[usable].astype(np.int64) + said[usable].astype(np.int64)
        w = np.ones(len(p)) if weight is None else weight[usable]
        at = score_bin(p)
        held = _sums(cell * BINS + at, w, 4 * BINS)
        return cls(len(p), float((w * w).sum()), held.reshape(4, BINS), _sums(at, w * p, BINS))

    @property
    def negative(self) -> Floats:
        """Weight of the rows that came out as no, by bin, shape ``(256,)``."""
        return np.asarray(self.cells[0] + self.cells[1])

    @property
    def positive(self) -> Floats:
        """Weight of the rows that came out as yes, by bin, shape ``(256,)``."""
        return np.asarray(self.cells[2] + self.cells[3])

    @property
    def total(self) -> Floats:
        """Weight of all rows by bin, shape ``(256,)``."""
        return np.asarray(self.cells.sum(axis=0))

    @property
    def mean_score(self) -> Floats:
        """Mean score of the rows of each bin, 0 without any, shape ``(256,)``."""
        return _means(self.score, self.total)

    @property
    def rows_per_weight(self) -> float:
        """Rows of equal weight that tell as much, for each unit of weight (Kish)."""
        weight = float(self.cells.sum())
        return weight / self.ww if self.ww > 0 else 1.0

    @property
    def counts(self) -> ScoreCounts:
        """The same rows without their labels."""
        said = np.stack([self.cells[0] + self.cells[2], self.cells[1] + self.cells[3]])
        return ScoreCounts(self.n, said, self.score)

    def merge(self, other: "ScoreHistogram") -> "ScoreHistogram":
        """Return the sums of both."""
        return ScoreHistogram(
            self.n + other.n,
            self.ww + other.ww,
            self.cells + other.cells,
            self.score + other.score,
        )

    def without(self, other: "ScoreHistogram") -> "ScoreHistogram":
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: The other holds rows that are not among these.
        """
        cells = self.cells - other.cells
        if other.n > self.n or cells.min() < -1e-6:  # noqa: PLR2004 - rounding of weights
            raise ValueError("the rows to leave out are not among these")
        return ScoreHistogram(
            self.n - other.n,
            max(self.ww - other.ww, 0.0),
            np.maximum(cells, 0.0),
            np.maximum(self.score - other.score, 0.0),
        )

    def area(self) -> tuple[float, float] | None:
        """Return the area under the ROC curve and its variance; None with one class alone.

        Rows of one bin are ties. The variance is that of DeLong, over the bins.

        References:
            DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3), 837-845.
        """
        negative, positive = self.negative, self.positive
        n0, n1 = float(negative.sum()), float(positive.sum())
        if not (n0 > 0 and n1 > 0):
            return None
        below = (np.cumsum(negative) - negative / 2) / n0
        above = 1 - (np.cumsum(positive) - positive / 2) / n1
        area = float(positive @ below) / n1
        spread1 = float(positive @ (below - area) ** 2) / n1
        spread0 = float(negative @ (above - area) ** 2) / n0
        rate = self.rows_per_weight
        return area, spread1 / max(n1 * rate, 1.0) + spread0 / max(n0 * rate, 1.0)

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return _packed([float(self.n), self.ww], self.cells, self.score)

    @classmethod
    def from_bytes(cls, data: bytes) -> "ScoreHistogram":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        head, rows = _unpacked(data, 2, 5)
        return cls(int(head[0]), float(head[1]), rows[:4], rows[4])

    @classmethod
    def from_values(cls, values: Floats) -> "ScoreHistogram":
        """Return what ``to_bytes`` wrote as numbers, also of the 128 bins of earlier versions.

        Rows of one of those stand where their mean score is.

        Raises:
            ValueError: There are more or less.
        """
        if len(values) != 2 + 5 * _EARLIER_BINS:
            return cls.from_bytes(values.astype("<f8").tobytes())
        rows = values[2:].reshape(5, _EARLIER_BINS)
        held = rows[:4].sum(axis=0)
        rows, held = rows[:, held > 0], held[held > 0]
        at = score_bin(np.clip(rows[4] / held, 0.0, 1.0))
        found = np.array([_sums(at, row, BINS) for row in rows])
        return cls(int(values[0]), float(values[1]), found[:4], found[4])


def _means(sums: Floats, weight: Floats) -> Floats:
    return np.divide(sums, weight, out=np.zeros(BINS), where=weight > 0)


def _sums(at: Ints, weights: Floats, size: int) -> Floats:
    # Without rows numpy forgets that the sums are floats.
    return np.bincount(at, weights, minlength=size).astype(np.float64)


def _packed(head: list[float], *rows: Floats) -> bytes:
    return np.concatenate([head, *(part.ravel() for part in rows)]).astype("<f8").tobytes()


def _unpacked(data: bytes, head: int, rows: int) -> tuple[Floats, Floats]:
    if len(data) != 8 * (head + rows * BINS):
        raise ValueError("a histogram of scores is of another length")
    values = np.frombuffer(data, "<f8").astype(np.float64)
    return values[:head], values[head:].reshape(rows, BINS)
