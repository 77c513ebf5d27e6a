"""The labels of predictions that are still held, so that a later label can correct them."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.name_table import NameTable
from barograph_processor.state.label.pending_columns import PendingColumns
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["PendingLabels"]


class PendingLabels:
    """Labels by slot, and where they are counted.

    State size: the names of the labels; all else is in the columns. Not locked; its owner is.

    Args:
        columns: Of the table of predictions.
    """

    def __init__(self, columns: PendingColumns) -> None:
        self._columns = columns
        self._names = NameTable()

    def truth(self, slots: npt.NDArray[np.intp]) -> Column:
        """Return the labels of slots that all have one, all names or all numbers."""
        if (self._columns["truth_class"][slots] >= 0).any():
            return self.names(slots)
        return NumericColumn(self._columns["truth_number"][slots])

    def names(self, slots: npt.NDArray[np.intp]) -> CategoricalColumn:
        """Return the labels of slots that are names; the others are missing."""
        return CategoricalColumn(self._columns["truth_class"][slots], self._names.names)

    def mark(
        self,
        slots: npt.NDArray[np.intp],
        truth: Column,
        *,
        source: npt.NDArray[np.int8],
        time_ns: npt.NDArray[np.int64],
    ) -> None:
        """Note the labels of these, each slot once; labelled ones are evicted before all others.

        Args:
            slots: Shape ``(k,)``.
            truth: Their labels, without missing rows.
            source: Whom to believe, the higher the more, shape ``(k,)``.
            time_ns: When each label became true, shape ``(k,)``.
        """
        numbers, codes = self._columns["truth_number"], self._columns["truth_class"]
        if isinstance(truth, NumericColumn):
            numbers[slots], codes[slots] = truth.values, -1
        else:
            numbers[slots], codes[slots] = np.nan, self._names.encode(truth)
        self._columns["labelled"][slots] = True
        self._columns["source"][slots] = source
        self._columns["label_time"][slots] = time_ns
        self._columns["place"][slots] = -1

    def settle(self, slots: npt.NDArray[np.intp], place: npt.NDArray[np.int64]) -> None:
        """Note where the labels of these are counted, shape ``(k,)``; -1 is nowhere."""
        self._columns["place"][slots] = place

    def of_reference(self) -> tuple[int, int]:
        """Return (labelled, all) of the predictions held that belong to the reference."""
        chosen = self._columns["reference"]
        return int(self._columns["labelled"][chosen].sum()), int(chosen.sum())

    def prune(self) -> None:
        """Forget the names that no label is any more."""
        self._columns["truth_class"][:] = self._names.prune(self._columns["truth_class"])

    def state(self) -> list[str]:
        """Return plain values from which ``load`` continues, beside the columns."""
        return self._names.state()

    def load(self, state: Iterable[str]) -> None:
        """Undo ``state``."""
        self._names.load(state)
