"""One kind of evaluation of a model's answers: its mean score, and whether that is harmed."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.quality.intervals import (
    AT_ALL_TIMES,
    Estimate,
    estimate_gain,
    estimate_mean,
)
from barograph_processor.quality.risk import RiskMonitor, RiskTransition, tolerated_risk
from barograph_processor.quality.skewed_mean import SkewedMean
from barograph_processor.signal import Apart
from barograph_processor.state.label.label_marks import LabelMarks
from barograph_processor.state.label.slice_columns import SliceColumns
from barograph_processor.state.label.sliced import SlicedQuality

__all__ = ["Evaluation"]

_ENOUGH: Final = 100
_RECENT: Final = 1000
_ROUNDING: Final = 1e-9
_BLOCK: Final = 20
_RECOVERY_BLOCKS: Final = 200.0
_BOUNDED: Final = (0.0, 1.0)


class Evaluation:
    """Scores of one name: a baseline, the mean of late, and harm.

    The baseline are the scores of the reference's own predictions, and the first ones after
    it as long as there are fewer than 100. Scores within ``[0, 1]`` are losses as they are;
    others are put between the least and the greatest of the baseline.

    State size: the scores of the baseline until it is fixed, then 4,096 marks and a few
    numbers, and what ``SlicedQuality`` takes. Not locked; its owner is.

    Args:
        tolerance: Loss beyond the baseline's upper bound that is tolerated.
        budget_windows: Windows between false alarms.
        lower_is_better: Whether low scores are good ones.
        slices: What sets bad scores apart; None if that is not asked.
    """

    def __init__(
        self,
        *,
        tolerance: float,
        budget_windows: float,
        lower_is_better: bool,
        slices: SlicedQuality | None = None,
    ) -> None:
        self._tolerance = tolerance
        self._budget_windows = budget_windows
        self._lower_is_better = lower_is_better
        self._slices = slices
        self._baseline: list[float] = []
        self._range = _BOUNDED
        self._marks = LabelMarks(_BLOCK)
        self.reference: float | None = None
        self.monitor: RiskMonitor | None = None
        self.onset: RiskTransition | None = None
        self._before, self._since = SkewedMean.empty(), SkewedMean.empty()

    def add(
        self,
        scores: npt.NDArray[np.float64],
        weight: npt.NDArray[np.float64],
        time_ns: npt.NDArray[np.int64],
        in_reference: npt.NDArray[np.bool_],
        slices: SliceColumns,
        *,
        windows: float,
    ) -> npt.NDArray[np.bool_]:
        """Take finite scores in order of arrival, all of shape ``(n,)``.

        Args:
            scores: The scores.
            weight: Predictions that each stands for.
            time_ns: Event time of the predictions.
            in_reference: Whose predictions belong to the reference.
            slices: Levels of the predictions by dimension.
            windows: That the predictions so far fill, which says how many scores one has.

        Returns:
            Which show that scores are worse, shape ``(n,)``: worse than the baseline's mean,
            and no better than the mean of late, since many that are as ever are below the former.
        """
        begin, bar = 0, np.zeros(len(scores))
        if self.monitor is None:
            enough = len(self._baseline) + np.arange(len(scores)) >= _ENOUGH
            later = np.flatnonzero(~in_reference & enough)
            begin = int(later[0]) if len(later) else len(scores)
            self._learn(scores[:begin], slices)
            if len(later):
                self._fix(max(len(self._baseline) / max(windows, 1.0), 1.0))
        if self.monitor is not None:
            rows = begin + np.flatnonzero(~in_reference[begin:])
            for row in rows.tolist():
                one = slice(row, row + 1)
                self._take(scores[one], time_ns[one], weight[one])
                late = self._before.mean.merge(self._since.mean).value
                # None where all scores are too large to be summed: none shows anything then.
                bar[row] = self.losses(np.array([np.nan if late is None else late]))[0] - _ROUNDING
            if self._slices is not None and len(rows):
                levels = {name: column.take(rows) for name, column in slices.items()}
                self._slices.observe(levels, {}, self.losses(scores[rows]), time_ns[rows])
        if self.reference is None:
            return np.zeros(len(scores), dtype=np.bool_)
        worse = scores > self.reference if self._lower_is_better else scores < self.reference
        return np.asarray(worse & (self.losses(scores) >= bar))

    def close(self, number: int) -> None:
        """End a window, by its number: what is old is forgotten."""
        if self._slices is not None:
            self._slices.close_window(number)
        if self._since.n >= _RECENT:
            self._before, self._since = self._since, SkewedMean.empty()

    def mean(self) -> Estimate | None:
        """Return the mean of the latest 1,000 to 2,000 scores; its interval holds at all times.

        Scores that are all alike so far have no variance, nor do rare bad ones make one before
        they come: so it is that of a share, of what lies within the range of the baseline. Where
        scores may lie beyond that, it is as wide as that of numbers without a bound, too.
        """
        sums, (least, most) = self._before.merge(self._since), self._range
        if sums.value is None:
            return None
        n, width = sums.effective, most - least
        free = estimate_mean(sums.value, sums.variance, sums.third, n, AT_ALL_TIMES)
        value, low, high = free
        share = (value - least) / width if width > 0 else math.inf
        if low is None or high is None or not -_ROUNDING <= share <= 1 + _ROUNDING:
            return free
        _, below, above = estimate_gain(share, sums.variance / width**2, n, AT_ALL_TIMES)
        assert below is not None
        assert above is not None
        below, above = least + below * width, least + above * width
        if self._range == _BOUNDED:
            return value, below, above
        return value, min(low, below), max(high, above)

    @property
    def harmed(self) -> bool:
        """Whether scores are too bad now."""
        return self.monitor is not None and self.monitor.harmed

    def since(self) -> int:
        """Return the event time, ns, since when they are; 0 if they never were."""
        return 0 if self.onset is None else self._marks.since(self.onset.since_label)

    def apart(self) -> tuple[Apart, ...]:
        """Return the slices whose scores are worse than the others', the worst first."""
        found = () if self._slices is None else self._slices.apart()
        return tuple(
            replace(
                each,
                now=self._score(each.now),
                rest=None if each.rest is None else self._score(each.rest),
            )
            for each in found
        )

    def figures(self) -> dict[str, Any]:
        """Return plain values; None where not known yet."""
        value, lower, upper = self.mean() or (None, None, None)
        monitor = self.monitor
        return {
            "value": value,
            "lower": lower,
            "upper": upper,
            "scores": self._before.n + self._since.n,
            "reference": self.reference,
            "evidence": None if monitor is None else monitor.log10_evidence,
            "threshold": None if monitor is None else monitor.log10_threshold,
            "alarm": self.harmed,
        }

    def losses(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return how bad scores are, in [0, 1], shape ``(n,)``."""
        low, high = self._range
        share = np.clip((scores - low) / max(high - low, 1e-12), 0.0, 1.0)
        return np.asarray(share if self._lower_is_better else 1 - share)

    def _learn(self, scores: npt.NDArray[np.float64], slices: SliceColumns) -> None:
        self._baseline += scores.tolist()
        if self._slices is not None and len(scores):
            rows = np.arange(len(scores))
            levels = {name: column.take(rows) for name, column in slices.items()}
            self._slices.learn(levels, {}, len(rows))

    def _fix(self, per_window: float) -> None:
        baseline = np.array(self._baseline)
        if baseline.min() < 0 or baseline.max() > 1:
            self._range = float(baseline.min()), float(baseline.max())
        self.reference = float(baseline.mean())
        budget = max(self._budget_windows * per_window, float(_BLOCK))
        tolerated = tolerated_risk(self.losses(baseline), self._tolerance)
        self.monitor = RiskMonitor(
            tolerated, budget_labels=budget, block=_BLOCK, recovery=_RECOVERY_BLOCKS
        )
        if self._slices is not None:
            self._slices.fix(self.losses(baseline), window_labels=per_window)
        self._baseline = []

    def _take(
        self,
        score: npt.NDArray[np.float64],
        time_ns: npt.NDArray[np.int64],
        weight: npt.NDArray[np.float64],
    ) -> None:
        assert self.monitor is not None
        self._marks.add(time_ns)
        self._since = self._since.merge(SkewedMean.of(score, weight))
        for step in self.monitor.update(self.losses(score)):
            self.onset = step if step.harmed else self.onset

    def _score(self, loss: float) -> float:
        """Return the score of a loss."""
        low, high = self._range
        return low + (loss if self._lower_is_better else 1 - loss) * (high - low)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "baseline": list(self._baseline),
            "range": list(self._range),
            **self._marks.state(),
            "reference": self.reference,
            "monitor": None if self.monitor is None else self.monitor.state(),
            "onset": None if self.onset is None else msgspec.to_builtins(self.onset),
            "recent": [self._before.to_bytes(), self._since.to_bytes()],
            "slices": None if self._slices is None else self._slices.state(),
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
        self._before, self._since = (SkewedMean.from_bytes(bytes(p)) for p in state["recent"])
        if self._slices is not None:
            self._slices.load(state["slices"])
