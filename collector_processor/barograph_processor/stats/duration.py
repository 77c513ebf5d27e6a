"""Durations by level: absolute ones, so that no threshold has to be learnt first."""

from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Floats

__all__ = ["DURATION_LEVELS", "duration_codes"]

DURATION_LEVELS: Final = (
    "under 0.25 ms",
    "0.25-1 ms",
    "1-4 ms",
    "4-16 ms",
    "16-64 ms",
    "64-256 ms",
    "256 ms-1 s",
    "1-4 s",
    "4-16 s",
    "16-64 s",
    "over 64 s",
)
"""Names of the levels, each about four times the one before."""

_EDGES_S: Final = np.array([0.00025, 0.001, 0.004, 0.016, 0.064, 0.256, 1.0, 4.0, 16.0, 64.0])


def duration_codes(seconds: Floats) -> npt.NDArray[np.int32]:
    """Return the level of each duration as a code into ``DURATION_LEVELS``.

    Args:
        seconds: Shape ``(n,)``, not negative, no NaN. An edge belongs to the level above it.

    >>> codes = duration_codes(np.array([0.0, 0.0039, 0.004, 3600.0]))
    >>> [DURATION_LEVELS[code] for code in codes]
    ['under 0.25 ms', '1-4 ms', '4-16 ms', 'over 64 s']
    """
    return np.searchsorted(_EDGES_S, seconds, side="right").astype(np.int32)
