"""Do scores mean what they say? How often predictions of a score come true."""

import math
from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.intervals import AT_ONE_TIME, Intervals
from barograph_processor.quality.score_histogram import ScoreHistogram
from barograph_processor.stats.array import Floats, Ints

__all__ = ["ReliabilityBin", "calibration_error", "equal_mass", "reliability"]

_MIN_ROWS = 20


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predictions of about the same score.

    Attributes:
        score: Their mean score.
        rate: The share of them that came true.
        lower: Lower end of that share's 95% interval.
        upper: Its upper end.
        rows: How many they are; with weights, of equal weight that would tell as much.
    """

    score: float
    rate: float
    lower: float
    upper: float
    rows: float


def equal_mass(total: Floats, groups: int) -> Ints:
    """Return a group for every bin, 0 and up, so that groups hold about as much as each other.

    A bin is never split, so that there may be fewer groups; a bin that holds nothing is in
    the group of the nearest that does.

    Args:
        total: What each bin holds, shape ``(B,)``.
        groups: How many groups there are at most. Positive.
    """
    bins = np.arange(len(total))
    held = np.flatnonzero(total > 0)
    if len(held) == 0:
        return np.zeros(len(total), dtype=np.int64)
    middle = (np.cumsum(total) - total / 2)[held]
    place = np.clip(groups * middle / float(total.sum()), 0, groups - 1).astype(np.int64)
    group = np.unique(place, return_inverse=True)[1]
    return np.asarray(group[np.abs(bins[:, None] - held).argmin(axis=1)])


def reliability(
    scores: ScoreHistogram, *, bins: int = 10, intervals: Intervals = AT_ONE_TIME
) -> list[ReliabilityBin]:
    """Return bins of about equal mass, lowest scores first; fewer where rows are few.

    Args:
        scores: Labelled rows by score.
        bins: Most bins; each has 20 rows or more.
        intervals: Which kind of interval.
    """
    bins = min(bins, scores.n // _MIN_ROWS)
    if bins < 1:
        return []
    total = scores.total
    group = equal_mass(total, bins)
    mass, true, score = (
        np.bincount(group, part) for part in (total, scores.positive, scores.score)
    )
    found = []
    for m, y, s in zip(mass.tolist(), true.tolist(), score.tolist(), strict=True):
        if m > 0:
            rows = m * scores.rows_per_weight
            low, high = intervals.share(min(y / m, 1.0) * rows, rows)
            found.append(ReliabilityBin(s / m, y / m, low, high, rows))
    return found


def calibration_error(scores: ScoreHistogram, *, bins: int = 15) -> float | None:
    """Return the root mean square distance of scores from how often they came true, debiased.

    From the squares of each bin goes what sampling alone would put there, so that a
    calibrated model has about 0 however few rows there are.

    Args:
        scores: Labelled rows by score.
        bins: Bins of about equal mass; each has 20 rows or more.

    Returns:
        In ``[0, 1]``; None with fewer than 20 rows.

    References:
        Kumar, Liang and Ma (2019), Verified uncertainty calibration, NeurIPS.
        arXiv:1909.10155.
    """
    found = reliability(scores, bins=bins)
    if not found:
        return None
    rows = math.fsum(bin_.rows for bin_ in found)
    square = math.fsum(
        bin_.rows
        / rows
        * ((bin_.rate - bin_.score) ** 2 - bin_.rate * (1 - bin_.rate) / max(bin_.rows - 1, 1.0))
        for bin_ in found
    )
    return math.sqrt(max(square, 0.0))
