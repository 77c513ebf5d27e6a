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
    judge_scores,
    judge_values,
)
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["Judge"]

_CLASS_TASKS = frozenset({"binary", "multiclass"})


class Judge:
    """Compares predictions with labels by the model's task.

    The configuration says what the task, the positive class and the threshold
    are; where it is silent the spans do, and where they are silent too, a model
    that names classes is multiclass and one that gives numbers a regression,
    unless its labels are 0 and 1 and its numbers probabilities.

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

    @property
    def positive(self) -> str:
        """The positive class in canonical spelling."""
        return "1" if self._positive is None else self._positive

    @property
    def threshold(self) -> float:
        """Probability from which a row counts as positive."""
        return 0.5 if self._threshold is None else self._threshold

    def learn(self, batch: ObservationBatch) -> None:
        """Take from a batch what neither the configuration nor an earlier batch said."""
        self.task = self.task or batch.task
        if self._positive is None and batch.positive is not None:
            self._positive = canonical_class(batch.positive)
        if self._threshold is None:
            self._threshold = batch.threshold

    def predicted(
        self, batch: ObservationBatch
    ) -> tuple[CategoricalColumn | None, npt.NDArray[np.float64] | None]:
        """Return the classes a batch chose, and its values or probabilities, where it has them."""
        classes = None if batch.label is None else class_column(batch.label)
        value = batch.value
        if value is None and classes is None and self.task == "binary":
            value = batch.confidence
        return classes, value

    def judge(
        self,
        classes: CategoricalColumn | None,
        value: npt.NDArray[np.float64],
        truth: Column,
    ) -> Judged | None:
        """Compare predictions with true labels, both ``n`` rows.

        Args:
            classes: Chosen classes in canonical spelling; None if the model gives numbers.
            value: Values or probabilities, NaN where unknown.
            truth: Labels without missing rows.

        Returns:
            The comparison; None if a regression's labels are no numbers.
        """
        if classes is not None and (self.task in _CLASS_TASKS or self.task is None):
            task = self.task or "multiclass"
            return judge_classes(
                classes, class_column(truth), task=task, score=value, positive=self.positive
            )
        if self.task == "binary" or (self.task is None and _probabilities(value, truth)):
            return judge_scores(
                value, class_column(truth), positive=self.positive, threshold=self.threshold
            )
        if isinstance(truth, NumericColumn) and classes is None:
            return judge_values(value, truth.values)
        if classes is not None:
            return judge_classes(
                classes, class_column(truth), task="multiclass", score=value, positive=self.positive
            )
        return None

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"task": self.task, "positive": self._positive, "threshold": self._threshold}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``; what the configuration says now still wins."""
        self.task = self.task or state["task"]
        if self._positive is None:
            self._positive = state["positive"]
        if self._threshold is None:
            self._threshold = state["threshold"]


def _probabilities(value: npt.NDArray[np.float64], truth: Column) -> bool:
    known = value[~np.isnan(value)]
    names = set(class_column(truth).levels)
    return bool(len(known) and known.min() >= 0 and known.max() <= 1 and names <= {"0", "1"})
