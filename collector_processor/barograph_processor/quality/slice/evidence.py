"""Evidence that slices do worse than is tolerated, or no longer do."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.beta_binomial import beta_binomial_bets
from barograph_processor.sequential.shiryaev_roberts import shiryaev_roberts
from barograph_processor.stats.array import Bools, Floats

__all__ = ["MOST_RISK", "SliceEvidence"]

MOST_RISK: Final = 0.95
"""What is tolerated is at most this."""

_STEPS: Final = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32])


class SliceEvidence:
    """A mixture of Shiryaev-Roberts processes a slice, for harm and for recovery.

    State size: 190 bytes a slice. Not locked: one writer.

    Args:
        size: Slices.
    """

    def __init__(self, size: int) -> None:
        shape = (size, len(_STEPS))
        self._onset = np.zeros(shape)
        self._return = np.zeros(shape)
        self._sums = np.zeros(shape)
        self._since = np.zeros(shape, dtype=np.int64)
        self.harmed = np.zeros(size, dtype=np.bool_)

    @property
    def of_harm(self) -> Floats:
        """Evidence of harm by slice, shape ``(M,)``; it rests while there is harm."""
        return np.asarray(self._onset.mean(axis=1))

    @property
    def of_recovery(self) -> Floats:
        """Evidence that harm is over, shape ``(M,)``; 0 without harm."""
        return np.asarray(self._return.mean(axis=1))

    def update(
        self,
        labels: Floats,
        losses: Floats,
        tau: Floats,
        phi: Floats,
        *,
        window: int,
        most: Floats | float = np.inf,
    ) -> None:
        """Bet on a window, all arrays of shape ``(M,)``.

        Args:
            labels: Of each slice.
            losses: Their sums.
            tau: Risk that is tolerated, at most ``MOST_RISK``.
            phi: How many times the variance of independent losses the sum has, at least 1.
            window: Its number.
            most: What a bet of harm makes at most, by slice; less than it might is fair as well.
        """
        above = np.minimum(tau[:, None] + _STEPS, (1 + MOST_RISK) / 2)
        below = np.maximum(tau[:, None] - _STEPS, 0.3 * tau[:, None])
        harmed = self.harmed[:, None]
        bets = beta_binomial_bets(labels, losses, tau, above, phi)
        made = np.minimum(bets, np.log(np.reshape(most, (-1, 1))))
        back = np.zeros_like(bets)
        back[self.harmed] = beta_binomial_bets(
            *(each[self.harmed] for each in (labels, losses, tau, below, phi))
        )
        self._onset = np.where(harmed, self._onset, shiryaev_roberts(self._onset, made))
        self._return = np.where(harmed, shiryaev_roberts(self._return, back), 0.0)
        # A change began when its cumulative sum last left zero.
        self._since = np.where(self._sums <= 0.0, window, self._since)
        self._sums = np.where(harmed, 0.0, np.maximum(self._sums + bets, 0.0))

    def began(self, k: int) -> int:
        """Return the window in which the harm of a slice probably began."""
        return int(self._since[k, int(self._sums[k].argmax())])

    def latch(self, k: int) -> None:
        """Take a slice for harmed until it recovers."""
        self.harmed[k] = True
        self._return[k] = 0.0

    def reset(self, slices: int | Bools) -> None:
        """Start slices anew, unharmed and without evidence of harm."""
        self.harmed[slices] = False
        self._onset[slices] = 0.0
        self._sums[slices] = 0.0

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return arrays for ``load``."""
        return {
            "onset": self._onset.copy(),
            "return": self._return.copy(),
            "sums": self._sums.copy(),
            "since": self._since.copy(),
            "harmed": self.harmed.copy(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._onset = np.array(state["onset"], dtype=np.float64)
        self._return = np.array(state["return"], dtype=np.float64)
        self._sums = np.array(state["sums"], dtype=np.float64)
        self._since = np.array(state["since"], dtype=np.int64)
        self.harmed = np.array(state["harmed"], dtype=np.bool_)
