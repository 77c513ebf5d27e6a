"""How sure a figure is: at one time, or at all times at once."""

import math
from typing import Protocol

from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.sequential.mixtures import asymptotic_radius, beta_binomial_interval
from barograph_processor.stats.normal import critical_value

__all__ = ["ALPHA", "AT_ALL_TIMES", "AT_ONE_TIME", "Estimate", "Intervals", "estimate_mean", "root"]

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
        del n
        return critical_value(ALPHA)


class _AtAllTimes:
    """Right at all times at once: for a figure that is looked at again and again."""

    def share(self, successes: float, n: float) -> tuple[float, float]:
        return beta_binomial_interval(successes, n, alpha=ALPHA)

    def radius(self, n: float) -> float:
        return asymptotic_radius(n, alpha=ALPHA)


AT_ONE_TIME: Intervals = _AtOneTime()
AT_ALL_TIMES: Intervals = _AtAllTimes()


def estimate_mean(
    value: float,
    variance: float,
    n: float,
    intervals: Intervals,
    *,
    low: float = -math.inf,
    high: float = math.inf,
) -> Estimate:
    """Return a mean with its interval.

    Args:
        value: The mean, or what behaves like one.
        variance: Of it, not of the rows. Not negative.
        n: Effective rows.
        intervals: Which kind of interval.
        low: The least value that is possible.
        high: The greatest.
    """
    if n < MIN_ROWS:
        return value, None, None
    reach = intervals.radius(n) * math.sqrt(variance)
    return value, max(value - reach, low), min(value + reach, high)


def root(estimate: Estimate) -> Estimate:
    """Return the root of what is never negative, and of its interval."""
    value, low, high = estimate
    return (
        math.sqrt(value),
        None if low is None else math.sqrt(low),
        None if high is None else math.sqrt(high),
    )
