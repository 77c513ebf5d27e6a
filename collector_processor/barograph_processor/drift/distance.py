"""How far a window is from the reference, as one number that a person can read.

Of one stream, in a notebook; `barograph_processor.drift.comparison` does it for all streams
of a model at once, and is tested against this.
"""

import numpy as np

from barograph_processor.stats.array import Floats, Ints

__all__ = ["jensen_shannon", "wasserstein"]


def wasserstein(window: Floats, reference: Floats, centres: Floats, scale: float) -> float | None:
    """Return the Wasserstein-1 distance of binned numbers, in reference standard deviations.

    Args:
        window: Counts of the window's value slots, shape ``(k,)``.
        reference: The same of the reference.
        centres: What a value in each slot is about, shape ``(k,)``, not decreasing.
        scale: The reference's standard deviation, positive.

    Returns:
        None if one of them has no value. Independent rows without drift give about
        ``1 / sqrt(rows)``.

    Examples:
        >>> wasserstein(np.array([0, 10.0]), np.array([10.0, 0]), np.array([0.0, 3.0]), 1.5)
        2.0
    """
    n, m = float(window.sum()), float(reference.sum())
    if not n or not m:
        return None
    gap = np.abs(np.cumsum(window / n - reference / m))[:-1]
    return float(gap @ np.diff(centres) / scale)


def jensen_shannon(window: Ints | Floats, reference: Ints | Floats) -> float | None:
    """Return the Jensen-Shannon distance of two sets of counts: 0 if alike, 1 if disjoint.

    The square root of the divergence to base 2. None if one of them has no row.

    Examples:
        >>> jensen_shannon(np.array([5, 0]), np.array([0, 7]))
        1.0

    References:
        Endres and Schindelin (2003), IEEE Trans. Inf. Theory 49(7), 1858-1860.
    """
    n, m = float(window.sum()), float(reference.sum())
    if not n or not m:
        return None
    p, q = window / n, reference / m
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(p > 0, p * np.log2(p / middle), 0) + np.where(
            q > 0, q * np.log2(q / middle), 0
        )
    return float(np.sqrt(max(parts.sum() / 2, 0.0)))
