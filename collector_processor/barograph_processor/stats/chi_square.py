"""The chi-square distribution through the cube root, in closed form."""

import numpy as np

from barograph_processor.stats.array import Floats
from barograph_processor.stats.normal import normal_quantile

__all__ = ["chi_square_quantile", "chi_square_to_normal"]


def chi_square_quantile(p: float, df: Floats | float) -> Floats:
    """Return an approximate chi-square quantile, never below zero.

    Within 2% of the exact one for ``df >= 5`` and ``p`` in (.05, .99).

    Args:
        p: Probability in ``(0, 1)``.
        df: Degrees of freedom, positive, any shape.

    Raises:
        ValueError: ``p`` is out of range.

    Examples:
        >>> chi_square_quantile(0.95, 10.0).round(1).item()
        18.3

    References:
        Wilson and Hilferty (1931), The distribution of chi-square, PNAS 17(12), 684-688.
    """
    if not 0 < p < 1:
        raise ValueError(f"p must be in (0, 1), got {p!r}")
    df = np.asarray(df, dtype=np.float64)
    spread = 2 / (9 * df)
    root = np.maximum(1 - spread + normal_quantile(p) * np.sqrt(spread), 0.0)
    return np.asarray(df * root**3, dtype=np.float64)


def chi_square_to_normal(x: Floats, df: Floats | float) -> Floats:
    """Return about normal deviates for chi-square values ``x`` (not below zero)."""
    spread = 2 / (9 * np.asarray(df, dtype=np.float64))
    return np.asarray((np.cbrt(x / df) - 1 + spread) / np.sqrt(spread), dtype=np.float64)
