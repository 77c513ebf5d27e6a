"""Verdicts of evaluations that are words, as scores."""

from typing import Final

import numpy as np

__all__ = ["score_of"]

_GOOD: Final = ("pass", "passed", "correct", "relevant", "true", "yes", "good")
_BAD: Final = ("fail", "failed", "incorrect", "irrelevant", "not_relevant", "false", "no", "bad")
_SCORES: Final = {**dict.fromkeys(_GOOD, 1.0), **dict.fromkeys(_BAD, 0.0)}


def score_of(score: float, label: str | None) -> float:
    """Return the score of an evaluation, where it has none that which its label means.

    A label that says good or bad is 1 or 0, as in the
    examples of OpenTelemetry's `gen_ai.evaluation.score.label`; NaN for any other.

    >>> score_of(0.3, "fail"), score_of(float("nan"), "Not relevant"), score_of(float("nan"), "A+")
    (0.3, 0.0, nan)
    """
    if np.isfinite(score) or label is None:
        return score
    return _SCORES.get(label.strip().lower().replace(" ", "_").replace("-", "_"), float("nan"))
