"""How predictions and labels of one model meet: which class, which score, which loss."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import ModelConfig
from barograph_processor.observation import ObservationBatch
from barograph_processor.quality.loss import (
    Judged,
    canonical_class,
    class_column,
    judge_classes,
    judge_rankings,
    judge_scores,
    judge_values,
)
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["Judge"]

_JUDGED_TASKS = frozenset({"binary", "multiclass", "regression"})
_NAMED = 4


class Judge:
    """Compares predictions with labels by the model's task.

    The configuration says what the task, the positive class and the threshold
    are; where it is silent the spans do, and where they are silent too, a model
    that names classes is multiclass, and one that gives numbers a regression
    unless its labels are 0 and 1 and its numbers probabilities: once one of them
    was not, it stays a regression.

    Not locked; its owner is.

    Args:
        config: How the model is watched.
    """

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self.task = config.task
        self._positive: str | None = (
            None if config.positive is None else canonical_class(config.positive)
        )
        self._threshold = config.threshold
        self._is_regression = False
        self._seen_positive = False
        self._unknown_classes: list[str] = []

    @property
    def positive(self) -> str:
        """The positive class in canonical spelling."""
        return "1" if self._positive is None else self._positive

    @property
    def threshold(self) -> float:
        """Probability from which a row counts as positive."""
        return 0.5 if self._threshold is None else self._threshold

    @property
    def may_be_regression(self) -> bool:
        """Whether labels may show that it is one: nobody said that it is something else."""
        return self.task == "regression" or self.task not in _JUDGED_TASKS

    def learn(self, batch: ObservationBatch) -> None:
        """Take from a batch what neither the configuration nor an earlier batch said."""
        self.task = self.task or batch.task
        if self._positive is None and batch.positive is not None:
            self._positive = canonical_class(batch.positive)
        if self._threshold is None:
            self._threshold = batch.threshold

    def contradicts(self, batch: ObservationBatch) -> bool:
        """Return whether a batch says another task than spans before it; it is not taken."""
        return self._config.task is None and batch.task not in (None, self.task)

    def predicted(
        self, batch: ObservationBatch
    ) -> tuple[CategoricalColumn | None, npt.NDArray[np.float64] | None]:
        """Return the classes a batch chose, and its values or probabilities, where it has them."""
        classes = None if batch.label is None else class_column(batch.label)
        value = batch.value
        if value is None and classes is None and self.task == "binary":
            value = batch.confidence
        return classes, value

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes its figures questionable, as sentences."""
        if not self._unknown_classes or self._positive is not None:
            return ()
        names = ", ".join(repr(name) for name in self._unknown_classes)
        if self._seen_positive:
            beside = (
                f"the labels of a binary model are {names} too, beside its positive class 1: "
                "all but that count as the negative one"
            )
            return (beside,)
        sentence = (
            f"the positive class of a binary model is not stated and its labels are {names}: "
            "only accuracy is known for classes, and nothing for probabilities; set positive"
        )
        return (sentence,)

    def judge(
        self,
        classes: CategoricalColumn | None,
        value: npt.NDArray[np.float64],
        truth: Column,
        *,
        confidence: npt.NDArray[np.float64] | None = None,
    ) -> Judged | None:
        """Compare predictions with true labels, both ``n`` rows.

        Args:
            classes: Chosen classes in canonical spelling; None if the model gives numbers.
            value: Values or probabilities, NaN where unknown.
            truth: Labels without missing rows.
            confidence: In the chosen one of several classes, NaN where unknown.

        Returns:
            The comparison, with a loss of NaN where a label says nothing; None if
            predictions and labels of this kind cannot be compared.
        """
        if self.task == "ranking":
            return judge_rankings(truth)
        task = self.task if self.task in _JUDGED_TASKS else None
        if task != "regression" and classes is None and np.isnan(value).all():
            return None
        if task is None:
            task = "multiclass" if classes is not None else self._inferred(value, truth)
        if task == "regression":
            return judge_values(value, truth.values) if isinstance(truth, NumericColumn) else None
        actual = class_column(truth)
        if task == "binary":
            return self._binary(classes, value, actual)
        if classes is None:
            return None
        score = np.full(len(value), np.nan) if confidence is None else confidence
        return judge_classes(classes, actual, task=task, score=score, positive=self.positive)

    def _binary(
        self,
        classes: CategoricalColumn | None,
        value: npt.NDArray[np.float64],
        actual: CategoricalColumn,
    ) -> Judged | None:
        stated = self._stated(actual)
        if classes is None:
            if not stated:
                return None
            return judge_scores(value, actual, positive=self.positive, threshold=self.threshold)
        score = value if stated else np.full(len(value), np.nan)
        return judge_classes(
            self._filled(classes, value) if stated else classes,
            actual,
            task="binary",
            score=score,
            positive=self.positive,
        )

    def _stated(self, actual: CategoricalColumn) -> bool:
        """Whether it is known which class is the positive one."""
        if self._positive is not None:
            return True
        names = _names(actual)
        self._seen_positive = self._seen_positive or "1" in names
        for name in sorted(names - {"0", "1", *self._unknown_classes}):
            if len(self._unknown_classes) < _NAMED:
                self._unknown_classes.append(name)
        return self._seen_positive or not self._unknown_classes

    def _filled(
        self, classes: CategoricalColumn, value: npt.NDArray[np.float64]
    ) -> CategoricalColumn:
        """Decide rows without a class by their probability."""
        lacking = (classes.codes < 0) & ~np.isnan(value)
        if not lacking.any():
            return classes
        negative = "0" if self.positive != "0" else "1"
        levels = tuple(dict.fromkeys((*classes.levels, self.positive, negative)))
        chosen = np.where(
            value >= self.threshold, levels.index(self.positive), levels.index(negative)
        )
        codes = np.where(lacking, chosen, classes.codes).astype(np.int32)
        return CategoricalColumn(codes, levels)

    def _inferred(self, value: npt.NDArray[np.float64], truth: Column) -> str:
        """Return what a model that gives numbers is, by what it gave so far."""
        known = value[~np.isnan(value)]
        probable = len(known) == 0 or (known.min() >= 0 and known.max() <= 1)
        names = _names(class_column(truth))
        classes = self._positive is not None or names <= {"0", "1"}
        if probable and classes and not self._is_regression:
            return "binary"
        if isinstance(truth, NumericColumn):
            self._is_regression = True
        return "regression"

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "task": self.task,
            "positive": self._positive,
            "threshold": self._threshold,
            "is_regression": self._is_regression,
            "seen_positive": self._seen_positive,
            "unknown_classes": list(self._unknown_classes),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``; what the configuration says now still wins."""
        self.task = self.task or state["task"]
        if self._positive is None:
            self._positive = state["positive"]
        if self._threshold is None:
            self._threshold = state["threshold"]
        self._is_regression = state["is_regression"]
        self._seen_positive = state["seen_positive"]
        self._unknown_classes = list(state["unknown_classes"])


def _names(column: CategoricalColumn) -> set[str]:
    """Return the classes that occur."""
    return {column.levels[code] for code in np.unique(column.codes).tolist() if code >= 0}
