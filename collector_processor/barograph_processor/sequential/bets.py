"""Bets on the mean of about standard normal deviates, clipped against single wild windows."""

import numpy as np

from barograph_processor.stats.array import Floats
from barograph_processor.stats.normal import normal_tail

__all__ = ["CAP", "TILTS", "clipped_normal_log_mgf"]

CAP = 3.0
"""Deviates are clipped here: one window adds at most a factor of 165, so that no
single wild one can raise an alarm, and three are needed under usual budgets."""

_STEPS = np.array([0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
TILTS = np.concatenate([_STEPS, -_STEPS])
"""The tilts ``lambda`` that are mixed, upwards and downwards, shape ``(L,)``."""


def clipped_normal_log_mgf(tilt: Floats, cap: float = CAP) -> Floats:
    """Return ``log E exp(tilt * clip(Z, -cap, cap))`` of a standard normal ``Z``.

    Args:
        tilt: Any shape.
        cap: Positive.

    Examples:
        Never more than the ``tilt**2 / 2`` of the normal itself.

        >>> clipped_normal_log_mgf(np.array([0.1, 3.2])).round(4)
        array([0.005 , 4.5035])
    """
    tilt = np.asarray(tilt, dtype=np.float64)
    inner = np.exp(tilt**2 / 2) * (1 - normal_tail(cap - tilt) - normal_tail(cap + tilt))
    outer = normal_tail(cap) * 2 * np.cosh(tilt * cap)
    return np.asarray(np.log(inner + outer), dtype=np.float64)
