"""What the scores of a model are worth: calibration, estimated quality, and the gap to labels."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.calibration import ReliabilityBin, calibration_error, reliability
from barograph_processor.quality.calibration_monitor import (
    CalibrationMonitor,
    CalibrationTransition,
    outcome_dispersion,
)
from barograph_processor.quality.estimated import Calibrator
from barograph_processor.quality.intervals import AT_ALL_TIMES, Estimate, estimate_gap
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram
from barograph_processor.state.alarm.harm_budget import harm_budget
from barograph_processor.state.label.realized import RealizedPerformance

__all__ = ["CalibratedScores"]


class CalibratedScores:
    """Learns what scores meant in the reference, and holds later labels against it.

    State size: two histograms of scores and some 20 KiB of bets. Not locked; its owner is.

    Args:
        alarm: Budget and tolerance.
    """

    def __init__(self, alarm: AlarmConfig) -> None:
        self._alarm = alarm
        self._binary = True
        self._dispersion = 1.0
        self.reference: ScoreHistogram | None = None
        self.monitor: CalibrationMonitor | None = None
        self._calibrator: Calibrator | None = None
        self.step: CalibrationTransition | None = None
        self._first_label = 0

    def fix(
        self,
        baseline: RealizedPerformance,
        outcomes: npt.NDArray[np.float64],
        *,
        window_labels: float,
    ) -> None:
        """Learn from the labels of the reference.

        Args:
            baseline: Their sums.
            outcomes: Scores and whether they came true, in order, shape ``(2, n)``.
            window_labels: Labels that a window has if all of it is labelled.
        """
        if baseline.scores is not None:
            dispersion = outcome_dispersion(outcomes, block=max(round(window_labels), 1))
            self._start(baseline.scores, dispersion, binary=baseline.task == "binary")

    def adopt(self, plain: Mapping[str, Any]) -> None:
        """Take what was learnt earlier; see ``as_baseline``.

        Raises:
            ValueError: The histogram is damaged.
        """
        scores = ScoreHistogram.from_values(np.array(plain["histogram"], dtype=np.float64))
        self._start(scores, float(plain["dispersion"]), binary=bool(plain["binary"]))

    def as_baseline(self) -> dict[str, Any] | None:
        """Return what was learnt in plain JSON types; None if there are no scores."""
        if self.reference is None:
            return None
        values = np.frombuffer(self.reference.to_bytes(), "<f8")
        return {
            "histogram": values.tolist(),
            "dispersion": self._dispersion,
            "binary": self._binary,
        }

    @property
    def known(self) -> bool:
        """Whether quality can be estimated from scores."""
        return self._calibrator is not None

    def note(self, first_label: int) -> None:
        """Note the number of the first label of the window that is about to be judged."""
        self._first_label = first_label

    def close_window(self, performance: RealizedPerformance | None) -> None:
        """Judge the labels of a window; ``step`` is what last changed, dated by labels."""
        scores = None if performance is None else performance.scores
        if self.monitor is not None and scores is not None:
            self.step = self.monitor.update(scores, window=self._first_label) or self.step

    def estimates(self, counts: ScoreCounts | None) -> dict[str, Estimate]:
        """Return what is to be expected of predictions with these scores; empty if unknown."""
        if self._calibrator is None or counts is None:
            return {}
        return self._calibrator.estimate(counts, binary=self._binary)

    def gap(self, recent: RealizedPerformance) -> Estimate | None:
        """Return the realized accuracy minus what the same predictions' scores promised.

        The interval holds at all times at once, and carries what is not known of the
        reference. None if there is no such promise.
        """
        realized = recent.estimates(AT_ALL_TIMES).get("accuracy")
        if self._calibrator is None or recent.scores is None or realized is None:
            return None
        counts = recent.scores.counts
        promised = self._calibrator.estimate(counts, binary=self._binary)["accuracy"][0]
        return estimate_gap(realized, promised, self._calibrator.doubt(counts))

    @staticmethod
    def error(performance: RealizedPerformance) -> float | None:
        """Return the calibration error of labelled rows; None without scores."""
        return None if performance.scores is None else calibration_error(performance.scores)

    @property
    def reference_bins(self) -> list[ReliabilityBin]:
        """How often scores came true in the reference; empty if that is not known."""
        return [] if self.reference is None else reliability(self.reference)

    @staticmethod
    def bins_of(performance: RealizedPerformance) -> list[ReliabilityBin]:
        """Return how often scores came true lately, with intervals that hold at all times."""
        scores = performance.scores
        return [] if scores is None else reliability(scores, intervals=AT_ALL_TIMES)

    def _start(self, reference: ScoreHistogram, dispersion: float, *, binary: bool) -> None:
        self._binary, self._dispersion = binary, dispersion
        self._calibrator = Calibrator.learn(reference)
        self.reference = reference
        if self._calibrator is not None:
            self.monitor = CalibrationMonitor(
                reference,
                tolerance=self._alarm.points,
                budget=harm_budget(self._alarm, "calibration"),
                dispersion=dispersion,
            )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "binary": self._binary,
            "dispersion": self._dispersion,
            "reference": None if self.reference is None else self.reference.to_bytes(),
            "first_label": self._first_label,
            "step": None if self.step is None else msgspec.to_builtins(self.step),
            "monitor": None if self.monitor is None else self.monitor.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._binary, self._dispersion = state["binary"], state["dispersion"]
        if state["reference"] is not None:
            self.reference = ScoreHistogram.from_bytes(bytes(state["reference"]))
            self._calibrator = Calibrator.learn(self.reference)
        self._first_label = state["first_label"]
        step, monitor = state["step"], state["monitor"]
        self.step = None if step is None else msgspec.convert(step, CalibrationTransition)
        self.monitor = None if monitor is None else CalibrationMonitor.restore(monitor)
