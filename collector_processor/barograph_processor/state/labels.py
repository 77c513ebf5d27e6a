"""Predictions that met their label: row by row, and what is kept of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.loss import Judged
from barograph_processor.state.realized import RealizedPerformance

__all__ = ["LabelledRows", "Labels"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRows:
    """What is kept of labels: sums, and the loss of each, in order of arrival.

    Attributes:
        performance: Sums over all of them.
        loss: Of each, shape ``(n,)``, as in ``Judged``.
        ids: Trace and span ids of the predictions, shape ``(n, 3)``.
        time_ns: Event time of the predictions, shape ``(n,)``.
    """

    performance: RealizedPerformance
    loss: npt.NDArray[np.float64]
    ids: npt.NDArray[np.uint64]
    time_ns: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.loss)

    @classmethod
    def joined(cls, parts: Sequence["LabelledRows"]) -> "LabelledRows":
        """Return at least one part after the other as one."""
        if len(parts) == 1:
            return parts[0]
        performance = RealizedPerformance.empty()
        for part in parts:
            performance = performance.merge(part.performance)
        return cls(
            performance,
            np.concatenate([part.loss for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.time_ns for part in parts]),
        )

    def state(self) -> list[Any]:
        """Return plain values from which ``restore`` continues."""
        return [self.performance.state(), self.loss, self.ids, self.time_ns]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> "LabelledRows":
        """Undo ``state``."""
        performance: Mapping[str, Any] = state[0]
        return cls(
            RealizedPerformance.restore(performance),
            np.array(state[1], dtype=np.float64),
            np.array(state[2], dtype=np.uint64).reshape(-1, 3),
            np.array(state[3], dtype=np.int64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Predictions that met their label, in order of arrival of the labels.

    Attributes:
        judged: Predictions beside their true labels, ``n`` of them.
        ids: Trace and span ids, shape ``(n, 3)``.
        time_ns: Event time of the predictions, shape ``(n,)``.
    """

    judged: Judged
    ids: npt.NDArray[np.uint64]
    time_ns: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time_ns)

    def take(self, rows: npt.NDArray[np.intp]) -> "Labels":
        """Return the given rows, in the given order."""
        if len(rows) == len(self):
            return self
        return Labels(self.judged.take(rows), self.ids[rows], self.time_ns[rows])

    def summed(self) -> LabelledRows:
        """Return what is kept of them."""
        performance = RealizedPerformance.of(self.judged)
        return LabelledRows(performance, self.judged.loss, self.ids, self.time_ns)
