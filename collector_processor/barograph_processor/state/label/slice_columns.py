"""The slices of labelled predictions, as columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from barograph_processor.state.window.row_columns import joined_categories
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["SliceColumns", "joined_slices", "restored_slices", "slices_state"]

SliceColumns = Mapping[str, CategoricalColumn]
"""The level of each row in each dimension that quality is broken down by."""


def joined_slices(parts: Sequence[tuple[SliceColumns, int]]) -> dict[str, CategoricalColumn]:
    """Return the columns of parts that follow each other; rows of parts without one are missing.

    Args:
        parts: Columns of some rows, and how many rows these are.
    """
    names = {name: None for slices, _ in parts for name in slices}
    return {
        name: joined_categories([(slices.get(name), rows) for slices, rows in parts])
        for name in names
    }


def slices_state(slices: SliceColumns) -> list[Any]:
    """Return plain values from which ``restored_slices`` makes columns again."""
    return [[name, column.codes, list(column.levels)] for name, column in slices.items()]


def restored_slices(state: Sequence[Any]) -> dict[str, CategoricalColumn]:
    """Undo ``slices_state``."""
    return {
        name: CategoricalColumn(np.array(codes, dtype=np.int32), tuple(levels))
        for name, codes, levels in state
    }
