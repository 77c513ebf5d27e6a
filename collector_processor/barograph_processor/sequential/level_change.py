"""When did a mean cross a level: the starts that are nearly as likely as the likeliest."""

import math

import numpy as np

from barograph_processor.sequential.change_point import ChangePoint
from barograph_processor.stats.array import Floats, Ints

__all__ = ["level_change"]

_BAR = math.log(40)
_EDGE = 1e-6
_TRUSTED = 20
"""Sums that are to differ from one another otherwise before this is believed over ``ratio``."""


def level_change(
    sums: Floats, rows: Ints, level: float, *, upwards: bool, ratio: float = 1.0
) -> ChangePoint:
    """Estimate after how many rows a mean of values in [0, 1] crossed a level.

    Both means are estimated for each start, that before it at most the level and that since at
    least it. Stated is the likeliest start since which the mean is beyond the level. Were both
    known, the log likelihood of the true start would be below that of any later one by log 40
    in one of 40 cases, whenever one stops to look (Ville), and as rarely below that of any
    earlier one; so 95% would be promised. What estimating them costs is paid of that: 90% are.
    Likelihoods are flatter, the more the sums differ within a part.

    Args:
        sums: Over consecutive rows, shape ``(m,)``, the oldest first.
        rows: How many each goes over, shape ``(m,)``.
        level: In (0, 1).
        upwards: Whether the mean was below before, else above.
        ratio: Variance of the values over that of yes and no with the same mean.

    Raises:
        ValueError: There is no sum.

    Returns:
        Counts of rows, from 0 on; bounds reach half a sum beyond the starts that are likely.

    Examples:
        >>> found = level_change(np.array([1.0, 2.0, 8.0, 9.0]), np.full(4, 10), 0.3, upwards=True)
        >>> found.at, found.low, found.high
        (20, 15, 25)

    References:
        Siegmund (1988), Confidence sets in change-point problems, Int. Statist. Rev. 56(1).
    """
    if not len(sums):
        raise ValueError("a change needs at least one sum")
    done = np.concatenate([[0], np.cumsum(rows)])
    held = np.concatenate([[0.0], np.cumsum(sums)])
    before, since = done[:-1], done[-1] - done[:-1]
    lost, losing = held[:-1], held[-1] - held[:-1]
    below = (-math.inf, level) if upwards else (level, math.inf)
    above = (level, math.inf) if upwards else (-math.inf, level)
    old = np.clip(lost / np.maximum(before, 1), *below)
    new = np.clip(losing / since, *above)
    likelihood = _likelihood(lost, before, old) + _likelihood(losing, since, new)
    beyond = losing >= level * since if upwards else losing <= level * since
    # What is told as the start must have gone on beyond the level as a whole.
    best = int((np.where(beyond, likelihood, -np.inf) if beyond.any() else likelihood).argmax())
    mean = np.where(np.arange(len(sums)) < best, old[best], new[best])
    mean = np.clip(mean, _EDGE, 1 - _EDGE)
    apart = float(((sums - rows * mean) ** 2 / (rows * mean * (1 - mean))).sum())
    spread = (ratio * _TRUSTED + apart) / (_TRUSTED + max(len(sums) - 2, 0))
    likely = np.flatnonzero(likelihood >= likelihood[best] - _BAR * spread)
    first, last = int(likely[0]), int(likely[-1])
    half_before = int(rows[first - 1]) // 2 if first else 0
    return ChangePoint(
        int(done[best]),
        int(done[first]) - half_before,
        int(done[last]) + int(rows[last]) // 2,
    )


def _likelihood(lost: Floats, rows: Ints, mean: Floats) -> Floats:
    mean = np.clip(mean, _EDGE, 1 - _EDGE)
    return np.asarray(lost * np.log(mean) + (rows - lost) * np.log1p(-mean))
