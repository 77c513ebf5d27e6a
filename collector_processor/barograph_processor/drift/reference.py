"""Preparing the rows of a reference: windows of at least a minimum size, levels seen once."""

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["fresh_rows", "merged_windows"]


def merged_windows(window: npt.NDArray[np.intp], min_rows: int) -> Ints:
    """Return consecutive window numbers from 0, small windows merged into the next.

    What is left over at the end joins the last window.

    Args:
        window: Number of the window of each row, shape ``(n,)``; order and gaps are free.
        min_rows: At least so many rows a window, if there are so many.

    Examples:
        >>> merged_windows(np.array([0, 0, 1, 2, 2, 5]), 2).tolist()
        [0, 0, 1, 1, 1, 1]
    """
    _, dense, held = np.unique(window, return_inverse=True, return_counts=True)
    group = np.empty(len(held), dtype=np.int64)
    current = rows = 0
    for w, size in enumerate(held.tolist()):
        group[w] = current
        rows += size
        if rows >= min_rows:
            current, rows = current + 1, 0
    if rows and current:
        group[group == current] = current - 1
    return group[dense]


def fresh_rows(column: Column, group: Ints, windows: int) -> Floats:
    """Return for each window its rows whose level occurs in no other window, shape ``(windows,)``.

    That is what "never seen before" would have counted in the reference, with every window
    compared with the others. Zeros for numbers.
    """
    if not isinstance(column, CategoricalColumn):
        return np.zeros(windows)
    known = column.codes >= 0
    pair = column.codes[known].astype(np.int64) * windows + group[known]
    cell, held = np.unique(pair, return_counts=True)
    level, where = cell // windows, cell % windows
    spread = np.bincount(level, minlength=len(column.levels))
    once = spread[level] == 1
    return np.bincount(where[once], held[once], minlength=windows).astype(np.float64)
