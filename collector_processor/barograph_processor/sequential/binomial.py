"""An interval for a share that holds at all times at once, from two numbers."""

import math
from collections.abc import Callable

__all__ = ["mixture_interval"]

_HALVINGS = 40


def mixture_interval(successes: float, n: float, *, alpha: float = 0.05) -> tuple[float, float]:
    """Return a confidence sequence's interval for a share after ``n`` observations.

    With probability ``1 - alpha`` the share is inside at all ``n`` at once, as long as the
    conditional mean is constant. It is Ville's inequality for the likelihood ratio of a
    Beta(1/2, 1/2) mixture: shares ``p`` with a ratio of ``1 / alpha`` or more are left out.
    Observations in ``[0, 1]`` that are no 0 or 1 keep it valid, and a little wide.

    Args:
        successes: Sum of the observations, in ``[0, n]``.
        n: Observations; with 0 the interval is ``(0, 1)``.
        alpha: Probability of ever missing the truth, in ``(0, 1)``.

    Raises:
        ValueError: An argument is out of range.

    Examples:
        Wider than an interval for one time, as the price of being looked at at all times.

        >>> low, high = mixture_interval(50, 1000)
        >>> round(low, 3), round(high, 3)
        (0.029, 0.079)

    References:
        Robbins (1970), Statistical methods related to the law of the iterated logarithm,
        Ann. Math. Statist. 41(5), 1397-1409.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be in (0, 1), got {alpha!r}")
    if not 0 <= successes <= n:
        raise ValueError(f"successes must be in [0, {n}], got {successes!r}")
    if n == 0:
        return 0.0, 1.0
    failures = n - successes
    mixed = _log_beta(successes + 0.5, failures + 0.5) - _log_beta(0.5, 0.5)
    least = mixed + math.log(alpha)

    def inside(p: float) -> bool:
        return _times_log(successes, p) + _times_log(failures, 1 - p) > least

    centre = successes / n
    return _edge(inside, centre, 0.0), _edge(inside, centre, 1.0)


def _edge(inside: Callable[[float], bool], centre: float, outer: float) -> float:
    """Return the first share outside between the centre, which is inside, and an end."""
    if inside(outer):
        return outer
    near, far = centre, outer
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        if inside(middle):
            near = middle
        else:
            far = middle
    return far


def _times_log(count: float, p: float) -> float:
    if count == 0:
        return 0.0
    return count * math.log(p) if p > 0 else -math.inf


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
