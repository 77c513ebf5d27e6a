"""Columns that say what became of a prediction later: reactions, outcomes, evaluations."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.history.config import ColumnsConfig
from barograph_processor.history.source import Piece
from barograph_processor.history.values import NEVER, categories, column_of, times_ns
from barograph_processor.observation import EventKind
from barograph_processor.semconv import LABEL_SOURCES, REACTION_KINDS
from barograph_processor.state.aftermath.verdict import score_of
from barograph_processor.stats.column import NumericColumn

__all__ = ["LateColumn", "Refused", "label_sources", "late_columns"]

Refused = list[tuple[str, npt.NDArray[np.intp], str]]
"""Rows that cannot be used: of which column, which, and why."""

_KINDS: Final = frozenset(REACTION_KINDS)


@dataclass(frozen=True, slots=True, eq=False)
class LateColumn:
    """One fact a row, as ``EventBatch`` has it.

    Attributes:
        kind: What they are.
        time_ns: When each comes, shape ``(n,)``; ``NEVER`` where there is none.
        number: Shape ``(n,)``.
        text: One a row, or None.
        name: Of the evaluation; None for other facts.
    """

    kind: EventKind
    time_ns: npt.NDArray[np.int64]
    number: npt.NDArray[np.float64]
    text: tuple[str | None, ...]
    name: str | None = None

    def take(self, rows: npt.NDArray[np.intp]) -> "LateColumn":
        """Return the given rows, in the given order."""
        text = tuple(self.text[row] for row in rows.tolist())
        return LateColumn(self.kind, self.time_ns[rows], self.number[rows], text, self.name)


def late_columns(
    piece: Piece, columns: ColumnsConfig, time_ns: npt.NDArray[np.int64]
) -> tuple[tuple[LateColumn, ...], Refused]:
    """Read the reactions, outcomes and evaluations of some rows.

    Args:
        piece: The rows.
        columns: Which column is what.
        time_ns: Of the rows, shape ``(n,)``: a fact without a time of its own comes then.

    Returns:
        The facts, and the rows that cannot be used.
    """
    found: list[LateColumn] = []
    refused: Refused = []
    if columns.reaction is not None:
        kinds = categories(piece.column(columns.reaction))
        known = np.array([level in _KINDS for level in kinds.levels] + [True])
        stray = np.flatnonzero(~known[kinds.codes])
        refused.append((columns.reaction, stray, f"no reaction of {', '.join(REACTION_KINDS)}"))
        magnitude = np.full(len(kinds), np.nan)
        if columns.reaction_magnitude is not None:
            magnitude = _numbers(piece, columns.reaction_magnitude, refused)
            with np.errstate(invalid="ignore"):
                outside = np.flatnonzero((magnitude < 0) | (magnitude > 1))
            refused.append((columns.reaction_magnitude, outside, "not in [0, 1]"))
        present = kinds.codes >= 0
        when = _times(piece, columns.reaction_time, time_ns, present, refused)
        found.append(LateColumn("reaction", when, magnitude, tuple(kinds.values())))
    if columns.outcome is not None:
        values = _numbers(piece, columns.outcome, refused)
        infinite = np.flatnonzero(np.isinf(values))
        refused.append((columns.outcome, infinite, "not finite"))
        when = _times(piece, columns.outcome_time, time_ns, ~np.isnan(values), refused)
        found.append(LateColumn("outcome", when, values, (columns.outcome_unit,) * len(values)))
    for name in columns.evaluations:
        scores = _scores(piece, name, refused)
        when = _times(piece, columns.evaluation_time, time_ns, ~np.isnan(scores), refused)
        found.append(LateColumn("evaluation", when, scores, (None,) * len(scores), name))
    return tuple(found), refused


def label_sources(piece: Piece, name: str | None) -> tuple[tuple[str | None, ...], Refused]:
    """Read who gave the label of each row, by the column of that name, if there is one.

    Returns:
        One a row, None where nobody says; and the rows that cannot be used.
    """
    if name is None:
        return (None,) * piece.table.num_rows, []
    column = categories(piece.column(name))
    known = np.array([level in LABEL_SOURCES for level in column.levels] + [True])
    stray = np.flatnonzero(~known[column.codes])
    return tuple(column.values()), [(name, stray, f"not one of {', '.join(LABEL_SOURCES)}")]


def _scores(piece: Piece, name: str, refused: Refused) -> npt.NDArray[np.float64]:
    """Return scores, those of verdicts that are words too."""
    column, words = column_of(piece.column(name), numeric=True)
    assert isinstance(column, NumericColumn)
    scores = column.values.copy()
    texts = categories(piece.column(name)).values()
    scores[words] = [score_of(float("nan"), texts[row]) for row in words.tolist()]
    refused.append((name, words[np.isnan(scores[words])], "neither a score nor a verdict"))
    refused.append((name, np.flatnonzero(np.isinf(scores)), "not finite"))
    return scores


def _times(
    piece: Piece,
    name: str | None,
    time_ns: npt.NDArray[np.int64],
    present: npt.NDArray[np.bool_],
    refused: Refused,
) -> npt.NDArray[np.int64]:
    when = time_ns
    if name is not None:
        when, _ = times_ns(piece.column(name))
        lost = np.flatnonzero(present & (when == NEVER))
        refused.append((name, lost, "no usable time for what happened then"))
    return np.where(present, when, NEVER)


def _numbers(piece: Piece, name: str, refused: Refused) -> npt.NDArray[np.float64]:
    column, bad = column_of(piece.column(name), numeric=True)
    refused.append((name, bad, "no number"))
    assert isinstance(column, NumericColumn)
    return column.values
