"""Is the drift over? Bets that a latched stream is back where the reference was."""

from typing import Any

import numpy as np

from barograph_processor.sequential.shiryaev_roberts import ShiryaevRoberts

__all__ = ["Recovery"]

_TILTS = np.array([0.2, 0.4, 0.8, 1.6])
_WINDOWS_BETWEEN_FALSE_RECOVERIES = 200.0
_FORGET = 0.85
_LARGEST = 3.0
_SMALLEST = 0.5


class Recovery:
    """Watches the series that raised an alarm until it is back.

    The null is that its deviate from the reference is still at least half of the largest
    average deviate that the drift has reached; each bet wins when it is lower than that.
    If the drift grows, so does what must be undone. A stream that comes back for good is
    resolved some 5 windows after a large drift and some 17 after one that was barely
    found; one that stays drifted is resolved by mistake at most once in 200 windows on
    average, and is then found again.

    State: 7 floats.
    """

    def __init__(self, series: int, direction: float, level: float) -> None:
        """Start at an alarm.

        Args:
            series: The series that raised it.
            direction: +1 or -1.
            level: Average deviate in that direction since the change.
        """
        self.series = series
        self.direction = direction
        self._mean = max(level, _SMALLEST)
        self._peak = self._mean
        self._evidence = ShiryaevRoberts(len(_TILTS), threshold=_WINDOWS_BETWEEN_FALSE_RECOVERIES)

    @property
    def recovered(self) -> bool:
        """Whether there is enough evidence that the drift is over."""
        return self._evidence.alarmed

    def update(self, deviate: float) -> None:
        """Take the series' deviate from the reference in a window; NaN is no evidence."""
        if np.isnan(deviate):
            return
        towards = deviate * self.direction
        null = min(self._peak, _LARGEST) / 2
        self._evidence.update(_TILTS * (null - towards) - _TILTS**2 / 2)
        self._mean = _FORGET * self._mean + (1 - _FORGET) * towards
        self._peak = max(self._peak, self._mean)

    def state(self) -> dict[str, Any]:
        """Return what `restored` takes."""
        return {
            "series": self.series,
            "direction": self.direction,
            "mean": self._mean,
            "peak": self._peak,
            "evidence": self._evidence.state(),
        }

    @classmethod
    def restored(cls, state: dict[str, Any]) -> "Recovery":
        """Continue where `state` was taken."""
        recovery = cls(int(state["series"]), float(state["direction"]), 0.0)
        recovery._mean = float(state["mean"])
        recovery._peak = float(state["peak"])
        recovery._evidence.restore(state["evidence"])
        return recovery
