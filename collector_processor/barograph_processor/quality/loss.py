"""What a prediction lost against its true label, per task, for whole columns."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.ranking import gain_of_places, places_of
from barograph_processor.stats.array import Bools, Floats
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = [
    "ABSENT",
    "Judged",
    "canonical_class",
    "class_column",
    "is_class",
    "judge_classes",
    "judge_rankings",
    "judge_scores",
    "judge_values",
]

ABSENT = "__missing__"
"""The class of a row without one; it is never right."""

_MAX_DIGITS = 64
"""A longer text is a name, whatever it holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Predictions beside their true labels, in order of arrival.

    Attributes:
        task: ``binary``, ``multiclass``, ``regression`` or ``ranking``.
        loss: Shape ``(n,)``: 0 or 1 for classes, the absolute error for values, one minus
            the normalized gain for rankings.
        predicted: Class or value predicted; of a ranking its normalized gain.
        actual: Class or value that turned out; of a ranking the place of the first item
            that was wanted, 0 without one.
        score: Shape ``(n,)``: probability of the positive class, of several classes that of
            the predicted one; NaN if unknown.
        positive: The positive class of a binary task, in canonical form.
        weight: Shape ``(n,)``: rows that each stands for; None for one each.
        promised: What was to be expected of each by its inputs, see ``ErrorModel.expect``,
            shape ``(n, K, M)``; None if that is not known.
    """

    task: str
    loss: Floats
    predicted: Column
    actual: Column
    score: Floats
    positive: str
    weight: Floats | None = None
    promised: Floats | None = None

    def __len__(self) -> int:
        return len(self.loss)

    def take(self, rows: npt.NDArray[np.intp]) -> "Judged":
        """Return the given rows, in the given order."""
        return Judged(
            self.task,
            self.loss[rows],
            self.predicted.take(rows),
            self.actual.take(rows),
            self.score[rows],
            self.positive,
            None if self.weight is None else self.weight[rows],
            None if self.promised is None else self.promised[rows],
        )

    def outcomes(self) -> tuple[Floats, Floats]:
        """Return the probability that was given to each row, and whether it came true.

        Of a binary task these are the positive class's, of several classes those of the
        predicted one. Both of shape ``(n,)``; all NaN for values and rankings.
        """
        if not isinstance(self.actual, CategoricalColumn):
            unknown = np.full(len(self), np.nan)
            return unknown, unknown
        if self.task == "binary":
            return self.score, is_class(self.actual, self.positive).astype(np.float64)
        return self.score, 1.0 - self.loss


def is_class(column: CategoricalColumn, name: str) -> Bools:
    """Return which rows are of a class, shape ``(n,)``; missing ones are of none."""
    named = np.array([level == name for level in column.levels] + [False], dtype=np.bool_)
    return np.asarray(named[column.codes])


def canonical_class(value: str | float | bool | None) -> str:
    """Return one spelling for a class however its writer typed it.

    >>> {canonical_class(v) for v in (1, 1.0, True, "1", "true", "True", "1.0")}
    {'1'}
    >>> canonical_class("fraud"), canonical_class(0.5), canonical_class(None)
    ('fraud', '0.5', '__missing__')

    Whole numbers keep all of their digits, and what only Python reads as a number
    is a name.

    >>> canonical_class("9007199254740993"), canonical_class("1_0")
    ('9007199254740993', '1_0')
    """
    if value is None:
        return ABSENT
    if isinstance(value, str):
        folded = value.strip().lower()
        if folded in ("true", "false"):
            return "1" if folded == "true" else "0"
        number = _number(folded)
        if number is None:
            return value
    else:
        number = int(value) if isinstance(value, int) else float(value)
    if isinstance(number, float) and not np.isfinite(number):
        return ABSENT if np.isnan(number) else str(number)
    return str(int(number)) if number == int(number) else repr(number)


def _number(text: str) -> int | float | None:
    if "_" in text or len(text) > _MAX_DIGITS:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return None


def class_column(column: Column) -> CategoricalColumn:
    """Return a column of classes in canonical spelling; levels that agree are merged.

    >>> class_column(NumericColumn(np.array([1.0, 0.0, np.nan]))).values()
    ['1', '0', None]
    """
    if isinstance(column, NumericColumn):
        distinct, inverse = np.unique(column.values, return_inverse=True)
        names = [canonical_class(value) for value in distinct.tolist()]
        codes = inverse.astype(np.int32)
    else:
        names = [canonical_class(level) for level in column.levels]
        codes = column.codes
    levels: dict[str, int] = {}
    table = np.array(
        [-1 if name == ABSENT else levels.setdefault(name, len(levels)) for name in names] + [-1],
        dtype=np.int32,
    )
    return CategoricalColumn(table[codes], tuple(levels))


def judge_classes(
    predicted: CategoricalColumn,
    actual: CategoricalColumn,
    *,
    task: str,
    score: Floats,
    positive: str = "1",
) -> Judged:
    """Compare the classes that the model chose, both in canonical spelling.

    Args:
        predicted: Shape ``(n,)``; a missing prediction is an error.
        actual: Shape ``(n,)``; rows without a label must have been left out.
        task: ``binary`` or ``multiclass``.
        score: Probability of the positive class, shape ``(n,)``, NaN if unknown.
        positive: The positive class, canonical.
    """
    wrong = (_recode(predicted, actual.levels) != actual.codes) | (predicted.codes < 0)
    return Judged(task, wrong.astype(np.float64), predicted, actual, score, positive)


def judge_scores(
    score: Floats,
    actual: CategoricalColumn,
    *,
    positive: str = "1",
    threshold: float = 0.5,
) -> Judged:
    """Compare the probabilities of a binary model, cut at a threshold, with the true classes.

    Any true class other than the positive one is the negative one, whatever its name.

    Args:
        score: Probability of the positive class, shape ``(n,)``; NaN is an error.
        actual: Shape ``(n,)``, canonical, without missing rows.
        positive: The positive class, canonical.
        threshold: Probability from which a row counts as positive.
    """
    negative = "0" if positive != "0" else "1"
    is_positive = np.array([level == positive for level in actual.levels], dtype=bool)
    truth = CategoricalColumn(is_positive[actual.codes].astype(np.int32), (negative, positive))
    chosen = np.where(np.isnan(score), -1, (score >= threshold).astype(np.int32)).astype(np.int32)
    predicted = CategoricalColumn(chosen, (negative, positive))
    return judge_classes(predicted, truth, task="binary", score=score, positive=positive)


def judge_values(predicted: Floats, actual: Floats) -> Judged:
    """Compare numbers; the loss is the absolute error.

    Args:
        predicted: Shape ``(n,)``; NaN counts as infinitely wrong.
        actual: Shape ``(n,)``, finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(predicted - actual)
    error[np.isnan(error)] = np.inf
    return Judged(
        "regression",
        error,
        NumericColumn(predicted),
        NumericColumn(actual),
        np.full(len(error), np.nan),
        "1",
    )


