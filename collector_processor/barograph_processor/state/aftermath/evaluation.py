"""One kind of evaluation of a model's answers: its mean score, and whether that is harmed."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.quality.intervals import AT_ALL_TIMES, Estimate, estimate_mean
from barograph_processor.quality.risk import RiskMonitor, RiskTransition, tolerated_risk
from barograph_processor.quality.weighted import WeightedMean
from barograph_processor.state.label.label_marks import LabelMarks

__all__ = ["Evaluation"]

_ENOUGH: Final = 100
_RECENT: Final = 1000
_BLOCK: Final = 20
_RECOVERY_BLOCKS: Final = 200.0


class Evaluation:
    """Scores of one name: a baseline, the mean of late, and harm.

    The baseline are the scores of the reference's own predictions, and the first ones after
    it as long as there are fewer than 100. Scores within ``[0, 1]`` are losses as they are;
    others are put between the least and the greatest of the baseline.

    State size: the scores of the baseline until it is fixed, then 4,096 marks and a few
    numbers. Not locked; its owner is.

    Args:
        tolerance: Loss beyond the baseline's upper bound that is tolerated.
        budget_windows: Windows between false alarms.
        lower_is_better: Whether low scores are good ones.
    """

    def __init__(self, *, tolerance: float, budget_windows: float, lower_is_better: bool) -> None:
        self._tolerance = tolerance
        self._budget_windows = budget_windows
        self._lower_is_better = lower_is_better
        self._baseline: list[float] = []
        self._range = (0.0, 1.0)
        self._marks = LabelMarks(_BLOCK)
        self.reference: float | None = None
        self.monitor: RiskMonitor | None = None
        self.onset: RiskTransition | None = None
        self._older, self._younger = WeightedMean.empty(), WeightedMean.empty()

    def add(
        self,
        scores: npt.NDArray[np.float64],
        weight: npt.NDArray[np.float64],
        time_ns: npt.NDArray[np.int64],
        in_reference: npt.NDArray[np.bool_],
        *,
        per_window: float,
    ) -> npt.NDArray[np.bool_]:
        """Take finite scores in order of arrival, all of shape ``(n,)``.

        Args:
            scores: The scores.
            weight: Predictions that each stands for.
            time_ns: Event time of the predictions.
            in_reference: Whose predictions belong to the reference.
            per_window: Scores that a window has.

        Returns:
            Which are worse than the baseline's mean, shape ``(n,)``.
        """
        for row in range(len(scores)):
            if self.monitor is None:
                if not in_reference[row] and len(self._baseline) >= _ENOUGH:
                    self._fix(per_window)
                else:
                    self._baseline.append(float(scores[row]))
            if self.monitor is not None and not in_reference[row]:
                one = slice(row, row + 1)
                self._take(scores[one], time_ns[one], weight[one])
        if self.reference is None:
            return np.zeros(len(scores), dtype=np.bool_)
        worse = scores > self.reference if self._lower_is_better else scores < self.reference
        return np.asarray(worse)

    def close(self) -> None:
        """End a window: what is old is forgotten."""
        if self._younger.n >= _RECENT:
            self._older, self._younger = self._younger, WeightedMean.empty()

    def mean(self) -> Estimate | None:
        """Return the mean of the latest 1,000 to 2,000 scores; its interval holds at all times."""
        value = self._older.value
        if value is None:
            return None
        return estimate_mean(value, self._older.variance, self._older.effective, AT_ALL_TIMES)

    @property
    def harmed(self) -> bool:
        """Whether scores are too bad now."""
        return self.monitor is not None and self.monitor.harmed

    def since(self) -> int:
        """Return the event time, ns, since when they are; 0 if they never were."""
        return 0 if self.onset is None else self._marks.since(self.onset.since_label)

    def figures(self) -> dict[str, Any]:
        """Return plain values; None where not known yet."""
        value, lower, upper = self.mean() or (None, None, None)
        monitor = self.monitor
        return {
            "value": value,
            "lower": lower,
            "upper": upper,
            "scores": self._older.n,
            "reference": self.reference,
            "evidence": None if monitor is None else monitor.log10_evidence,
            "threshold": None if monitor is None else monitor.log10_threshold,
            "alarm": self.harmed,
        }

    def _fix(self, per_window: float) -> None:
        baseline = np.array(self._baseline)
        if baseline.min() < 0 or baseline.max() > 1:
            self._range = float(baseline.min()), float(baseline.max())
        self.reference = float(baseline.mean())
        budget = max(self._budget_windows * per_window, float(_BLOCK))
        tolerated = tolerated_risk(self._losses(baseline), self._tolerance)
        self.monitor = RiskMonitor(
            tolerated, budget_labels=budget, block=_BLOCK, recovery=_RECOVERY_BLOCKS
        )
        self._baseline = []

    def _take(
        self,
        score: npt.NDArray[np.float64],
        time_ns: npt.NDArray[np.int64],
        weight: npt.NDArray[np.float64],
    ) -> None:
        assert self.monitor is not None
        self._marks.add(time_ns)
        mean = WeightedMean.of(score, weight)
        self._older, self._younger = self._older.merge(mean), self._younger.merge(mean)
        for step in self.monitor.update(self._losses(score)):
            self.onset = step if step.harmed else self.onset

    def _losses(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        low, high = self._range
        share = np.clip((scores - low) / max(high - low, 1e-12), 0.0, 1.0)
        return np.asarray(share if self._lower_is_better else 1 - share)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "baseline": list(self._baseline),
            "range": list(self._range),
            **self._marks.state(),
            "reference": self.reference,
            "monitor": None if self.monitor is None else self.monitor.state(),
            "onset": None if self.onset is None else msgspec.to_builtins(self.onset),
            "recent": [self._older.to_bytes(), self._younger.to_bytes()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._baseline = list(state["baseline"])
        self._range = (state["range"][0], state["range"][1])
        self._marks.load(state)
        self.reference = state["reference"]
        monitor, onset = state["monitor"], state["onset"]
        self.monitor = None if monitor is None else RiskMonitor.restore(monitor)
        self.onset = None if onset is None else msgspec.convert(onset, RiskTransition)
        self._older, self._younger = (WeightedMean.from_bytes(bytes(p)) for p in state["recent"])
