"""What came of predictions that wait for their label, beside the label."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.pending_columns import KEPT_EVALUATIONS, PendingColumns

__all__ = ["PendingNotes"]


class PendingNotes:
    """Reactions, outcomes and evaluations, by slot.

    Has no state of its own. Not locked; its owner is.

    Args:
        columns: Of the table of predictions.
    """

    def __init__(self, columns: PendingColumns) -> None:
        self._columns = columns

    def reactions(self, masks: Mapping[int, int]) -> None:
        """Note which kinds of reactions predictions have, as bits by slot."""
        for slot, mask in masks.items():
            self._columns["reacted"][slot] = mask

    def outcomes(
        self, slots: npt.NDArray[np.intp], values: npt.NDArray[np.float64], *, unit: int
    ) -> None:
        """Note what predictions were worth, for when their labels come; the last one counts."""
        self._columns["outcome"][slots] = values
        self._columns["outcome_unit"][slots] = unit

    def evaluations(
        self, slots: npt.NDArray[np.intp], scores: npt.NDArray[np.float64], *, place: int
    ) -> None:
        """Note scores of the evaluation whose name is the model's so-manieth; the last counts."""
        if place < KEPT_EVALUATIONS:
            self._columns[f"evaluation.{place}"][slots] = scores

    def worth(
        self, slots: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
        """Return unit, -1 for none, and value of what predictions were worth."""
        return self._columns["outcome_unit"][slots], self._columns["outcome"][slots]
