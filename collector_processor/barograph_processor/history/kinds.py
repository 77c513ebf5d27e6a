"""What the columns of a history hold, and what kind of model it is, by its first rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.history.config import ColumnsConfig
from barograph_processor.history.values import categories, looks_numeric, numbers
from barograph_processor.quality.loss import canonical_class

__all__ = ["Kinds", "decide"]

_TRUTHS: Final = frozenset({"0", "1"})


@dataclass(frozen=True, slots=True)
class Kinds:
    """What was decided.

    Attributes:
        task: As configured, else inferred; None if there are no labels to judge.
        numeric: The columns that hold numbers; all others hold names.
    """

    task: str | None
    numeric: frozenset[str]


def decide(columns: Mapping[str, Any], config: ColumnsConfig, *, task: str | None) -> Kinds:
    """Decide by the first rows.

    Predictions and labels of classes are names, but for a binary prediction with
    fractions, which is a probability; those of a regression are numbers. Labels of a
    ranking are names too: several places are a text.

    Args:
        columns: Arrow columns by name.
        config: Which column is what.
        task: As configured.
    """
    numeric = {
        name
        for name, column in columns.items()
        if name not in config.categorical and looks_numeric(column)
    }
    if task is None:
        task = _inferred(columns, config, numeric)
    roles = {name for name in (config.prediction, config.label) if name is not None}
    if task == "regression":
        numeric |= roles
    elif task in {"binary", "multiclass", "ranking"}:
        numeric -= roles
        if task == "binary" and config.prediction is not None:
            known = _known(columns[config.prediction])
            if (known != np.floor(known)).any():
                numeric.add(config.prediction)
    return Kinds(task, frozenset(numeric))


def _inferred(columns: Mapping[str, Any], config: ColumnsConfig, numeric: set[str]) -> str | None:
    """Return the task that the first rows look like; None without a column of labels."""
    if config.label is None:
        return None
    labels = _classes(columns[config.label])
    if config.prediction is None or config.confidence is not None:
        # A regression has no confidence.
        return "binary" if labels <= _TRUTHS else "multiclass"
    if config.prediction not in numeric:
        return "binary" if labels <= _TRUTHS else "multiclass"
    if (labels or _classes(columns[config.prediction])) <= _TRUTHS:
        known = _known(columns[config.prediction])
        return "binary" if ((known >= 0) & (known <= 1)).all() else "regression"
    return "regression" if not labels or config.label in numeric else "multiclass"


def _classes(column: Any) -> set[str]:
    return {canonical_class(level) for level in categories(column).levels}


def _known(column: Any) -> npt.NDArray[np.float64]:
    """Return the numbers of a column, without missing ones."""
    values = numbers(column)[0]
    known: npt.NDArray[np.float64] = values[~np.isnan(values)]
    return known
