"""What a reviewer is asked about a prediction."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np

from barograph_processor.quality.loss import ABSENT, canonical_class
from barograph_processor.state.model import ModelState
from barograph_processor.state.review.review_item import ReviewItem

__all__ = ["Question"]

_MOST_CLASSES = 50


@dataclass(frozen=True, slots=True)
class Question:
    """How a prediction can be answered.

    Attributes:
        kind: Ask for the true ``class``, the true ``number``, or whether it is ``right``.
        predicted: The class that the model chose, in canonical spelling, if it chose one.
        classes: Classes known of the model, the most that are offered; others may be named.
    """

    kind: Literal["class", "number", "right"]
    predicted: str | None = None
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, model: ModelState, item: ReviewItem) -> "Question":
        """Return the question that fits a model's task; where that is unknown, its predictions."""
        task = model.judge.task
        if task == "regression" or (task is None and item.label is None):
            return cls("number")
        if task not in (None, "binary", "multiclass"):
            return cls("right")
        known = dict.fromkeys(model.pending.classes)
        predicted = item.label
        if task == "binary":
            positive = model.judge.positive
            negative = "0" if positive != "0" else "1"
            if not known:
                known = dict.fromkeys((negative, positive))
            if predicted is None and not np.isnan(item.value):
                predicted = positive if item.value >= model.judge.threshold else negative
        if predicted is not None:
            known.setdefault(predicted)
        return cls("class", predicted, tuple(sorted(known))[:_MOST_CLASSES])

    def answer(self, *, label: str | float | None, right: bool | None) -> str | float:
        """Return what an answer says in this question's terms.

        Args:
            label: The true class or number.
            right: Whether the prediction is right; for classes where it is clear which
                one is meant by it. One of the two is given.

        Returns:
            A class or number; where only that is asked, a score of 1 or 0.

        Raises:
            ValueError: It does not answer this question; the message says what would.
        """
        if self.kind == "right":
            if right is None:
                raise ValueError("say whether it is right, as right = true or false")
            return float(right)
        if label is None and right is not None and self.kind == "class":
            label = self._class(right=right)
        if label is None:
            raise ValueError(f"say which {self.kind} is right, as label")
        if self.kind == "number" and (isinstance(label, str | bool) or not isfinite(label)):
            raise ValueError(f"the label must be a number, got {label!r}")
        if self.kind == "class" and canonical_class(label).strip() in ("", ABSENT):
            raise ValueError(f"the label must be a class, got {label!r}")
        return label

    def _class(self, *, right: bool) -> str | None:
        if right or self.predicted is None:
            return self.predicted
        others = [name for name in self.classes if name != self.predicted]
        return others[0] if len(others) == 1 else None
