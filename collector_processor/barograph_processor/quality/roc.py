"""The area under a ROC curve, with its interval."""

import math

from barograph_processor.quality.intervals import MIN_ROWS, Estimate, Intervals
from barograph_processor.quality.score_histogram import ScoreHistogram

__all__ = ["estimate_area"]

_STEPS = 40


def estimate_area(scores: ScoreHistogram, intervals: Intervals) -> Estimate | None:
    """Return the area under the ROC curve with its interval; None with one class alone.

    The interval has each area from which what was found is no further than its standard error
    there allows: of Hanley and McNeil's variance, or of DeLong's if that is larger. With few
    rows of a class the spread of these few says little; the variance at an area says more.

    References:
        Newcombe (2006), Confidence intervals for an effect size measure based on the
        Mann-Whitney statistic, part 2, Statist. Med. 25(4), 559-573: his method 5.
    """
    found = scores.area()
    if found is None:
        return None
    area, variance = found
    if scores.n < MIN_ROWS:
        return area, None, None
    rate = scores.rows_per_weight
    n0, n1 = (max(float(held.sum()) * rate, 1.0) for held in (scores.negative, scores.positive))
    reach = intervals.radius(scores.n)
    more = (n0 + n1) / 2 - 1

    def agrees(truth: float) -> bool:
        others = (1 - truth) / (2 - truth) + truth / (1 + truth)
        own = truth * (1 - truth) * (1 + more * others) / (n0 * n1)
        return abs(truth - area) <= reach * math.sqrt(max(own, variance))

    def end(beyond: float) -> float:
        if agrees(beyond):
            return beyond
        within = area
        for _ in range(_STEPS):
            middle = (within + beyond) / 2
            within, beyond = (middle, beyond) if agrees(middle) else (within, middle)
        return within

    return area, end(0.0), end(1.0)
