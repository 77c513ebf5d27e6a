"""Realized performance of the labels of a window, whatever the task."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.loss import Judged
from barograph_processor.quality.performance import (
    BinaryPerformance,
    MulticlassPerformance,
    RegressionPerformance,
)
from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.stats.column import CategoricalColumn, NumericColumn

__all__ = ["Estimate", "RealizedPerformance", "Share"]

Estimate = tuple[float, float | None, float | None]
"""A figure and its 95% interval, None where there is none."""

Share = tuple[float, float, float]
"""A share of rows and its 95% interval."""

_Sums = BinaryPerformance | MulticlassPerformance | RegressionPerformance
_KINDS: Mapping[str, type[_Sums]] = {
    "binary": BinaryPerformance,
    "multiclass": MulticlassPerformance,
    "regression": RegressionPerformance,
}


@dataclass(frozen=True, slots=True, eq=False)
class RealizedPerformance:
    """Sums over labelled predictions: a monoid under ``merge``.

    Attributes:
        task: ``binary``, ``multiclass`` or ``regression``; None without labels.
        sums: Of that task; None without labels.
        wrong: Labels whose class was missed, for classes.
    """

    task: str | None
    sums: _Sums | None
    wrong: int = 0

    @classmethod
    def empty(cls) -> "RealizedPerformance":
        """Return the neutral element of ``merge``."""
        return cls(None, None)

    @classmethod
    def of(cls, judged: Judged) -> "RealizedPerformance":
        """Sum up judged predictions."""
        if len(judged) == 0:
            return cls.empty()
        if isinstance(judged.predicted, NumericColumn) and isinstance(judged.actual, NumericColumn):
            sums: _Sums = RegressionPerformance.of(judged.predicted.values, judged.actual.values)
            return cls("regression", sums)
        assert isinstance(judged.predicted, CategoricalColumn)
        assert isinstance(judged.actual, CategoricalColumn)
        wrong = int(judged.loss.sum())
        if judged.task == "binary":
            said = _is(judged.predicted, judged.positive)
            true = _is(judged.actual, judged.positive)
            return cls("binary", BinaryPerformance.of(said, true, judged.score), wrong)
        sums = MulticlassPerformance.of(_names(judged.predicted), _names(judged.actual))
        return cls("multiclass", sums, wrong)

    @property
    def n(self) -> int:
        """Labelled predictions."""
        return 0 if self.sums is None else self.sums.n

    def merge(self, other: "RealizedPerformance") -> "RealizedPerformance":
        """Return the sums of both; where the tasks differ, the newer one's alone."""
        if other.sums is None:
            return self
        if self.sums is None or type(self.sums) is not type(other.sums):
            return other
        merged = self.sums.merge(other.sums)  # type: ignore[arg-type] # both of one kind
        return RealizedPerformance(self.task, merged, self.wrong + other.wrong)

    def estimates(self) -> dict[str, Estimate]:
        """Return the metrics of the task with their intervals.

        Shares of rows carry Wilson's interval: accuracy over all labels, precision
        over the predicted positives, recall over the true ones.
        """
        if self.sums is None:
            return {}
        found: dict[str, Estimate] = {
            name: (value, None, None) for name, value in self.sums.metrics().items()
        }
        if not isinstance(self.sums, RegressionPerformance):
            found["accuracy"] = _share(self.n - self.wrong, self.n)
        if isinstance(self.sums, BinaryPerformance):
            _, fp, fn, tp = self.sums.confusion.tolist()
            for name, whole in (("precision", tp + fp), ("recall", tp + fn)):
                if whole:
                    found[name] = _share(tp, whole)
        return found

    def risk(self) -> Share | None:
        """Return the share of wrong predictions with its interval; None for regressions."""
        if self.n == 0 or isinstance(self.sums, RegressionPerformance):
            return None
        return _share(self.wrong, self.n)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "task": self.task,
            "sums": None if self.sums is None else self.sums.to_bytes(),
            "wrong": self.wrong,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "RealizedPerformance":
        """Undo ``state``."""
        task, data = state["task"], state["sums"]
        sums = None if data is None else _KINDS[task].from_bytes(data)
        return cls(task, sums, state["wrong"])


def _share(part: int, whole: int) -> Share:
    lower, upper = wilson_interval(part, whole, alpha=0.05)
    return part / whole if whole else math.nan, float(lower), float(upper)


def _is(column: CategoricalColumn, name: str) -> npt.NDArray[np.bool_]:
    return np.array([level == name for level in column.levels] + [False], dtype=np.bool_)[
        column.codes
    ]


def _names(column: CategoricalColumn) -> npt.NDArray[np.str_]:
    return np.array([*column.levels, "__missing__"], dtype=np.str_)[column.codes]
