"""Realized performance of a binary model as mergeable sums."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.confusion import Confusion
from barograph_processor.quality.intervals import Estimate, Intervals
from barograph_processor.quality.roc import estimate_area
from barograph_processor.quality.score_histogram import ScoreHistogram
from barograph_processor.quality.score_loss import LEAST_SCORE, estimate_brier, estimate_log_loss
from barograph_processor.quality.weighted import WeightedMean
from barograph_processor.stats.array import Bools, Floats

__all__ = ["BinaryPerformance"]

_HEAD = 72
_MEAN = WeightedMean.SIZE


@dataclass(frozen=True, slots=True, eq=False)
class BinaryPerformance:
    """Sums over labelled rows of a binary model: a commutative group under `merge`.

    Attributes:
        confusion: Of the classes that were predicted.
        brier: Squared differences of score and label, over rows with a score.
        log_loss: Their log losses; scores are moved to at least 1e-6 from 0 and 1.
        scores: Those rows by score.
    """

    confusion: Confusion
    brier: WeightedMean
    log_loss: WeightedMean
    scores: ScoreHistogram

    @classmethod
    def of(
        cls,
        predicted: Bools,
        label: Bools,
        score: Floats | None = None,
        weight: Floats | None = None,
    ) -> "BinaryPerformance":
        """Sum up rows.

        Args:
            predicted: Whether the positive class was predicted, shape ``(n,)``.
            label: Whether it was the positive class, shape ``(n,)``.
            score: Probability of the positive class in ``[0, 1]``, shape ``(n,)``; NaN and
                anything outside is no score.
            weight: Rows that each stands for, shape ``(n,)``.
        """
        confusion = Confusion.of(predicted, label, weight)
        if score is None:
            none = WeightedMean.empty()
            return cls(confusion, none, none, ScoreHistogram.empty())
        known = (score >= 0) & (score <= 1)
        p, y = score[known], label[known].astype(np.float64)
        w = None if weight is None else weight[known]
        clipped = np.clip(p, LEAST_SCORE, 1 - LEAST_SCORE)
        return cls(
            confusion,
            WeightedMean.of((p - y) ** 2, w),
            WeightedMean.of(-np.log(np.where(y == 1, clipped, 1 - clipped)), w),
            ScoreHistogram.of(score, predicted, label, weight),
        )

    @property
    def n(self) -> int:
        """Labelled rows."""
        return self.confusion.n

    def merge(self, other: "BinaryPerformance") -> "BinaryPerformance":
        """Return the sums of both."""
        return BinaryPerformance(
            self.confusion.merge(other.confusion),
            self.brier.merge(other.brier),
            self.log_loss.merge(other.log_loss),
            self.scores.merge(other.scores),
        )

    def without(self, other: "BinaryPerformance") -> "BinaryPerformance":
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: The other holds rows that are not among these.
        """
        return BinaryPerformance(
            self.confusion.without(other.confusion),
            self.brier.without(other.brier),
            self.log_loss.without(other.log_loss),
            self.scores.without(other.scores),
        )

    def estimates(self, intervals: Intervals) -> dict[str, Estimate]:
        """Return what is defined of accuracy, precision, recall, f1, brier, log_loss, auc."""
        found = self.confusion.estimates(intervals)
        if self.brier.value is not None and self.log_loss.value is not None:
            found["brier"] = estimate_brier(self.brier.value, self.scores, intervals)
            found["log_loss"] = estimate_log_loss(self.log_loss.value, self.scores, intervals)
        area = estimate_area(self.scores, intervals)
        if area is not None:
            found["auc"] = area
        return found

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        confusion = self.confusion
        head = np.concatenate([[float(confusion.n)], confusion.w, confusion.ww])
        means = self.brier.to_bytes() + self.log_loss.to_bytes()
        return head.astype("<f8").tobytes() + means + self.scores.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "BinaryPerformance":
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) < _HEAD + 2 * _MEAN:
            raise ValueError("sums of a binary model are of another length")
        head = np.frombuffer(data, "<f8", 9).astype(np.float64)
        means = data[_HEAD : _HEAD + 2 * _MEAN]
        return cls(
            Confusion(int(head[0]), head[1:5], head[5:9]),
            WeightedMean.from_bytes(means[:_MEAN]),
            WeightedMean.from_bytes(means[_MEAN:]),
            ScoreHistogram.from_bytes(data[_HEAD + 2 * _MEAN :]),
        )
