"""Predictions that met their label: row by row, and what is kept of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.loss import Judged
from barograph_processor.state.label.input_columns import (
    InputColumns,
    inputs_state,
    restored_inputs,
)
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.state.label.slice_columns import (
    SliceColumns,
    joined_slices,
    restored_slices,
    slices_state,
)
from barograph_processor.state.window.row_columns import joined_columns

__all__ = ["Correction", "LabelledRows", "Labels"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRows:
    """What is kept of labels: sums, and the loss of each, in order of arrival.

    Attributes:
        performance: Sums over all of them.
        loss: Of each, shape ``(n,)``, as in ``Judged``.
        outcomes: The probability that was given to each, NaN if none was, and whether it
            came true; shape ``(2, n)``.
        ids: Trace and span ids of the predictions, shape ``(n, 3)``.
        time_ns: Event time of the predictions, shape ``(n,)``.
        row: Which of the rows that the reference learns from each is, -1 for none, ``(n,)``.
        slices: Levels by dimension, each of ``n`` rows.
        inputs: By name, each of ``n`` rows; as far as they are kept.
    """

    performance: RealizedPerformance
    loss: npt.NDArray[np.float64]
    outcomes: npt.NDArray[np.float64]
    ids: npt.NDArray[np.uint64]
    time_ns: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    slices: SliceColumns
    inputs: InputColumns = field(default_factory=dict)

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
            np.concatenate([part.outcomes for part in parts], axis=1),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.time_ns for part in parts]),
            np.concatenate([part.row for part in parts]),
            joined_slices([(part.slices, len(part)) for part in parts]),
            joined_columns([(part.inputs, len(part)) for part in parts]),
        )

    def state(self) -> list[Any]:
        """Return plain values from which ``restore`` continues."""
        rows = [self.loss, self.outcomes, self.ids, self.time_ns, self.row]
        parts = [slices_state(self.slices), inputs_state(self.inputs)]
        return [self.performance.state(), *rows, *parts]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> "LabelledRows":
        """Undo ``state``."""
        performance: Mapping[str, Any] = state[0]
        return cls(
            RealizedPerformance.restore(performance),
            np.array(state[1], dtype=np.float64),
            np.array(state[2], dtype=np.float64).reshape(2, -1),
            np.array(state[3], dtype=np.uint64).reshape(-1, 3),
            np.array(state[4], dtype=np.int64),
            np.array(state[5], dtype=np.int64),
            restored_slices(state[6]),
            restored_inputs(state[7]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Predictions that met their label, in order of arrival of the labels.

    Attributes:
        judged: Predictions beside their true labels, ``n`` of them.
        ids: Trace and span ids, shape ``(n, 3)``.
        time_ns: Event time of the predictions, shape ``(n,)``.
        row: Which of the rows that the reference learns from each is, -1 for none, ``(n,)``.
        slices: Levels by dimension, each of ``n`` rows.
        inputs: By name, each of ``n`` rows; as far as they are kept.
    """

    judged: Judged
    ids: npt.NDArray[np.uint64]
    time_ns: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    slices: SliceColumns = field(default_factory=dict)
    inputs: InputColumns = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.time_ns)

    def take(self, rows: npt.NDArray[np.intp]) -> "Labels":
        """Return the given rows, in the given order."""
        if np.array_equal(rows, np.arange(len(self))):
            return self
        slices = {name: column.take(rows) for name, column in self.slices.items()}
        inputs = {name: column.take(rows) for name, column in self.inputs.items()}
        times, row = self.time_ns[rows], self.row[rows]
        return Labels(self.judged.take(rows), self.ids[rows], times, row, slices, inputs)

    def summed(self) -> LabelledRows:
        """Return what is kept of them."""
        judged = self.judged
        return LabelledRows(
            RealizedPerformance.of(judged),
            judged.loss,
            np.stack(judged.outcomes()),
            self.ids,
            self.time_ns,
            self.row,
            self.slices,
            self.inputs,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """Labels that replace earlier ones of the same predictions, ``n`` of them.

    Attributes:
        before: By the labels that they had.
        after: By the labels that they have now.
        in_reference: Whose predictions belong to the reference, shape ``(n,)``.
        place: Where the earlier labels were counted: of the reference's their number in the
            baseline, of others how many windows were closed then; -1 if that is not known.
    """

    before: Labels
    after: Labels
    in_reference: npt.NDArray[np.bool_]
    place: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.intp]) -> "Correction":
        """Return the given rows, in the given order."""
        before, after = self.before.take(rows), self.after.take(rows)
        return Correction(before, after, self.in_reference[rows], self.place[rows])
