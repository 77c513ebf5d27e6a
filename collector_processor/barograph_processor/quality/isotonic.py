"""The rising line that is nearest to given values."""

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["isotonic"]


def isotonic(values: Floats, weights: Floats) -> Floats:
    """Return the values that never fall and are nearest by weighted squares, shape ``(n,)``.

    Neighbours that fall are pooled into their mean until none do.

    Args:
        values: In order of what they should rise with, shape ``(n,)``, finite.
        weights: Of each, shape ``(n,)``, positive.

    Examples:
        >>> isotonic(np.array([0.1, 0.4, 0.2, 0.9]), np.array([1.0, 1.0, 3.0, 1.0])).tolist()
        [0.1, 0.25, 0.25, 0.9]

    References:
        Best and Chakravarti (1990), Active set algorithms for isotonic regression,
        Mathematical Programming 47, 425-439.
    """
    level: list[float] = []
    weight: list[float] = []
    held: list[int] = []
    for value, mass in zip(values.tolist(), weights.tolist(), strict=True):
        level.append(value)
        weight.append(mass)
        held.append(1)
        while len(level) > 1 and level[-2] >= level[-1]:
            upper, more = level.pop(), weight.pop()
            weight[-1] += more
            level[-1] += (upper - level[-1]) * more / weight[-1]
            held[-2:] = [held[-2] + held[-1]]
    return np.repeat(np.array(level, dtype=np.float64), held)
