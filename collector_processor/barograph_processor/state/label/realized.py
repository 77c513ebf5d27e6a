"""Realized performance of the labels of a window, whatever the task."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.binary import BinaryPerformance
from barograph_processor.quality.confusion import share_of
from barograph_processor.quality.intervals import AT_ONE_TIME, Estimate, Intervals
from barograph_processor.quality.loss import Judged, is_class
from barograph_processor.quality.multiclass import MulticlassPerformance
from barograph_processor.quality.promised_errors import PromisedErrors
from barograph_processor.quality.ranking import RankingPerformance
from barograph_processor.quality.regression import RegressionPerformance
from barograph_processor.quality.score_histogram import ScoreHistogram
from barograph_processor.quality.weighted import LARGEST, WeightedMean
from barograph_processor.stats.column import CategoricalColumn, NumericColumn

__all__ = ["RealizedPerformance", "Share"]

Share = tuple[float, float, float]
"""A share of rows and its 95% interval."""

_MEASURED = math.sqrt(LARGEST)
"""Errors whose squares are summed; of others nothing is."""

_Sums = BinaryPerformance | MulticlassPerformance | RegressionPerformance | RankingPerformance
_KINDS: Mapping[str, type[_Sums]] = {
    "binary": BinaryPerformance,
    "multiclass": MulticlassPerformance,
    "regression": RegressionPerformance,
    "ranking": RankingPerformance,
}


@dataclass(frozen=True, slots=True, eq=False)
class RealizedPerformance:
    """Sums over labelled predictions: a monoid under ``merge``.

    Attributes:
        task: ``binary``, ``multiclass``, ``regression`` or ``ranking``; None without labels.
        sums: Of that task; None without labels.
        loss: Losses, for classes and rankings.
        promised: Of regressions, what their inputs promised.
    """

    task: str | None
    sums: _Sums | None
    loss: WeightedMean = field(default_factory=WeightedMean.empty)
    promised: PromisedErrors = field(default_factory=PromisedErrors.empty)

    @classmethod
    def empty(cls) -> "RealizedPerformance":
        """Return the neutral element of ``merge``."""
        return cls(None, None)

    @classmethod
    def of(cls, judged: Judged) -> "RealizedPerformance":
        """Sum up judged predictions."""
        if len(judged) == 0:
            return cls.empty()
        weight = judged.weight
        if isinstance(judged.predicted, NumericColumn) and isinstance(judged.actual, NumericColumn):
            said, true = judged.predicted.values, judged.actual.values
            if judged.task == "regression":
                errors = RegressionPerformance.of(said, true, weight)
                told = judged.take(np.flatnonzero(judged.loss < _MEASURED))
                promised = PromisedErrors.of(told.promised, told.weight)
                return cls("regression", errors, promised=promised)
            ranked = RankingPerformance.of(said, true, weight)
            return cls("ranking", ranked, WeightedMean.of(judged.loss, weight))
        assert isinstance(judged.predicted, CategoricalColumn)
        assert isinstance(judged.actual, CategoricalColumn)
        loss = WeightedMean.of(judged.loss, weight)
        if judged.task == "binary":
            yes = is_class(judged.predicted, judged.positive)
            truly = is_class(judged.actual, judged.positive)
            sums: _Sums = BinaryPerformance.of(yes, truly, judged.score, weight)
        else:
            names = _names(judged.predicted), _names(judged.actual)
            sums = MulticlassPerformance.of(*names, judged.score, weight)
        return cls(judged.task, sums, loss)

    @property
    def n(self) -> int:
        """Labelled predictions."""
        return 0 if self.sums is None else self.sums.n

    @property
    def wrong(self) -> float:
        """Weight of the labels whose class was missed; of rankings what they lost."""
        return self.loss.wx

    @property
    def scores(self) -> ScoreHistogram | None:
        """Scores beside what came true, for classes with scores; else None."""
        classes = isinstance(self.sums, BinaryPerformance | MulticlassPerformance)
        scores = self.sums.scores if classes else None  # type: ignore[union-attr] # of those two
        return scores if scores is not None and scores.n else None

    def merge(self, other: "RealizedPerformance") -> "RealizedPerformance":
        """Return the sums of both; where the tasks differ, the newer one's alone."""
        if other.sums is None:
            return self
        if self.sums is None or type(self.sums) is not type(other.sums):
            return other
        merged = self.sums.merge(other.sums)  # type: ignore[arg-type] # both of one kind
        loss, promised = self.loss.merge(other.loss), self.promised.merge(other.promised)
        return RealizedPerformance(self.task, merged, loss, promised)

    def without(self, other: "RealizedPerformance") -> "RealizedPerformance":
        """Return the sums of the labels that are not among the other's.

        Raises:
            ValueError: The other holds labels that are not among these.
        """
        if other.sums is None:
            return self
        if self.sums is None or type(self.sums) is not type(other.sums):
            raise ValueError("the labels to leave out are not among these")
        rest = self.sums.without(other.sums)  # type: ignore[arg-type] # both of one kind
        if rest.n == 0:
            return RealizedPerformance.empty()
        loss, promised = self.loss.without(other.loss), self.promised.without(other.promised)
        return RealizedPerformance(self.task, rest, loss, promised)

    def estimates(self, intervals: Intervals = AT_ONE_TIME) -> dict[str, Estimate]:
        """Return the metrics of the task with their intervals.

        Args:
            intervals: Right at one time, or at all times at once.
        """
        if self.sums is None:
            return {}
        found = self.sums.estimates(intervals)
        risk = self.risk(intervals)
        if risk is not None and self.task != "ranking":
            # A row without a prediction is wrong, which the confusion of classes cannot say.
            found["accuracy"] = (1 - risk[0], 1 - risk[2], 1 - risk[1])
        return found

    def risk(self, intervals: Intervals = AT_ONE_TIME) -> Share | None:
        """Return the share of wrong predictions with its interval; None for regressions.

        Of rankings it is the mean of one minus the normalized gain.
        """
        loss = self.loss
        return share_of(loss.wx, loss.w - loss.wx, loss.wwx, loss.ww - loss.wwx, intervals)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "task": self.task,
            "sums": None if self.sums is None else self.sums.to_bytes(),
            "loss": self.loss.to_bytes(),
            "promised": self.promised.to_bytes(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "RealizedPerformance":
        """Undo ``state``."""
        task, data = state["task"], state["sums"]
        sums = None if data is None else _KINDS[task].from_bytes(data)
        promised = PromisedErrors.from_bytes(bytes(state["promised"]))
        return cls(task, sums, WeightedMean.from_bytes(state["loss"]), promised)


def _names(column: CategoricalColumn) -> npt.NDArray[np.str_]:
    return np.array([*column.levels, "__missing__"], dtype=np.str_)[column.codes]
