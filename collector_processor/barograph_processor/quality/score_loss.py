"""The mean of a loss of scores, with its interval."""

import math

import numpy as np

from barograph_processor.quality.intervals import MIN_ROWS, Estimate, Intervals
from barograph_processor.quality.score_histogram import ScoreHistogram
from barograph_processor.stats.array import Floats

__all__ = ["LEAST_SCORE", "estimate_brier", "estimate_log_loss"]

LEAST_SCORE = 1e-6
"""What scores are moved to from 0, and as far from 1, for their log loss."""

_LEAST_OF_A_KIND = 2


def estimate_brier(value: float, scores: ScoreHistogram, intervals: Intervals) -> Estimate:
    """Return the mean squared difference of score and outcome with its interval.

    Args:
        value: The mean.
        scores: The rows that it is of.
        intervals: Which kind of interval.
    """
    score = scores.mean_score
    return _estimate(value, scores, np.stack([score**2, (1 - score) ** 2]), 1.0, intervals)


def estimate_log_loss(value: float, scores: ScoreHistogram, intervals: Intervals) -> Estimate:
    """Return the mean log loss with its interval, as ``estimate_brier`` does."""
    score = np.clip(scores.mean_score, LEAST_SCORE, 1 - LEAST_SCORE)
    losses = -np.log(np.stack([1 - score, score]))
    return _estimate(value, scores, losses, -math.log(LEAST_SCORE), intervals)


def _estimate(
    value: float, scores: ScoreHistogram, losses: Floats, most: float, intervals: Intervals
) -> Estimate:
    """Return a mean loss with its interval; none with fewer than two rows of either outcome.

    A mean over both outcomes varies with how many rows of the rarer one there happen to be, of
    which each costs more; the spread of rows does not show that where these are few. So it is
    put together of three parts with an interval each: the share of one outcome, and the mean
    loss of either, that in proportion, as errors have it. Where scores are nearly sure, the few
    rows that cost much may not have come yet; so it is at least as wide as it were for outcomes
    that come as often as the scores say.

    Args:
        value: The mean.
        scores: The rows that it is of.
        losses: Of a no and of a yes, by bin, shape ``(2, 256)``.
        most: The largest loss that is possible.
        intervals: Which kind of interval.

    References:
        Zou and Donner (2008), Construction of confidence limits about effect measures: a
        general approach, Statist. Med. 27(10), 1693-1702.
    """
    kinds = [
        _Kind(held, loss, scores.rows_per_weight)
        for held, loss in zip((scores.negative, scores.positive), losses, strict=True)
    ]
    if scores.n < MIN_ROWS or min(kind.rows for kind in kinds) < _LEAST_OF_A_KIND:
        return value, None, None
    better, worse = sorted(kinds, key=lambda kind: kind.mean)
    rows = better.rows + worse.rows
    share, apart = worse.rows / rows, worse.mean - better.mean
    low, high = intervals.share(worse.rows, rows)
    below, above = (share - low) * apart, (high - share) * apart
    for part, kind in ((share, worse), (1 - share, better)):
        less, more = kind.doubt(most, intervals)
        below, above = math.hypot(below, part * less), math.hypot(above, part * more)
    reach = intervals.radius(scores.n) * _promised_error(scores, losses)
    return value, max(value - max(below, reach), 0.0), min(value + max(above, reach), most)


def _promised_error(scores: ScoreHistogram, losses: Floats) -> float:
    """Return the standard error of the mean loss of so many rows, if outcomes were as scored."""
    weight = scores.total
    score = scores.mean_score
    whole = float(weight.sum())
    spread = float(weight @ (score * (1 - score) * (losses[1] - losses[0]) ** 2)) / whole
    return math.sqrt(spread / (whole * scores.rows_per_weight))


class _Kind:
    """Rows of one outcome: how many, in effect, their mean loss, and its standard error."""

    def __init__(self, held: Floats, loss: Floats, rows_per_weight: float) -> None:
        weight = float(held.sum())
        self.rows = weight * rows_per_weight
        self.mean = float(held @ loss) / max(weight, 1e-300)
        spread = float(held @ (loss - self.mean) ** 2) / max(weight, 1e-300)
        self.error = math.sqrt(spread / max(self.rows - 1, 1.0))

    def doubt(self, most: float, intervals: Intervals) -> tuple[float, float]:
        """Return how far the mean may be below and above what was found."""
        if self.mean <= 0:
            return 0.0, 0.0
        varied = self.error / self.mean
        reach = intervals.radius(self.rows) * varied
        # Half a row less of those that, all alike, would vary like this.
        less = self.mean * (1 - math.exp(-reach) * max(1 - varied**2 / 2, 0.0))
        return less, min(math.expm1(min(reach, math.log(most / self.mean))) * self.mean, most)
