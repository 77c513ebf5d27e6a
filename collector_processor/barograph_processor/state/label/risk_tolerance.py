"""How many predictions may be wrong."""

from collections.abc import Mapping
from typing import Any

from barograph_processor.config import AlarmConfig
from barograph_processor.state.label.realized import Share

__all__ = ["RiskTolerance"]

_MOST = 1 - 1e-4


class RiskTolerance:
    """The risk that is tolerated: as stated, else the reference's and some more.

    Not locked; its owner is.

    Attributes:
        tolerated: In (0, 1); None while it is neither stated nor known of the reference.
        baseline_risk: The reference's, in [0, 1]; None until it is fixed.

    Args:
        alarm: The tolerance above the reference, or a risk that is tolerated whatever it had.
        offline: What an evaluation before deployment promised, by metric. An accuracy is an
            objective: the risk that it leaves, and the tolerance, is all that is tolerated.
    """

    def __init__(self, alarm: AlarmConfig, offline: Mapping[str, float]) -> None:
        self._alarm = alarm
        self._objective = alarm.tolerated_risk
        self.tolerated = self._objective
        self.baseline_risk: float | None = None
        self.promise(offline)

    def promise(self, offline: Mapping[str, float]) -> None:
        """Take an accuracy that was promised for the objective, where there is none yet."""
        if self._objective is None and "accuracy" in offline:
            promised = 1 - offline["accuracy"]
            self._objective = min(promised + self._alarm.above(promised), _MOST)
            self.tolerated = self._objective

    def fix(self, risk: float, bound: float) -> float:
        """Take the reference's risk and its upper bound; return what is tolerated from now on."""
        self.baseline_risk = risk
        if self.tolerated is None:
            self.tolerated = min(bound + self._alarm.above(risk), _MOST)
        return self.tolerated

    def calm(self, share: Share | None) -> bool:
        """Whether the risk of a window's labels is no worse than it may be; no if not known.

        It may be that of the reference and the tolerance. Of the margin for not
        knowing the reference's risk exactly, which is for evidence, one window gets
        half.
        """
        if share is None or self.tolerated is None:
            return False
        return share[0] <= (self._wanted(self.tolerated) + self.tolerated) / 2

    def bad(self, share: Share | None) -> bool:
        """Whether the risk of a window's labels is worse than it may be, beyond their noise."""
        if share is None or self.tolerated is None:
            return False
        return share[1] > self._wanted(self.tolerated)

    def _wanted(self, tolerated: float) -> float:
        """Return the risk of the reference and the tolerance, or the one that was stated."""
        if self.baseline_risk is None or self._objective is not None:
            return tolerated
        return self.baseline_risk + self._alarm.above(self.baseline_risk)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"baseline_risk": self.baseline_risk, "tolerated": self.tolerated}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.baseline_risk = state["baseline_risk"]
        self.tolerated = state["tolerated"]
