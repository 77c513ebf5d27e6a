"""The slots into which the rows of a reference fall, kept for labels that come later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.expected_error import ErrorModel
from barograph_processor.stats.column import Column

__all__ = ["ReferenceCells"]

_ROWS = 50_000
_OF_A_BYTE = 256


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceCells:
    """Slots of up to 50,000 rows, evenly spread over the reference.

    State size: 4 bytes a row, and one a stream; two where a stream has more than 256 slots.

    Attributes:
        number: Which rows of the reference, rising, shape ``(n,)``.
        cells: The slot of each within its stream, shape ``(S, n)``.
        layout: The streams.
    """

    number: npt.NDArray[np.int32]
    cells: npt.NDArray[np.unsignedinteger[Any]]
    layout: Layout

    @classmethod
    def of(cls, layout: Layout, columns: Mapping[StreamKey, Column], rows: int) -> "ReferenceCells":
        """Look up the rows of a reference: columns of ``rows`` rows, one a stream."""
        offsets = layout.offsets
        number = np.linspace(0, rows - 1, min(rows, _ROWS)).astype(np.int32)
        kind = np.uint8 if np.diff(offsets).max() <= _OF_A_BYTE else np.uint16
        known = [columns[key].take(number.astype(np.intp)) for key in layout.keys]
        cells = layout.cells(known, len(number)) - offsets[:-1, None]
        return cls(number, cells.astype(kind), layout)

    def learn(
        self, rows: npt.NDArray[np.int64], errors: npt.NDArray[np.float64]
    ) -> ErrorModel | None:
        """Learn on which rows errors were large; None with fewer than 200 labels of these.

        Args:
            rows: Which rows of the reference have a label, those that are not kept or -1 are
                left out, shape ``(k,)``.
            errors: Of each, shape ``(k,)``.
        """
        at = np.minimum(np.searchsorted(self.number, rows), len(self.number) - 1)
        kept = self.number[at] == rows
        known = np.full(len(self.number), np.nan)
        known[at[kept]] = errors[kept]
        labelled = np.flatnonzero(np.isfinite(known))
        cells = self.cells[:, labelled].astype(np.int64) + self.layout.offsets[:-1, None]
        return ErrorModel.learn(cells, known[labelled], self.layout)

    def state(self) -> list[Any]:
        """Return plain values from which ``restore`` continues."""
        return [self.number, self.cells, self.layout.to_json()]

    @classmethod
    def restore(cls, state: list[Any]) -> "ReferenceCells":
        """Undo ``state``."""
        number, cells, layout = state
        return cls(np.array(number), np.array(cells), Layout.from_json(layout))
