"""What quality later labels are held against: learnt from the reference's own labels."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.quality.loss_unit import LossUnit
from barograph_processor.quality.risk import tolerated_risk
from barograph_processor.state.label.baseline_labels import BaselineLabels
from barograph_processor.state.label.calibrated import CalibratedScores
from barograph_processor.state.label.expected_errors import ExpectedErrors
from barograph_processor.state.label.labels import Correction, LabelledRows
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.state.label.sliced import SlicedQuality
from barograph_processor.state.window.baseline import QualityBaseline

__all__ = ["QualityReference"]

_MIN_BASELINE = 200
_ENOUGH_LATER = 500
_OUTLYING = 100.0


class QualityReference:
    """Gathers labels until the baseline can be fixed: overall, by slice, and of the scores.

    Labels of the reference's predictions may come late, and those of later predictions wait
    as long. If there are too few of the former, the first of the latter fill them up.

    State size: the losses of the baseline, and the labels that wait, until it is fixed. Not
    locked; its owner is.

    Args:
        slices: Learn their own baseline of the same labels.
        scores: So do they.
        errors: And so does what is expected of regressions.
    """

    def __init__(
        self, slices: SlicedQuality, scores: CalibratedScores, errors: ExpectedErrors
    ) -> None:
        self._slices = slices
        self._scores = scores
        self._errors = errors
        self._labels = BaselineLabels()
        self._later: list[LabelledRows] = []
        self._scale = 1.0
        self._bound: float | None = None
        self._adopted: QualityBaseline | None = None
        self.task: str | None = None

    @property
    def unit(self) -> LossUnit:
        """How its risk is told."""
        return LossUnit(self.task, self._scale)

    @property
    def performance(self) -> RealizedPerformance:
        """Performance on the reference's own labels."""
        return self._labels.performance

    def adopt(self, quality: QualityBaseline) -> None:
        """Take a baseline that was learnt earlier."""
        self._adopted = quality
        self.task, self._scale, self._bound = quality.task, quality.scale, quality.bound
        self._labels.free()
        if quality.slices is not None:
            self._slices.adopt(quality.slices)
        if quality.scores is not None:
            self._scores.adopt(quality.scores)

    def as_baseline(self, risk: float | None) -> QualityBaseline | None:
        """Return what was learnt or adopted, with the risk that it has; None until it is fixed."""
        if self._adopted is not None:
            return self._adopted
        if risk is None or self._bound is None or self.task is None:
            return None
        metrics = {name: value for name, (value, _, _) in self.performance.estimates().items()}
        return QualityBaseline(
            risk,
            self._bound,
            self._scale,
            self.task,
            self.performance.n,
            metrics,
            self._slices.as_baseline(),
            self._scores.as_baseline(),
        )

    def add(self, labels: LabelledRows) -> int:
        """Add labels of the reference's predictions; return the number of the first of them."""
        first = len(self._labels)
        self._labels.add(labels)
        self._slices.learn(labels.slices, labels.inputs, len(labels))
        return first

    def wait(self, labels: LabelledRows) -> None:
        """Keep labels of later predictions until the baseline is fixed."""
        self._later.append(labels)

    def correct(self, correction: Correction) -> int:
        """Replace earlier labels of the reference's predictions; return how many were held."""
        rows = np.flatnonzero(correction.in_reference & (correction.place >= 0))
        try:
            return self._labels.correct(correction.take(rows)) if len(rows) else 0
        except ValueError:
            return 0

    def ready(self, *, complete: bool) -> bool:
        """Whether the baseline can be fixed, for which labels that wait fill it up.

        Args:
            complete: No further label of the reference's predictions is to come.
        """
        if not complete and sum(map(len, self._later)) < _ENOUGH_LATER:
            return False
        while self._later and len(self._labels) < _MIN_BASELINE:
            self.add(self._later.pop(0))
        return len(self._labels) >= _MIN_BASELINE

    def fix(self, *, window_labels: float) -> tuple[float, float]:
        """Fix the baseline; return the risk and its upper bound.

        Args:
            window_labels: Labels that a window has if all of it is labelled.
        """
        raw, outcomes, rows = self._labels.losses(), self._labels.outcomes(), self._labels.rows()
        self._scale = _usual_error(raw)
        self.task = self.performance.task
        losses = self.bounded(raw)
        risk, self._bound = float(losses.mean()), tolerated_risk(losses)
        self._labels.free()
        self._slices.fix(losses, window_labels=window_labels)
        self._scores.fix(self.performance, outcomes, window_labels=window_labels)
        self._errors.fix(self.task, rows, raw)
        return risk, self._bound

    def release(self) -> list[LabelledRows]:
        """Return the labels that waited, in order of arrival, and forget them."""
        later, self._later = self._later, []
        return later

    def bounded(self, loss: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map losses into [0, 1].

        Those of classes are there. An error e of a regression becomes
        e / (e + usual error of the baseline): half where it is that.
        """
        if self.task != "regression":
            # A model whose task is only inferred may turn out to be a regression later.
            return np.minimum(loss, 1.0)
        finite = np.where(np.isfinite(loss), loss, 0.0)
        return np.where(np.isfinite(loss), finite / (finite + self._scale), 1.0)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues, without slices and scores."""
        return {
            "baseline": self._labels.state(),
            "later": [labels.state() for labels in self._later],
            "scale": self._scale,
            "task": self.task,
            "bound": self._bound,
            "adopted": None if self._adopted is None else msgspec.to_builtins(self._adopted),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._labels.load(state["baseline"])
        self._later = [LabelledRows.restore(plain) for plain in state["later"]]
        self._scale = float(state["scale"])
        self.task = state["task"]
        self._bound = state["bound"]
        adopted = state["adopted"]
        self._adopted = None if adopted is None else msgspec.convert(adopted, QualityBaseline)


def _usual_error(raw: npt.NDArray[np.float64]) -> float:
    """Return the mean of errors, of which none counts for more than 100 times their median.

    So a label in a hundred that is no true value, such as a word for none written as 1e30, does
    not make all other errors look like none. Of errors without such tails it is the mean.

    Args:
        raw: Not negative, those that are not finite left out, shape ``(n,)``.
    """
    finite = raw[np.isfinite(raw)]
    some = finite[finite > 0]
    if not len(some):
        return 1.0 if not len(finite) else float(np.finfo(np.float64).tiny)
    return float(np.minimum(finite, _OUTLYING * np.median(some)).mean())
