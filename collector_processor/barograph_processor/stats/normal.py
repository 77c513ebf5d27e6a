"""The standard normal distribution: quantiles and tails without scipy."""

import math
from functools import lru_cache

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["critical_value", "normal_quantile", "normal_tail"]

# Coefficients of Wichura's PPND16, highest power first.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_MIDDLE = (
    (7.7454501427834140764e-4, 2.27238449892691845833e-2, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 1.51986665636164571966e-2,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.2426609473880784386e-3,
     2.6532189526576123093e-2, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 1.48753612908506148525e-2, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip
_CENTRE_HALF_WIDTH = 0.425
_MIDDLE_RADIUS = 5.0


def normal_quantile(p: Floats | float) -> Floats:
    """Return the standard normal quantile, to about 16 digits.

    Args:
        p: Probabilities, any shape. 0 and 1 give minus and plus infinity,
            anything outside ``[0, 1]`` and NaN give NaN.

    Examples:
        >>> normal_quantile(0.975).round(6).item()
        1.959964

    References:
        Wichura (1988), Algorithm AS 241, Applied Statistics 37(3), 477-484.
    """
    p = np.asarray(p, dtype=np.float64)
    q = p - 0.5
    with np.errstate(invalid="ignore", divide="ignore"):
        radius = np.sqrt(-np.log(np.where(q < 0, p, 1 - p)))
        centre = q * _ratio(_CENTRE, _CENTRE_HALF_WIDTH**2 - q * q)
        finite = np.where(np.isfinite(radius), radius, _MIDDLE_RADIUS)
        outer = np.where(
            finite <= _MIDDLE_RADIUS,
            _ratio(_MIDDLE, finite - 1.6),
            _ratio(_TAIL, finite - _MIDDLE_RADIUS),
        )
    outer = np.where(np.isposinf(radius), np.inf, np.where(np.isnan(radius), np.nan, outer))
    result = np.where(np.abs(q) <= _CENTRE_HALF_WIDTH, centre, np.copysign(outer, q))
    return np.asarray(result, dtype=np.float64)


@lru_cache(maxsize=64)
def critical_value(alpha: float) -> float:
    """Return what a standard normal variable exceeds in size with probability ``alpha``.

    Remembered, because intervals of a few levels are asked for again and again.

    >>> round(critical_value(0.05), 6)
    1.959964
    """
    return float(normal_quantile(1 - alpha / 2))


def normal_tail(x: Floats | float) -> Floats:
    """Return the probability that a standard normal exceeds ``x``, also far out in the tail.

    >>> normal_tail(3.0).round(6).item()
    0.00135
    """
    flat = np.asarray(x, dtype=np.float64)
    tails = [0.5 * math.erfc(value / math.sqrt(2)) for value in flat.ravel().tolist()]
    return np.array(tails, dtype=np.float64).reshape(flat.shape)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    numerator, denominator = coefficients
    return np.asarray(np.polyval(numerator, x) / np.polyval(denominator, x))
