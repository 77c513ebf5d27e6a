"""The slots of predictions that wait for their label, by the streams of the reference."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.grown import grown

__all__ = ["CellTable"]


class CellTable:
    """Slots by stream and slot of the table, beside the table of pending predictions.

    State size: a byte or two a prediction and stream, of models of which it is asked. Not
    locked; its owner is.
    """

    def __init__(self) -> None:
        self._cells: npt.NDArray[Any] | None = None
        self._unknown = 0

    def add(
        self,
        cells: npt.NDArray[np.int64] | None,
        rows: npt.NDArray[np.intp],
        start: int,
        *,
        slots: int,
    ) -> None:
        """Keep the cells of some rows in the slots from ``start`` on.

        Args:
            cells: Of a batch, shape ``(S, n)``; None where they are not known.
            rows: Which of its rows are kept.
            start: Where the first of them stands in the table.
            slots: How many slots all streams have together.
        """
        if self._cells is None:
            if cells is None:
                return
            self._unknown = slots
            self._cells = np.full((start, len(cells)), slots, dtype=np.min_scalar_type(slots))
        self._cells = grown(self._cells, start + len(rows))
        known = self._unknown if cells is None else cells[:, rows].T
        self._cells[start : start + len(rows)] = known

    def take(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.int64] | None:
        """Return the cells of predictions, shape ``(S, k)``; None if those of any are unknown."""
        if self._cells is None:
            return None
        found = self._cells[slots].T.astype(np.int64)
        return None if (found == self._unknown).any() else found

    def retain(self, slots: npt.NDArray[np.intp]) -> None:
        """Keep these slots alone, in their order."""
        if self._cells is not None:
            self._cells = self._cells[slots]

    def state(self, rows: int) -> dict[str, Any]:
        """Return plain values of the first slots, from which ``load`` continues."""
        return {
            "cells": None if self._cells is None else self._cells[:rows],
            "unknown": self._unknown,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        cells = state["cells"]
        self._cells = None if cells is None else np.array(cells)
        self._unknown = state["unknown"]
