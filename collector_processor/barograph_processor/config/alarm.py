"""``[alarm]``: the budget, and what counts as harm."""

import math

from barograph_processor.config.table import Table

__all__ = ["AlarmConfig"]


class AlarmConfig(Table, frozen=True, kw_only=True):
    """The alarm budget and what counts as harm.

    Attributes:
        windows_between_false_alarms: Windows per false alarm, for the whole model.
        harm_share: Share of the budget for harm; the rest is for drift. In (0, 1).
        tolerance: Risk above the reference's that is tolerated. In [0, 1).
        tolerated_risk: An outright objective for the risk instead. In (0, 1).
        drift_tolerance: Effect below which drift is not reported, as a distance.
        hold_windows: An alarm that comes back within so many windows of its end goes on with
            the same incident: it is not told anew, nor its end before it stayed away so long.
        propose_slices: Whether slices that nobody registered are searched for in the inputs.
    """

    windows_between_false_alarms: float = 10_000
    harm_share: float = 0.5
    tolerance: float = 0.02
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
        if not 0 <= self.tolerance < 1:
            raise ValueError(f"tolerance must be in [0, 1), got {self.tolerance!r}")
        if self.tolerated_risk is not None and not 0 < self.tolerated_risk < 1:
            raise ValueError(f"tolerated_risk must be in (0, 1), got {self.tolerated_risk!r}")
        if not (self.drift_tolerance >= 0 and math.isfinite(self.drift_tolerance)):
            raise ValueError(f"drift_tolerance must not be negative, got {self.drift_tolerance!r}")
        if self.hold_windows < 0:
            raise ValueError(f"hold_windows must not be negative, got {self.hold_windows!r}")
