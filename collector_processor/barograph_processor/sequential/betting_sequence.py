"""The tightest interval for a mean at all times at once: by betting against candidate means."""

import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Bools, Floats

__all__ = ["BettingSequence"]

_GRID = 501
_CANDIDATES: Floats = np.linspace(0.0, 1.0, _GRID)
_STAKE = 0.5


class BettingSequence:
    """A confidence sequence for the mean of bounded observations, or of weighted draws.

    Two gamblers bet against each of 501 candidate means, one that the mean is higher, one that
    it is lower; a candidate is dropped for good once their average wealth reaches
    ``1 / alpha``.

    Of a population whose items were drawn with unequal probabilities q, an item gets the weight
    ``w = floor / q``, where ``floor`` is a lower bound of all probabilities that was known
    before the draw. Then ``w (x - m)`` of a draw has mean zero if ``m`` is the population's
    mean, and it is bounded, so both gamblers may bet on it. What was drawn with a small chance
    counts fully, what was bound to be drawn counts less.

    A control variate may be subtracted from x, with mean zero over the population; then x
    is in ``[-slack, 1 + slack]``.

    State: two floats a candidate mean. About 20 us an observation. Not locked: one writer.

    Args:
        alpha: Probability of ever missing the truth, in ``(0, 1)``.

    Raises:
        ValueError: ``alpha`` is not in ``(0, 1)``.

    Examples:
        >>> sequence = BettingSequence()
        >>> sequence.update([0.0, 1.0] * 200)
        >>> low, high = sequence.interval
        >>> 0.4 < low < 0.5 < high < 0.6
        True

    References:
        Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by
        betting, arXiv:2010.09686, Theorem 3 (hedged capital). Horvitz and Thompson (1952).
    """

    def __init__(self, *, alpha: float = 0.05) -> None:
        if not 0 < alpha < 1:
            raise ValueError(f"alpha must be in (0, 1), got {alpha!r}")
        self._alpha = alpha
        self.n = 0
        # Views of one number: most sequences of most models never see an observation.
        self._wealth: Floats = np.broadcast_to(0.0, (2, _GRID))
        self._alive: Bools = np.broadcast_to(np.True_, _GRID)
        self._weights, self._sum = 0.0, 0.0
        # As if one observation of standard deviation a half had been seen.
        self._squares = 0.25

    @property
    def interval(self) -> tuple[float, float]:
        """The smallest interval that holds all candidates left, widened by one grid step."""
        left = np.flatnonzero(self._alive)
        step = 1 / (_GRID - 1)
        if not len(left):
            mean = min(max(self.mean or 0.0, 0.0), 1.0)
            return mean, mean
        low, high = float(_CANDIDATES[left[0]]), float(_CANDIDATES[left[-1]])
        return max(low - step, 0.0), min(high + step, 1.0)

    @property
    def mean(self) -> float | None:
        """The weighted mean, which estimates the population's; None before any draw."""
        return self._sum / self._weights if self._weights else None

    def update(self, x: npt.ArrayLike, *, weight: float = 1.0, slack: float = 0.0) -> None:
        """Take observations in order.

        Args:
            x: The observations, shape ``(n,)`` or a single one, in ``[-slack, 1 + slack]``.
            weight: Of each of them, in ``(0, 1]``.
            slack: How far a control variate may have moved them; decided before the draw.

        Raises:
            ValueError: One is out of range; then none is taken.
        """
        values = np.asarray(x, dtype=np.float64).ravel()
        if not 0 < weight <= 1:
            raise ValueError(f"weight must be in (0, 1], got {weight!r}")
        if not slack >= 0:
            raise ValueError(f"slack must not be negative, got {slack!r}")
        if not ((values >= -slack) & (values <= 1 + slack)).all():
            raise ValueError(f"observations must be in [{0 - slack:g}, {1 + slack:g}]")
        most = _STAKE / (np.array([_CANDIDATES, 1 - _CANDIDATES]) + slack + 1e-12)
        for value in values.tolist():
            self._take(value, float(weight), most)

    def _take(self, x: float, weight: float, most: Floats) -> None:
        t = self.n + 1
        tilt = math.sqrt(2 * math.log(2 / self._alpha) / (self._squares * math.log1p(t)))
        bets = np.minimum(tilt, most) * np.array([[1.0], [-1.0]])
        self._wealth = self._wealth + np.log1p(bets * weight * (x - _CANDIDATES))
        # The average of two wealths, as a logarithm.
        total = np.logaddexp(self._wealth[0], self._wealth[1]) - math.log(2)
        self._alive = self._alive & (total < -math.log(self._alpha))
        self.n = t
        self._weights += weight
        self._sum += weight * x
        # Half an observation at a half keeps the first means away from the edges.
        centre = (self._sum + 0.5) / (self._weights + 1)
        self._squares += (weight * (x - centre)) ** 2

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "alpha": self._alpha,
            "n": self.n,
            "wealth": self._wealth.copy(),
            "alive": self._alive.copy(),
            "sums": [self._weights, self._sum, self._squares],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Undo ``state``."""
        sequence = cls(alpha=float(state["alpha"]))
        sequence.n = int(state["n"])
        if sequence.n:
            sequence._wealth = np.array(state["wealth"], dtype=np.float64).reshape(2, _GRID)
            sequence._alive = np.array(state["alive"], dtype=np.bool_)
        sequence._weights, sequence._sum, sequence._squares = (float(v) for v in state["sums"])
        return sequence
