"""``[alarm]``: the budget, and what counts as harm."""

import math
from typing import Final

from barograph_processor.config.table import Table

__all__ = ["AlarmConfig"]

_POINTS: Final = 0.02
_SHARE: Final = 0.2


class AlarmConfig(Table, frozen=True, kw_only=True):
    """The alarm budget and what counts as harm.

    Attributes:
        windows_between_false_alarms: Windows per false alarm, for the whole model.
        harm_share: Share of the budget for harm; the rest is for drift. In (0, 1).
        tolerance: Risk above the reference's that is tolerated. In [0, 1). None: 0.02, and of
            the risk at most a fifth of what it was.
        tolerated_risk: An outright objective for the risk instead. In (0, 1).
        drift_tolerance: Effect below which drift is not reported, as a distance.
        hold_windows: An alarm that comes back within so many windows of its end goes on with
            the same incident: it is not told anew, nor its end before it stayed away so long.
        propose_slices: Whether slices that nobody registered are searched for in the inputs.
    """

    windows_between_false_alarms: float = 10_000
    harm_share: float = 0.5
    tolerance: float | None = None
    tolerated_risk: float | None = None
    drift_tolerance: float = 0.0
    hold_windows: int = 5
    propose_slices: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        windows = self.windows_between_false_alarms
        if not (windows >= 1 and math.isfinite(windows)):
            raise ValueError(f"windows_between_false_alarms must be at least 1, got {windows!r}")
        if not 0 < self.harm_share < 1:
            raise ValueError(f"harm_share must be in (0, 1), got {self.harm_share!r}")
        if self.tolerance is not None and not 0 <= self.tolerance < 1:
            raise ValueError(f"tolerance must be in [0, 1), got {self.tolerance!r}")
        if self.tolerated_risk is not None and not 0 < self.tolerated_risk < 1:
            raise ValueError(f"tolerated_risk must be in (0, 1), got {self.tolerated_risk!r}")
        if not (self.drift_tolerance >= 0 and math.isfinite(self.drift_tolerance)):
            raise ValueError(f"drift_tolerance must not be negative, got {self.drift_tolerance!r}")
        if self.hold_windows < 0:
            raise ValueError(f"hold_windows must not be negative, got {self.hold_windows!r}")

    @property
    def points(self) -> float:
        """How far a rate or a score may move that is no risk."""
        return _POINTS if self.tolerance is None else self.tolerance

    def above(self, risk: float) -> float:
        """Return how far the risk may rise above what it was.

        Two points are little to a model that is wrong once in four times, and three times as
        many errors to one that is wrong once in a hundred.

        >>> AlarmConfig().above(0.25), AlarmConfig().above(0.01)
        (0.02, 0.002)
        >>> AlarmConfig(tolerance=0.05).above(0.01)
        0.05
        """
        return min(_POINTS, _SHARE * risk) if self.tolerance is None else self.tolerance
