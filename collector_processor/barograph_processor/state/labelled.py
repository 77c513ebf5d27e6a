"""Quality by true labels: the baseline, the windows, the risk."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.risk import RiskMonitor, RiskTransition, tolerated_risk
from barograph_processor.state.baseline import QualityBaseline
from barograph_processor.state.baseline_labels import BaselineLabels
from barograph_processor.state.calibrated import CalibratedScores
from barograph_processor.state.harm_budget import harm_budget
from barograph_processor.state.labels import Correction, LabelledRows
from barograph_processor.state.realized import RealizedPerformance, Share
from barograph_processor.state.recent import LabelSums, RecentPerformance
from barograph_processor.state.sliced import SlicedQuality
from barograph_processor.state.wrong import WrongPredictions

__all__ = ["LabelledQuality"]

_MIN_BASELINE = 200
_ENOUGH_LATER = 500
_BLOCK = 20
_RECOVERY_BLOCKS = 1000.0
_MIN_WINDOW = 30
_ENOUGH_NOW = 100
_MARKS = 4096
_MOST = 1 - 1e-4


class LabelledQuality:
    """Realized performance by window, and the risk against what is tolerated.

    The baseline is the risk on the reference's own predictions. Their labels
    may come late: it is frozen once all of them are labelled, or once 500
    labels of later predictions have come, and has at least 200 labels.

    State size: sums of fixed size, 256 recent wrong predictions, 4096 marks, and
    the losses of the baseline until it is frozen. Not locked; its owner is.

    Args:
        alarm: Budget and tolerance.
        offline: What an evaluation before deployment promised, by metric. An accuracy is an
            objective: the risk that it leaves, and the tolerance, is all that is tolerated.
    """

    def __init__(self, alarm: AlarmConfig, *, offline: Mapping[str, float] | None = None) -> None:
        self.slices = SlicedQuality(alarm, budget_windows=harm_budget(alarm, "slice"))
        self.scores = CalibratedScores(alarm)
        self.offline = dict(offline or {})
        self._alarm = alarm
        self._baseline = BaselineLabels()
        self._later: list[LabelledRows] = []
        self._scale = 1.0
        self._task: str | None = None
        self._bound: float | None = None
        self._adopted: QualityBaseline | None = None
        self._marks: deque[tuple[int, int]] = deque(maxlen=_MARKS)
        self.wrong = WrongPredictions()
        self._seen = 0
        self.onset: RiskTransition | None = None
        self._harmed = False
        self.risk: RiskMonitor | None = None
        self.baseline_risk: float | None = None
        self.tolerated = self._objective
        self.recent = RecentPerformance()
        self._window = LabelSums()
        self._last = LabelSums()

    @property
    def _objective(self) -> float | None:
        """The risk that is tolerated whatever the reference had, where one was stated."""
        if self._alarm.tolerated_risk is not None or "accuracy" not in self.offline:
            return self._alarm.tolerated_risk
        return min(1 - self.offline["accuracy"] + self._alarm.tolerance, _MOST)

    @property
    def tolerance(self) -> float:
        """Risk above the reference's that is tolerated."""
        return self._alarm.tolerance

    @property
    def task(self) -> str | None:
        """What the baseline says that the model is; None as long as there is none."""
        return self._task

    @property
    def baseline(self) -> RealizedPerformance:
        """Performance on the reference's own labels."""
        return self._baseline.performance

    @property
    def frozen(self) -> bool:
        """Whether the baseline is fixed and the risk is watched."""
        return self.risk is not None

    def adopt(self, quality: QualityBaseline, *, window_labels: float) -> None:
        """Take a baseline that was learnt earlier, and watch the risk from now on.

        Args:
            quality: The baseline.
            window_labels: Labels that a window has if all of it is labelled.
        """
        self._adopted = quality
        self._task, self._scale = quality.task, quality.scale
        self._start(quality.risk, quality.bound, window_labels)
        if quality.slices is not None:
            self.slices.adopt(quality.slices)
        if quality.scores is not None:
            self.scores.adopt(quality.scores)

    def as_baseline(self) -> QualityBaseline | None:
        """Return the baseline, once it is fixed and was learnt here or adopted."""
        if self._adopted is not None:
            return self._adopted
        if self.baseline_risk is None or self._bound is None or self._task is None:
            return None
        metrics = {name: value for name, (value, _, _) in self.baseline.estimates().items()}
        return QualityBaseline(
            self.baseline_risk,
            self._bound,
            self._scale,
            self._task,
            self.baseline.n,
            metrics,
            self.slices.as_baseline(),
            self.scores.as_baseline(),
        )

    def learn(self, labels: LabelledRows) -> int | None:
        """Add labels of the reference's own predictions.

        Returns:
            The number of the first of them in the baseline; None if that is fixed already,
            and they are left out.
        """
        if self.frozen:
            return None
        first = len(self._baseline)
        self._add_to_baseline(labels)
        return first

    def correct(self, correction: Correction) -> int:
        """Replace earlier labels in the figures that still hold them.

        These are the baseline until it is fixed, the labels since the last window, that
        window's own for the risk now, and the latest 1,000 to 2,000 of them. Bets that were
        placed on the earlier labels stand: evidence cannot be taken back.

        Returns:
            How many were replaced in at least one figure.
        """
        self.wrong.forget(correction.after)
        if not self.frozen:
            rows = np.flatnonzero(correction.in_reference & (correction.place >= 0))
            try:
                return self._baseline.correct(correction.take(rows)) if len(rows) else 0
            except ValueError:
                return 0
        later = correction.take(np.flatnonzero(~correction.in_reference & (correction.place >= 0)))
        if len(later.place) == 0:
            return 0
        last = np.flatnonzero(later.place < self._window.since)
        counts = [
            self._last.correct(later.take(last)) if len(last) else 0,
            self.recent.correct(later),
        ]
        counts[0] += self._window.correct(later)
        self.slices.correct(
            later.place,
            later.before.slices,
            self.bounded(later.before.judged.loss),
            self.bounded(later.after.judged.loss),
        )
        return max(counts)

    def settle(self, *, complete: bool, window_labels: float) -> list[RiskTransition]:
        """Freeze the baseline if it can be; call after the reference is complete.

        Args:
            complete: No further label of the reference's predictions is to come.
            window_labels: Labels that a window has if all of it is labelled.
        """
        if not complete and sum(map(len, self._later)) < _ENOUGH_LATER:
            return []
        while self._later and len(self._baseline) < _MIN_BASELINE:
            self._add_to_baseline(self._later.pop(0))
        if len(self._baseline) < _MIN_BASELINE:
            return []
        self._freeze(window_labels)
        later, self._later = self._later, []
        return [step for labels in later for step in self._take(labels)]

    def observe(self, labels: LabelledRows) -> list[RiskTransition]:
        """Add labels of later predictions; return onsets of harm and recoveries."""
        if self.risk is None:
            self._later.append(labels)
            return []
        return self._take(labels)

    def since(self, label: int) -> int:
        """Return the event time, ns, of the prediction that a label number belongs to.

        Right to within a block of 20 labels, for the last 80,000 of them.
        """
        best = self._marks[0] if self._marks else (0, 0)
        for mark in self._marks:
            if mark[0] > label:
                break
            best = mark
        return best[1]

    def close_window(
        self, windows: int, *, at_least: int = _MIN_WINDOW
    ) -> RealizedPerformance | None:
        """Return the performance of the labels since the last window that had enough, or None.

        Args:
            windows: How many windows are closed by now.
            at_least: Labels that are enough. Positive.
        """
        self.recent.close_window(windows)
        self.scores.note(self._window.first)
        if self._window.performance.n < at_least:
            return None
        self._last, self._window = self._window, LabelSums(windows, self._seen)
        return self._last.performance

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
            point = self.baseline_risk + self._alarm.tolerance
            wanted = point + (self.tolerated - point) / 4
        return share[0] <= wanted

    def bad(self, performance: RealizedPerformance) -> bool:
        """Whether the labels of a window are worse than the reference beyond their own noise."""
        share = performance.risk()
        stated = self.baseline_risk is None or self._objective is not None
        wanted = self.tolerated if stated else self.baseline_risk
        return share is not None and wanted is not None and share[1] > wanted

    @property
    def harmed(self) -> bool:
        """Whether the monitor sees harm now."""
        return self.risk is not None and self.risk.harmed

    @property
    def calm_so_far(self) -> bool:
        """Whether the labels since the last window, if there are 100, are no worse than may be."""
        open_now = self._window.performance
        return open_now.n >= _ENOUGH_NOW and self.calm(open_now)

    def take_harmed(self) -> bool:
        """Return whether there was harm at any time since the last call."""
        harmed, self._harmed = self._harmed, self.harmed
        return harmed

    def risk_now(self) -> Share | None:
        """Return the share of wrong predictions among the latest labels, or None.

        Of the open window once it has 100 labels, else with the last closed one.
        """
        last, open_now = self._last.performance, self._window.performance
        return (open_now if open_now.n >= _ENOUGH_NOW else last.merge(open_now)).risk()

    def _add_to_baseline(self, labels: LabelledRows) -> None:
        self._baseline.add(labels)
        self.slices.learn(labels.slices, len(labels))

    def _freeze(self, window_labels: float) -> None:
        raw, outcomes = self._baseline.losses(), self._baseline.outcomes()
        finite = raw[np.isfinite(raw)]
        self._scale = float(finite.mean()) if len(finite) else 1.0
        self._task = self.baseline.task
        losses = self.bounded(raw)
        self._start(float(losses.mean()), tolerated_risk(losses), window_labels)
        self.slices.fix(losses, window_labels=window_labels)
        self.scores.fix(self.baseline, outcomes, window_labels=window_labels)

    def _start(self, risk: float, bound: float, window_labels: float) -> None:
        self.baseline_risk, self._bound = risk, bound
        if self.tolerated is None:
            self.tolerated = min(bound + self._alarm.tolerance, _MOST)
        budget = max(harm_budget(self._alarm, "risk") * window_labels, float(_BLOCK))
        self.risk = RiskMonitor(
            self.tolerated, budget_labels=budget, block=_BLOCK, recovery=_RECOVERY_BLOCKS
        )
        self._baseline.free()

    def _take(self, labels: LabelledRows) -> list[RiskTransition]:
        assert self.risk is not None
        self._window.add(labels.performance)
        self.recent.add(labels.performance)
        losses = self.bounded(labels.loss)
        for row in range(-self._seen % _BLOCK, len(losses), _BLOCK):
            self._marks.append((self._seen + row, int(labels.time_ns[row])))
        self._seen += len(losses)
        self.slices.observe(labels.slices, losses)
        self.wrong.add(labels, losses)
        steps = list(self.risk.update(losses))
        self.onset = next((step for step in reversed(steps) if step.harmed), self.onset)
        self._harmed = self._harmed or self.risk.harmed or any(step.harmed for step in steps)
        return steps

    def bounded(self, loss: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map losses into [0, 1].

        Those of classes are there. An error e of a regression becomes
        e / (e + mean error of the baseline): half where it is the usual one.
        """
        if self._task != "regression":
            # A model whose task is only inferred may turn out to be a regression later.
            return np.minimum(loss, 1.0)
        scale = max(self._scale, float(np.finfo(np.float64).tiny))
        finite = np.where(np.isfinite(loss), loss, 0.0)
        return np.where(np.isfinite(loss), finite / (finite + scale), 1.0)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "baseline": self._baseline.state(),
            "later": [labels.state() for labels in self._later],
            "scale": self._scale,
            "task": self._task,
            "bound": self._bound,
            "adopted": None if self._adopted is None else msgspec.to_builtins(self._adopted),
            "marks": [list(mark) for mark in self._marks],
            "wrong": self.wrong.state(),
            "slices": self.slices.state(),
            "scores": self.scores.state(),
            "seen": self._seen,
            "harmed": self._harmed,
            "onset": None if self.onset is None else msgspec.to_builtins(self.onset),
            "risk": None if self.risk is None else self.risk.state(),
            "baseline_risk": self.baseline_risk,
            "tolerated": self.tolerated,
            "recent": self.recent.state(),
            "window": self._window.state(),
            "last": self._last.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._baseline.load(state["baseline"])
        self._later = [LabelledRows.restore(plain) for plain in state["later"]]
        self._scale = float(state["scale"])
        self._task = state["task"]
        self._bound = state["bound"]
        adopted = state["adopted"]
        self._adopted = None if adopted is None else msgspec.convert(adopted, QualityBaseline)
        self._marks = deque((tuple(mark) for mark in state["marks"]), maxlen=_MARKS)
        self.wrong.load(state["wrong"])
        self.slices.load(state["slices"])
        self.scores.load(state["scores"])
        self._seen = state["seen"]
        self._harmed = state["harmed"]
        onset = state["onset"]
        self.onset = None if onset is None else msgspec.convert(onset, RiskTransition)
        self.risk = None if state["risk"] is None else RiskMonitor.restore(state["risk"])
        self.baseline_risk = state["baseline_risk"]
        self.tolerated = state["tolerated"]
        self.recent.load(state["recent"])
        self._window = LabelSums.restore(state["window"])
        self._last = LabelSums.restore(state["last"])
