"""What errors a regression's inputs promise, whenever the labels of its reference come."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.expected_error import ErrorModel
from barograph_processor.quality.intervals import AT_ALL_TIMES, Estimate, estimate_gap
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.state.window.reference_cells import ReferenceCells
from barograph_processor.stats.column import Column

__all__ = ["ExpectedErrors"]


class ExpectedErrors:
    """Learns on which rows of the reference the model erred, once their labels are there.

    State size: the slots of the reference's rows until then; then the trees. Not locked; its
    owner is.
    """

    def __init__(self) -> None:
        self.model: ErrorModel | None = None
        self._reference: ReferenceCells | None = None

    def begin(self, reference: ReferenceCells | None, learnt: ErrorModel | None) -> None:
        """Keep the rows of the reference until their labels are there.

        Args:
            reference: The rows; None if they are not known, or the model is no regression.
            learnt: What was learnt earlier, if anything.
        """
        self._reference, self.model = reference, learnt

    def fix(
        self, task: str | None, rows: npt.NDArray[np.int64], errors: npt.NDArray[np.float64]
    ) -> None:
        """Learn, and forget the rows; of another task than regression there is nothing to learn.

        Args:
            task: What the labels showed the model to be.
            rows: Which of the reference's rows each label is of, -1 for none, shape ``(n,)``.
            errors: Their sizes, shape ``(n,)``.
        """
        reference, self._reference = self._reference, None
        if reference is not None and task == "regression":
            self.model = reference.learn(rows, errors)

    def count(self, cells: npt.NDArray[np.int64] | None) -> npt.NDArray[np.int64] | None:
        """Return how many rows fall into each leaf, see ``ErrorModel``; None if none is known.

        Args:
            cells: The slot of each row in each column, shape ``(S, n)``; None if unknown.
        """
        if self.model is None or cells is None or not self.model.losses:
            return None
        return self.model.count(cells)

    def estimates(self, leaves: npt.NDArray[np.int64] | None) -> dict[str, Estimate]:
        """Return the errors that are to be expected of rows, by metric; empty if unknown."""
        if self.model is None or leaves is None:
            return {}
        return self.model.estimate(leaves, self.model.rows_of(leaves))

    @property
    def _layout(self) -> Layout | None:
        """Of the cells that are of use; None if none are, since inputs tell nothing of errors."""
        if self.model is not None:
            return self.model.layout if self.model.losses else None
        return None if self._reference is None else self._reference.layout

    @property
    def slots(self) -> int:
        """Slots of the reference, if the cells of rows are of use; else 0."""
        layout = self._layout
        return 0 if layout is None else layout.slots

    def cells(self, columns: Mapping[StreamKey, Column], rows: int) -> npt.NDArray[np.int64] | None:
        """Return the slot of each row in each column, ``(S, n)``; None if they are of no use.

        Args:
            columns: What is watched of the rows; a column that is not there is missing of all.
            rows: Which ``n`` is.
        """
        layout = self._layout
        return None if layout is None else layout.cells(list(map(columns.get, layout.keys)), rows)

    def expect(self, cells: npt.NDArray[np.int64] | None) -> npt.NDArray[np.float64] | None:
        """Return what is to be expected of each row, see ``ErrorModel``; None if unknown."""
        if self.model is None or cells is None or not self.model.losses:
            return None
        return self.model.expect(cells)

    def gap(self, recent: RealizedPerformance) -> dict[str, Estimate]:
        """Return realized errors minus those that the same predictions' inputs promised.

        Intervals hold at all times at once, and carry what the folds do not agree on and what is
        missed where inputs move; none where they went so far that an estimate has none. Empty
        unless all of the labels had such a promise.
        """
        if self.model is None or recent.n == 0 or recent.promised.n != recent.n:
            return {}
        realized = recent.estimates(AT_ALL_TIMES)
        promises = self.model.promise(recent.promised.mean)
        return {name: estimate_gap(realized[name], *promise) for name, promise in promises.items()}

    def rows_of(self, leaves: npt.NDArray[np.int64] | None) -> int:
        """Return how many rows were counted."""
        return 0 if self.model is None or leaves is None else self.model.rows_of(leaves)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        model, reference = self.model, self._reference
        return {
            "model": None if model is None else model.to_json(),
            "reference": None if reference is None else reference.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        model, reference = state["model"], state["reference"]
        self.model = None if model is None else ErrorModel.from_json(model)
        self._reference = None if reference is None else ReferenceCells.restore(reference)
