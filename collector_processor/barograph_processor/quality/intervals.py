"""How sure a figure is: at one time, or at all times at once."""

import math
from typing import Protocol

from barograph_processor.sequential.confidence import wilson_interval
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
        return wilson_interval(successes, n, alpha=ALPHA)

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


def estimate_mean(value: float, variance: float, n: float, intervals: Intervals) -> Estimate:
    """Return a mean of numbers that may be of either sign, with its interval.

    Args:
        value: The mean.
        variance: Of it, not of the rows. Not negative.
        n: Effective rows.
        intervals: Which kind of interval.
    """
    if n < MIN_ROWS:
        return value, None, None
    reach = intervals.radius(n) * math.sqrt(variance)
    return value, value - reach, value + reach


def estimate_size(value: float, variance: float, n: float, intervals: Intervals) -> Estimate:
    """Return a mean of what is never negative, such as errors, with its interval.

    Few large values make most of such a mean: where they have not come yet it is too low, and
    so is its variance. So what is asked of each mean above it is how far the value would be
    below, if rows varied in proportion to it. Below, the interval is that of the logarithm.
    Where so little is known that no mean would be too large, there is no interval.

    Args:
        value: The mean. Not negative.
        variance: Of it, not of the rows. Not negative.
        n: Effective rows.
        intervals: Which kind of interval.
    """
    reach = intervals.radius(n) * math.sqrt(variance) if n >= MIN_ROWS else math.inf
    if value == 0 and reach == 0:
        return 0.0, 0.0, 0.0
    if reach >= value:
        return value, None, None
    return value, value * math.exp(-reach / value), value / (1 - reach / value)


def estimate_gain(value: float, variance: float, n: float, intervals: Intervals) -> Estimate:
    """Return a mean of values in ``[0, 1]`` with its interval.

    It is that of a share of as many yes and no as would vary like this. That rare values may
    not have come yet is seen to as by Agresti and Coull (1998): as if four of the rows varied
    as much as rows can.

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
    most = share * (1 - share)
    doubt = variance + 4 * most / n**2
    rows = n if doubt <= 0 else max(n, most / doubt)
    return value, *intervals.share(share * rows, rows)


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