def judge_rankings(labels: Column) -> Judged:
    """Judge rankings by the places of the items that were wanted.

    Args:
        labels: Shape ``(n,)``; see `places_of`. What is no such label has a loss of NaN.
    """
    # There are few different ones, and each costs some 10 us.
    held = labels.codes if isinstance(labels, CategoricalColumn) else labels.values
    distinct, at = np.unique(held, return_inverse=True)
    if isinstance(labels, CategoricalColumn):
        known = [None if code < 0 else places_of(labels.levels[code]) for code in distinct.tolist()]
    else:
        known = [places_of(value) for value in distinct.tolist()]
    gain = np.array([np.nan if p is None else gain_of_places(p) for p in known])[at]
    first = np.array([np.nan if p is None else float(p[0]) if p else 0.0 for p in known])[at]
    unknown = np.full(len(labels), np.nan)
    return Judged("ranking", 1 - gain, NumericColumn(gain), NumericColumn(first), unknown, "1")


def _recode(column: CategoricalColumn, levels: tuple[str, ...]) -> npt.NDArray[np.int32]:
    """Codes of a column in another column's levels; -2 where the level is not among them."""
    index = {level: code for code, level in enumerate(levels)}
    table = np.array([index.get(level, -2) for level in column.levels] + [-2], dtype=np.int32)
    return table[column.codes]
