"""The labels of the reference's own predictions, until the baseline of quality is fixed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.labels import Correction, LabelledRows
from barograph_processor.state.label.realized import RealizedPerformance

__all__ = ["BaselineLabels"]


class BaselineLabels:
    """Losses and scores in order of arrival, of which rows they are, and their sums.

    State size: 32 bytes a label until `free`; then sums of fixed size. Not locked; its
    owner is.
    """

    def __init__(self) -> None:
        self._losses: list[npt.NDArray[np.float64]] = []
        self._outcomes: list[npt.NDArray[np.float64]] = []
        self._rows: list[npt.NDArray[np.int64]] = []
        self._count = 0
        self.performance = RealizedPerformance.empty()

    def __len__(self) -> int:
        return self._count

    def add(self, labels: LabelledRows) -> None:
        """Add labels."""
        self._losses.append(labels.loss)
        self._outcomes.append(labels.outcomes)
        self._rows.append(labels.row)
        self._count += len(labels)
        self.performance = self.performance.merge(labels.performance)

    def correct(self, correction: Correction) -> int:
        """Replace labels that are held, by their place; return how many.

        Raises:
            ValueError: The earlier labels are not among those held.
        """
        before, after = correction.before.summed(), correction.after.summed()
        self.performance = self.performance.without(before.performance).merge(after.performance)
        losses, outcomes = self.losses(), self.outcomes()
        losses[correction.place] = after.loss
        outcomes[:, correction.place] = after.outcomes
        self._losses, self._outcomes = [losses], [outcomes]
        return len(after)

    def losses(self) -> npt.NDArray[np.float64]:
        """Return the losses, shape ``(n,)``."""
        return np.concatenate([*self._losses, np.zeros(0)])

    def outcomes(self) -> npt.NDArray[np.float64]:
        """Return probabilities and whether they came true, shape ``(2, n)``."""
        return np.concatenate([*self._outcomes, np.zeros((2, 0))], axis=1)

    def rows(self) -> npt.NDArray[np.int64]:
        """Return which of the reference's rows each is of, -1 for none, shape ``(n,)``."""
        return np.concatenate([*self._rows, np.zeros(0, dtype=np.int64)])

    def free(self) -> None:
        """Keep the sums alone."""
        self._losses, self._outcomes, self._rows = [], [], []

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "losses": self.losses(),
            "outcomes": self.outcomes(),
            "rows": self.rows(),
            "count": self._count,
            "performance": self.performance.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        losses = np.array(state["losses"], dtype=np.float64)
        outcomes = np.array(state["outcomes"], dtype=np.float64).reshape(2, -1)
        self._losses = [losses] if len(losses) else []
        self._outcomes = [outcomes] if len(losses) else []
        self._rows = [np.array(state["rows"], dtype=np.int64)] if len(losses) else []
        self._count = state["count"]
        self.performance = RealizedPerformance.restore(state["performance"])
