"""The shape of a categorical distribution: all levels at once, for drift spread over many."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.drift.binning import CategoricalBinning
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.score import MIN_EXPECTED
from barograph_processor.stats.array import Floats, Ints

__all__ = ["Shapes"]


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Chi-square distances of categorical streams, ``C`` of them, in flat arrays.

    Attributes:
        cell: The cell of every slot, shape ``(B,)``; slots of other streams share the last
            one, which is ignored. Rare slots of a stream share its last cell, with the levels
            that are not counted one by one and those that the reference did not have.
        expected: Share of the stream's rows in each cell in the reference, shape ``(cells,)``.
        starts: First cell of each stream, shape ``(C,)``.
        df: Cells of the stream less one, shape ``(C,)``.
    """

    cell: Ints
    expected: Floats
    starts: Ints
    df: Floats

    @classmethod
    def build(
        cls, layout: Layout, slots: Ints, streams: list[int], window: float, rows: int
    ) -> "Shapes":
        """Learn the cells.

        Args:
            layout: The streams.
            slots: Counts of the reference, shape ``(B,)``.
            streams: The categorical ones to watch.
            window: Rows of a usual window; rare slots are those with fewer than 5 rows then.
            rows: Rows of the reference, at least 1.
        """
        cell = np.full(layout.slots, -1, dtype=np.int64)
        expected: list[float] = []
        starts, df = [], []
        for s in streams:
            at, binning = layout.of(s), layout.binnings[s]
            held = slots[at] / max(rows, 1)
            own = held * window >= MIN_EXPECTED
            if isinstance(binning, CategoricalBinning):
                own[binning.other_slot] = False
            first, k = len(expected), int(own.sum())
            cell[at] = np.where(own, first + np.cumsum(own) - 1, first + k)
            expected += [*held[own].tolist(), max(float(held[~own].sum()), 1 / max(rows, 2))]
            starts.append(first)
            df.append(max(k, 1))
        cell[cell < 0] = len(expected)
        return cls(
            cell,
            np.array(expected),
            np.array(starts, dtype=np.int64),
            np.array(df, dtype=np.float64),
        )

    def distances(self, slots: Ints, rows: int) -> Floats:
        """Return the distances of a window, shape ``(C,)``.

        ``sum (c - n p)^2 / (n p)`` is about chi-square for independent rows if ``p`` is known.

        Args:
            slots: Counts of the window, shape ``(B,)``.
            rows: Its rows, at least 1.
        """
        if not len(self.starts):
            return np.empty(0)
        held = np.bincount(self.cell, slots, minlength=len(self.expected) + 1)[:-1]
        wanted = rows * self.expected
        return np.asarray(np.add.reduceat((held - wanted) ** 2 / wanted, self.starts))
