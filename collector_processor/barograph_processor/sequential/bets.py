"""Bets on the mean of about standard normal deviates, clipped against single wild windows."""

import numpy as np

from barograph_processor.stats.array import Floats
from barograph_processor.stats.normal import normal_tail

__all__ = ["BROKEN_CAP", "CAP", "TILTS", "TILT_WEIGHTS", "clipped_normal_log_mgf"]

CAP = 3.0
"""Deviates are clipped here: one window adds at most a factor of 165, so that no
single wild one can raise an alarm, and three are needed under usual budgets."""
BROKEN_CAP = 10.0
"""The same where nearly all rows of a window are unlike any of the reference: that is no wild
draw of what varies from window to window, and one such window is enough."""

_STEPS = np.array([0.2, 0.4, 0.8, 1.6, 3.2])
_STEP_WEIGHTS = np.array([0.05, 0.15, 0.25, 0.3, 0.25])
TILTS = np.concatenate([_STEPS, -_STEPS])
"""The tilts ``lambda`` that are mixed, upwards and downwards, each twice the one before,
shape ``(L,)``."""
TILT_WEIGHTS = np.concatenate([_STEP_WEIGHTS, _STEP_WEIGHTS]) / 2
"""Their weights, shape ``(L,)``. Shifts of less than 0.2 standard deviations of a window drown
in the uncertainty of the reference's own mean: little is bet on them."""


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
