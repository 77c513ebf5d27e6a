"""Which rows show a change of their distribution."""

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.alarm import Effect
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["showing"]


def showing(column: Column, effect: Effect) -> npt.NDArray[np.intp]:
    """Return the rows of a column that show a change, the clearest first."""
    if isinstance(column, CategoricalColumn):
        return _showing_level(column, effect)
    values = column.values
    if effect.kind == "missing":
        return np.flatnonzero(np.isnan(values))
    if effect.kind == "range":
        inside = values > (-np.inf if effect.above is None else effect.above)
        inside &= values <= (np.inf if effect.up_to is None else effect.up_to)
        # A range that became rare is shown by the rows that lie elsewhere.
        return np.flatnonzero(inside if effect.now >= effect.before else ~inside)
    if effect.kind == "mean":
        direction = 1.0 if effect.now >= effect.before else -1.0
        score = direction * values
    elif effect.kind == "outside" and effect.subject is not None:
        # Most rows may have changed: their median is then what is new.
        score = np.abs(values - float(effect.subject.replace(",", "")))
    else:
        centre = float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0
        score = np.abs(values - centre)
    order = np.argsort(-np.where(np.isfinite(score), score, -np.inf), kind="stable")
    return order[np.isfinite(score[order])]


def _showing_level(column: CategoricalColumn, effect: Effect) -> npt.NDArray[np.intp]:
    if effect.kind == "missing":
        return np.flatnonzero(column.codes < 0)
    of_level = np.array([level == effect.subject for level in column.levels] + [False])
    shown = of_level[column.codes]
    if effect.now < effect.before:
        # A level that became rare is shown by the rows that have another one.
        return np.flatnonzero(~shown & (column.codes >= 0))
    # A pooled level, such as `__new__`, has no name of its own among the rows.
    return np.flatnonzero(shown) if shown.any() else np.arange(len(column))[::-1]
