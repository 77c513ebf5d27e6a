"""Quality by true labels: the baseline, the windows, the risk."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.loss_unit import LossUnit
from barograph_processor.quality.risk import RiskMonitor, RiskTransition
from barograph_processor.state.alarm.harm_budget import harm_budget
from barograph_processor.state.label.calibrated import CalibratedScores
from barograph_processor.state.label.examples import Examples
from barograph_processor.state.label.expected_errors import ExpectedErrors
from barograph_processor.state.label.label_marks import LabelMarks
from barograph_processor.state.label.labels import Correction, LabelledRows
from barograph_processor.state.label.quality_reference import QualityReference
from barograph_processor.state.label.realized import RealizedPerformance, Share
from barograph_processor.state.label.recent import LabelSums, RecentPerformance
from barograph_processor.state.label.risk_tolerance import RiskTolerance
from barograph_processor.state.label.sliced import SlicedQuality
from barograph_processor.state.window.baseline import Baseline, QualityBaseline

__all__ = ["LabelledQuality"]

_BLOCK = 20
_RECOVERY_BLOCKS = 10_000.0
_MIN_WINDOW = 30
_ENOUGH_NOW = 100
_HALF = 0.5


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
        self.errors = ExpectedErrors()
        self.promised = dict(offline or {})
        self.offline = self.promised
        self._alarm = alarm
        self._tolerance = RiskTolerance(alarm, self.promised)
        self._reference = QualityReference(self.slices, self.scores, self.errors)
        self._marks = LabelMarks(_BLOCK)
        self.wrong = Examples()
        self.onset: RiskTransition | None = None
        self._harmed = False
        self.risk: RiskMonitor | None = None
        self.recent = RecentPerformance()
        self._window, self._last = LabelSums(), LabelSums()

    @property
    def tolerance(self) -> float:
        """How far the accuracy may fall short of what was promised or estimated."""
        return self._alarm.points

    @property
    def tolerated(self) -> float | None:
        """Risk that is tolerated; None while it is not known."""
        return self._tolerance.tolerated

    @property
    def baseline_risk(self) -> float | None:
        """The reference's risk; None until it is fixed."""
        return self._tolerance.baseline_risk

    @property
    def unit(self) -> LossUnit:
        """How its risk is told to people."""
        return self._reference.unit

    @property
    def baseline(self) -> RealizedPerformance:
        """Performance on the reference's own labels."""
        return self._reference.performance

    @property
    def frozen(self) -> bool:
        """Whether the baseline is fixed and the risk is watched."""
        return self.risk is not None

    def promise(self, learnt: Baseline) -> None:
        """Take the offline figures that a baseline carries; what was configured goes before."""
        self.promised = {**learnt.promised, **self.promised}
        self.offline = {**learnt.offline, **self.promised}
        self._tolerance.promise(self.promised)

    def adopt(self, quality: QualityBaseline, *, window_labels: float) -> None:
        """Take a baseline that was learnt earlier, and watch the risk from now on.

        Args:
            quality: The baseline.
            window_labels: Labels that a window has if all of it is labelled.
        """
        self._reference.adopt(quality)
        self._start(quality.risk, quality.bound, window_labels)

    def as_baseline(self) -> QualityBaseline | None:
        """Return the baseline, once it is fixed and was learnt here or adopted."""
        return self._reference.as_baseline(self.baseline_risk)

    def learn(self, labels: LabelledRows) -> int | None:
        """Add labels of the reference's own predictions.

        Returns:
            The number of the first of them in the baseline; None if that is fixed already,
            and they are left out.
        """
        return None if self.frozen else self._reference.add(labels)

    def correct(self, correction: Correction) -> int:
        """Replace earlier labels in the figures that still hold them.

        These are the baseline until it is fixed, the labels since the last window, that
        window's own for the risk now, and the latest 1,000 to 2,000 of them. Bets that were
        placed on the earlier labels stand: evidence cannot be taken back.

        Returns:
            How many were replaced in at least one figure.
        """
        true = correction.after
        right = np.flatnonzero(true.judged.loss < _HALF)
        self.wrong.discard(true.ids[right], true.time_ns[right])
        if not self.frozen:
            return self._reference.correct(correction)
        later = correction.take(np.flatnonzero(~correction.in_reference & (correction.place >= 0)))
        if len(later.place) == 0:
            return 0
        before = self.bounded(later.before.judged.loss)
        after = self.bounded(later.after.judged.loss)
        last = np.flatnonzero(later.place < self._window.since)
        replaced = self._last.correct(later.take(last), (before[last], after[last]))
        replaced += self._window.correct(later, (before, after))
        self.slices.correct(later.place, later.before.slices, later.before.inputs, before, after)
        return max(replaced, self.recent.correct(later))

    def settle(self, *, complete: bool, window_labels: float) -> list[RiskTransition]:
        """Freeze the baseline if it can be; call after the reference is complete.

        Args:
            complete: No further label of the reference's predictions is to come.
            window_labels: Labels that a window has if all of it is labelled.
        """
        if not self._reference.ready(complete=complete):
            return []
        risk, bound = self._reference.fix(window_labels=window_labels)
        self._start(risk, bound, window_labels)
        return [step for labels in self._reference.release() for step in self._take(labels)]

    def observe(self, labels: LabelledRows) -> list[RiskTransition]:
        """Add labels of later predictions; return onsets of harm and recoveries."""
        if self.risk is None:
            self._reference.wait(labels)
            return []
        return self._take(labels)

    def since(self, label: int) -> int:
        """Return the event time, ns, of the prediction that a label number belongs to.

        Right to within a block of 20 labels, for the last 80,000 of them.
        """
        return self._marks.since(label)

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
        self._last, self._window = self._window, LabelSums(windows, self._marks.seen)
        return self._last.performance

    def calm(self, performance: RealizedPerformance | None) -> bool:
        """Whether the labels of a window are no worse than they may be; see ``RiskTolerance``."""
        return performance is not None and self._tolerance.calm(self.risk_now(performance))

    def recovered(self, performance: RealizedPerformance | None) -> bool:
        """Whether the labels of a window are calm, and enough for that to be no luck: 100."""
        enough = performance is not None and performance.n >= _ENOUGH_NOW
        return enough and self.calm(performance)

    def bad(self, performance: RealizedPerformance) -> bool:
        """Whether the labels of a window are worse than they may be beyond their own noise."""
        return self._tolerance.bad(self.risk_now(performance))

    @property
    def harmed(self) -> bool:
        """Whether the monitor sees harm now."""
        return self.risk is not None and self.risk.harmed

    @property
    def calm_so_far(self) -> bool:
        """Whether the labels since the last window, if there are 100, are no worse than may be."""
        return self.recovered(self._window.performance)

    def take_harmed(self) -> bool:
        """Return whether there was harm at any time since the last call."""
        harmed, self._harmed = self._harmed, self.harmed
        return harmed

    def risk_now(self, performance: RealizedPerformance | None = None) -> Share | None:
        """Return the risk of a window's labels, or of the latest where these do not say it.

        These are the open window's once it has 100, else with those of the last closed one.
        """
        if performance and (share := performance.risk()):
            return share
        enough = self._window.performance.n >= _ENOUGH_NOW
        return self._window.risk(LabelSums() if enough else self._last)

    def bounded(self, loss: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map losses into [0, 1]; see ``QualityReference``."""
        return self._reference.bounded(loss)

    def _start(self, risk: float, bound: float, window_labels: float) -> None:
        tolerated = self._tolerance.fix(risk, bound)
        budget = max(harm_budget(self._alarm, "risk") * window_labels, float(_BLOCK))
        self.risk = RiskMonitor(
            tolerated, budget_labels=budget, block=_BLOCK, recovery=_RECOVERY_BLOCKS
        )

    def _take(self, labels: LabelledRows) -> list[RiskTransition]:
        assert self.risk is not None
        losses = self.bounded(labels.loss)
        self._window.add(labels.performance, losses)
        self.recent.add(labels.performance)
        self._marks.add(labels.time_ns)
        self.slices.observe(labels.slices, labels.inputs, losses, labels.time_ns)
        wrong = np.flatnonzero(losses >= _HALF)
        levels = self.slices.levels(labels.slices, labels.inputs, wrong)
        self.wrong.add(labels.ids[wrong], labels.time_ns[wrong], levels)
        steps = list(self.risk.update(losses))
        self.onset = next((step for step in reversed(steps) if step.harmed), self.onset)
        self._harmed = self._harmed or self.risk.harmed or any(step.harmed for step in steps)
        return steps

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            **self._reference.state(),
            **self._marks.state(),
            "wrong": self.wrong.state(),
            "slices": self.slices.state(),
            "scores": self.scores.state(),
            "errors": self.errors.state(),
            "harmed": self._harmed,
            "onset": None if self.onset is None else msgspec.to_builtins(self.onset),
            "risk": None if self.risk is None else self.risk.state(),
            **self._tolerance.state(),
            "recent": self.recent.state(),
            "window": self._window.state(),
            "last": self._last.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._reference.load(state)
        self._marks.load(state)
        self.wrong.load(state["wrong"])
        self.slices.load(state["slices"])
        self.scores.load(state["scores"])
        self.errors.load(state["errors"])
        self._harmed = state["harmed"]
        onset = state["onset"]
        self.onset = None if onset is None else msgspec.convert(onset, RiskTransition)
        self.risk = None if state["risk"] is None else RiskMonitor.restore(state["risk"])
        self._tolerance.load(state)
        self.recent.load(state["recent"])
        self._window = LabelSums.restore(state["window"])
        self._last = LabelSums.restore(state["last"])
