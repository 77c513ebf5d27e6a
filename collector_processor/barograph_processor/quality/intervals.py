"""How sure a figure is: at one time, or at all times at once."""

import math
from typing import Protocol

from barograph_processor.quality.skewness import radii, shown
from barograph_processor.sequential.confidence import corrected_interval
from barograph_processor.sequential.mixtures import asymptotic_radius, beta_binomial_interval
from barograph_processor.stats.normal import critical_value
from barograph_processor.stats.student import student_quantile

__all__ = [
    "ALPHA",
    "AT_ALL_TIMES",
    "AT_ONE_TIME",
    "MIN_ROWS",
    "Estimate",
    "Intervals",
    "estimate_gain",
    "estimate_gap",
    "estimate_mean",
    "estimate_size",
    "root",
]

ALPHA = 0.05
"""Probability with which an interval misses."""

MIN_ROWS = 30
"""With fewer, the mean of numbers without a bound has no interval."""

Estimate = tuple[float, float | None, float | None]
"""A figure and its interval, None where there is none."""


class Intervals(Protocol):
    """A way to say how sure a figure is."""

    def share(self, successes: float, n: float) -> tuple[float, float]:
        """Return the interval of a share of ``n`` effective rows."""

    def radius(self, n: float) -> float:
        """Return how many standard errors of a mean over ``n`` rows the interval reaches."""


class _AtOneTime:
    """Right at one time that was fixed before: for a window that is shown once."""

    def share(self, successes: float, n: float) -> tuple[float, float]:
        return corrected_interval(successes, n, alpha=ALPHA)

    def radius(self, n: float) -> float:
        return student_quantile(1 - ALPHA / 2, max(n - 1, 1.0))


class _AtAllTimes:
    """Right at all times at once: for a figure that is looked at again and again."""

    def share(self, successes: float, n: float) -> tuple[float, float]:
        return beta_binomial_interval(successes, n, alpha=ALPHA)

    def radius(self, n: float) -> float:
        return asymptotic_radius(n, alpha=ALPHA)


AT_ONE_TIME: Intervals = _AtOneTime()
AT_ALL_TIMES: Intervals = _AtAllTimes()


def estimate_mean(
    value: float, variance: float, third: float, n: float, intervals: Intervals
) -> Estimate:
    """Return a mean of numbers that may be of either sign, with its interval.

    It reaches further on the side of the tail, see `skewness.radii`.

    Args:
        value: The mean.
        variance: Of it, not of the rows. Not negative.
        third: Third central moment, of it, not of the rows.
        n: Rows; of weighted ones so many as would make it as skewed.
        intervals: Which kind of interval.
    """
    if n < MIN_ROWS:
        return value, None, None
    below, above = radii(intervals.radius(n), variance, third / shown(n))
    # Around its own mean a sample varies less than around that of all rows.
    error = math.sqrt(variance * n / (n - 1))
    return value, value - below * error, value + above * error


def estimate_size(value: float, variance: float, n: float, intervals: Intervals) -> Estimate:
    """Return a mean of what is never negative, such as errors, with its interval.

    Few large values make most of such a mean: where they have not come yet it is too low, and
    so is its variance. So what is asked of each mean above it is how far the value would be
    below, if rows varied in proportion to it; and to that is added what skewness moves the end
    by (Johnson), as large as that of a lognormal that varies as much. Below, the interval is
    that of the logarithm, less half a row of those that, all alike, would vary like this. Where
    so little is known that no mean would be too large, there is no interval.

    Args:
        value: The mean. Not negative.
        variance: Of it, not of the rows. Not negative.
        n: Effective rows.
        intervals: Which kind of interval.

    References:
        Johnson (1978), Modified t tests and confidence intervals for asymmetrical populations,
        JASA 73(363), 536-544.
    """
    if n < MIN_ROWS:
        return value, None, None
    error, radius = math.sqrt(variance), intervals.radius(n)
    if value == 0 and error == 0:
        return 0.0, 0.0, 0.0
    reach = radius * error
    if reach >= value:
        return value, None, None
    varied = (error / value) ** 2
    # The skewness is 3 c + c**3 with c the coefficient of variation, sqrt(n * varied). What
    # there is of the first term is in the quotient.
    skewed = n * varied**2 * (2 * radius**2 + 1) / 6
    low = value * math.exp(-reach / value) * max(1 - varied / 2, 0.0)
    return value, low, value / (1 - reach / value) + value * skewed


def estimate_gain(value: float, variance: float, n: float, intervals: Intervals) -> Estimate:
    """Return a mean of values in ``[0, 1]`` with its interval.

    It is that of a share of as many yes and no as would vary like this. Rare values that are far
    from the others may not have come yet, and make neither the mean nor its variance; so each
    end is at least as far as it were if as many rows as can be missed were at 0, or at 1.

    Args:
        value: The mean, in ``[0, 1]``.
        variance: Of it, not of the rows. Not negative.
        n: Effective rows.
        intervals: Which kind of interval.
    """
    if n < MIN_ROWS:
        return value, None, None
    # Of weighted rows a mean may be rounded out of its range.
    share = min(max(value, 0.0), 1.0)
    rows = n if variance <= 0 else max(n, share * (1 - share) / variance)
    low, high = intervals.share(share * rows, rows)
    _, missed = intervals.share(0.0, n)
    return value, min(low, share * (1 - missed)), max(high, share + (1 - share) * missed)


def estimate_gap(estimate: Estimate, promised: float, error: float = 0.0) -> Estimate:
    """Return a figure minus what was promised of it, with its interval.

    Args:
        estimate: The figure.
        promised: What it is held against.
        error: Standard error of the promise, by as many of which as ``ALPHA`` says the interval
            is wider at either end; if that is infinite, there is none.
    """
    value, low, high = estimate if math.isfinite(error) else (estimate[0], None, None)
    doubt = critical_value(ALPHA) * error
    return (
        value - promised,
        None if low is None else low - promised - doubt,
        None if high is None else high - promised + doubt,
    )


def root(estimate: Estimate) -> Estimate:
    """Return the root of what is never negative, and of its interval."""
    value, low, high = estimate
    return (
        math.sqrt(value),
        None if low is None else math.sqrt(low),
        None if high is None else math.sqrt(high),
    )
