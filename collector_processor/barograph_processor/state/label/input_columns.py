"""The inputs of labelled predictions, in which slices are searched that nobody registered."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from barograph_processor.drift.stream import StreamKey
from barograph_processor.state.window.row_columns import (
    columns_state,
    joined_columns,
    restored_columns,
)
from barograph_processor.stats.column import Column

__all__ = [
    "MOST_INPUTS",
    "SEARCHED_LABELS",
    "InputColumns",
    "first_inputs",
    "inputs_state",
    "joined_inputs",
    "restored_inputs",
]

InputColumns = Mapping[str, Column]
"""Inputs by name, each of as many rows."""

MOST_INPUTS: Final = 16
"""Inputs of a model that are kept, the first that it has."""

SEARCHED_LABELS: Final = 100_000
"""Labels of the reference from which it is learnt what is usual of inputs, the first ones."""

_SIGNAL: Final = "input.drift"


def first_inputs(inputs: InputColumns) -> InputColumns:
    """Return those that are kept."""
    return dict(islice(inputs.items(), MOST_INPUTS))


def joined_inputs(parts: Sequence[tuple[InputColumns, int]]) -> dict[str, Column]:
    """Return the inputs of the first labels, of parts that follow each other.

    Args:
        parts: Columns of as many of these rows as are searched, and how many rows there are.
    """
    searched, left = [], SEARCHED_LABELS
    for inputs, rows in parts:
        searched.append((inputs, min(rows, left)))
        left -= min(rows, left)
    return joined_columns(searched)


def inputs_state(inputs: InputColumns) -> list[Any]:
    """Return plain values from which ``restored_inputs`` makes columns again."""
    return columns_state({StreamKey(_SIGNAL, name): column for name, column in inputs.items()})


def restored_inputs(state: Sequence[Any]) -> dict[str, Column]:
    """Undo ``inputs_state``."""
    return {str(key.feature): column for key, column in restored_columns(state).items()}
