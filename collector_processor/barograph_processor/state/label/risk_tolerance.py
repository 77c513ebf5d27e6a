"""How many predictions may be wrong."""

from collections.abc import Mapping
from typing import Any

from barograph_processor.config import AlarmConfig
from barograph_processor.state.label.realized import RealizedPerformance

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

    def calm(self, performance: RealizedPerformance | None) -> bool:
        """Whether the labels of a window are no worse than they may be.

        They may be as bad as the reference plus the tolerance. Of the margin for not
        knowing the reference's risk exactly, which is for evidence, one window gets
        half. Without labels of classes there is no calm.
        """
        share = None if performance is None else performance.risk()
        if share is None or self.tolerated is None:
            return False
        wanted = self.tolerated
        if self.baseline_risk is not None and self._objective is None:
            point = self.baseline_risk + self._alarm.above(self.baseline_risk)
            wanted = point + (self.tolerated - point) / 2
        return share[0] <= wanted

    def bad(self, performance: RealizedPerformance) -> bool:
        """Whether the labels of a window are worse than the reference beyond their own noise."""
        share = performance.risk()
        stated = self.baseline_risk is None or self._objective is not None
        wanted = self.tolerated if stated else self.baseline_risk
        return share is not None and wanted is not None and share[1] > wanted

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"baseline_risk": self.baseline_risk, "tolerated": self.tolerated}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.baseline_risk = state["baseline_risk"]
        self.tolerated = state["tolerated"]
