"""What people answered about predictions, and what it says of all of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.loss import canonical_class, class_column
from barograph_processor.quality.reviewed_risk import ReviewedRisk, RiskEstimate
from barograph_processor.state.label.judging import Judge
from barograph_processor.state.review.review_item import Answer, ReviewItem, lot
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["ReviewAnswers", "Ruling"]

_PAIR = 2


class Ruling(NamedTuple):
    """What became of an answer.

    Attributes:
        ordinary: It may count as an ordinary label too: those that may are as if drawn
            uniformly.
        unused: Why it was not used; None if it was.
    """

    ordinary: bool
    unused: str | None = None


class ReviewAnswers:
    """Judges answers, counts them, and estimates the risk by them.

    What is drawn by uncertainty is no fair sample, so an answer becomes an ordinary label
    by a second draw with the chance ``weight`` only: what passes is as if drawn uniformly.

    State size: that of ``ReviewedRisk``. Not locked; its owner is.

    Attributes:
        count: Answers taken.
        twice: Predictions answered by two people.
        disagreed: Of these, how many of which the two answers differ.

    Args:
        judge: Compares answers with predictions.
        horizon_ns: Event time that the estimate reaches back.
    """

    def __init__(self, judge: Judge, *, horizon_ns: int) -> None:
        self._judge = judge
        self._risk = ReviewedRisk(horizon_ns=horizon_ns)
        self.count, self.twice, self.disagreed = 0, 0, 0

    @property
    def risk(self) -> RiskEstimate | None:
        """The share of wrong predictions among all, by the answers; None before any.

        A regression has none: how large an error is wrong is for its labels to say.
        """
        return self._risk.estimate

    @property
    def disagreement(self) -> float | None:
        """Share of the predictions answered twice of which the answers differ; None if none."""
        return self.disagreed / self.twice if self.twice else None

    def figures(self) -> dict[str, Any] | None:
        """Return the estimate of the risk and of its complement; None before any answer."""
        risk = self.risk
        if risk is None:
            return None
        accuracy = {"value": 1 - risk.value, "lower": 1 - risk.upper, "upper": 1 - risk.lower}
        return {
            "answers": risk.answers,
            "risk": {"value": risk.value, "lower": risk.lower, "upper": risk.upper},
            "accuracy": accuracy,
            "disagreement": self.disagreement,
        }

    def surprises(self, guess: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Take the losses that are guessed of predictions; see ``ReviewedRisk.surprises``."""
        return self._risk.surprises(guess)

    def rule(self, item: ReviewItem, truth: Column, reviewer: str | None, *, name: str) -> Ruling:
        """Judge a label, and take it."""
        loss, verdict = self._judged(item, truth)
        if verdict is None:
            return Ruling(ordinary=False, unused="wrong_type")
        return self._take(item, loss, Answer(reviewer, verdict), name=name)

    def settle(self, item: ReviewItem, truth: Column) -> None:
        """Take a label that came by itself as the answer, if it fits the prediction."""
        loss, verdict = self._judged(item, truth)
        if verdict is not None:
            self._count(item, loss, Answer(None, verdict))

    def score(self, item: ReviewItem, score: float, reviewer: str | None, *, name: str) -> Ruling:
        """Take a score: 1 is right, 0 is wrong."""
        bounded = min(max(score, 0.0), 1.0)
        answer = Answer(reviewer, canonical_class(bounded))
        return self._take(item, 1 - bounded, answer, name=name)

    def _judged(self, item: ReviewItem, truth: Column) -> tuple[float | None, str | None]:
        """Return the loss, None for a regression, and the label in canonical spelling.

        The label is None if it does not fit the prediction.
        """
        classes = None if item.label is None else CategoricalColumn.of([item.label])
        judged = self._judge.judge(classes, np.array([item.value]), truth)
        if judged is None or np.isnan(judged.loss[0]):
            return None, None
        loss = None if judged.task == "regression" else float(judged.loss[0])
        return loss, class_column(truth).values()[0] or ""

    def _take(self, item: ReviewItem, loss: float | None, answer: Answer, *, name: str) -> Ruling:
        """Take a judged answer; ``loss`` is None where only ordinary figures can use it."""
        if any(before.reviewer == answer.reviewer for before in item.answers):
            return Ruling(ordinary=False, unused="already_answered")
        self.count += 1
        if item.answers:
            item.answers.append(answer)
            if len(item.answers) == _PAIR:
                self.twice += 1
                self.disagreed += item.answers[0].verdict != answer.verdict
            return Ruling(ordinary=False)
        self._count(item, loss, answer)
        return Ruling(ordinary=lot("uniform", name) < item.weight)

    def _count(self, item: ReviewItem, loss: float | None, answer: Answer) -> None:
        """Let a prediction's first answer speak for all predictions."""
        item.answers.append(answer)
        if loss is not None:
            self._risk.answer(
                loss,
                chance=item.propensity,
                floor=item.weight * item.propensity,
                surprise=item.surprise,
                time_ns=item.time_ns,
            )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"risk": self._risk.state(), "counts": [self.count, self.twice, self.disagreed]}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._risk.load(state["risk"])
        self.count, self.twice, self.disagreed = state["counts"]
