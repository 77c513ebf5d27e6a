"""Counts of the last windows together: what is shown as *now*."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.drift.counts import WindowCounts
from barograph_processor.stats.array import Floats

__all__ = ["FORGET", "Pooled"]

FORGET = 0.5
"""How much each window weighs next to the one after it in what is shown as *now*."""


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Counts of several windows, with weights: like `WindowCounts`, but fractional.

    Attributes:
        rows: Weighted rows.
        slots: Shape ``(B,)``.
        sums: Shape ``(numeric streams, 2)``.
        cross: Shape ``(d, d)``.
    """

    rows: float
    slots: Floats
    sums: Floats
    cross: Floats

    @classmethod
    def of(cls, counts: WindowCounts) -> "Pooled":
        """Take one window with weight 1."""
        return cls(float(counts.rows), counts.slots.astype(np.float64), counts.sums, counts.cross)

    def then(self, newest: "Pooled") -> "Pooled":
        """Return the pool with all weights halved, and a window with weight 1."""
        return Pooled(
            self.rows * FORGET + newest.rows,
            self.slots * FORGET + newest.slots,
            self.sums * FORGET + newest.sums,
            self.cross * FORGET + newest.cross,
        )
