"""Drift in whatever direction it goes: each window against the direction of the windows before.

A chi-square distance spreads its power over all levels; a score must know beforehand what
to look for. The trend score of a window is its deviation from all earlier windows, projected
on the average deviation of the last few: under exchangeable windows its mean is zero given
the past, whatever the direction; under drift that goes on, both point the same way.
"""

from dataclasses import dataclass

import numpy as np

from barograph_processor.drift.layout import Layout
from barograph_processor.drift.score import MIN_EXPECTED
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["TrendState", "Trends"]

_FORGET = 0.85


@dataclass(slots=True, eq=False)
class TrendState:
    """What changes: over all cells, and over the ``C`` streams with a trend score."""

    pool: Floats
    """Rows of all windows so far by cell, shape ``(cells,)``."""
    rows: Floats
    """Rows of all windows so far, shape ``(C,)``."""
    direction: Floats
    """Decaying sum of the deviations so far, shape ``(cells,)``."""

    def copy(self) -> "TrendState":
        """Return an independent copy."""
        return TrendState(self.pool.copy(), self.rows.copy(), self.direction.copy())


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """The cells of the streams that have a trend score, in flat arrays.

    Attributes:
        streams: The streams, shape ``(C,)``.
        cell: The cell of every slot, shape ``(B,)``; the last one is of streams without a
            trend. Rare slots of a stream share its last cell.
        expected: Share of the stream's rows in each cell in the reference, shape ``(cells,)``.
        starts: First cell of each stream, shape ``(C,)``.
        owner: Position in ``streams`` of each cell, shape ``(cells,)``.
    """

    streams: Ints
    cell: Ints
    expected: Floats
    starts: Ints
    owner: Ints

    @classmethod
    def build(
        cls, layout: Layout, slots: Ints, streams: list[int], window: float, rows: int
    ) -> "Trends":
        """Learn the cells.

        Args:
            layout: The streams.
            slots: Counts of the reference, shape ``(B,)``.
            streams: The ones to watch.
            window: Rows of a usual window; slots with fewer than 5 rows then are rare.
            rows: Rows of the reference, at least 1.
        """
        cell = np.full(layout.slots, -1, dtype=np.int64)
        expected: list[float] = []
        starts, owner = [], []
        for at, s in enumerate(streams):
            held = slots[layout.of(s)] / max(rows, 1)
            own = held * window >= MIN_EXPECTED
            first, k = len(expected), int(own.sum())
            cell[layout.of(s)] = np.where(own, first + np.cumsum(own) - 1, first + k)
            expected += [*held[own].tolist(), max(float(held[~own].sum()), 1 / max(rows, 2))]
            starts.append(first)
            owner += [at] * (k + 1)
        cell[cell < 0] = len(expected)
        return cls(
            np.array(streams, dtype=np.int64),
            cell,
            np.array(expected),
            np.array(starts, dtype=np.int64),
            np.array(owner, dtype=np.int64),
        )

    def start(self) -> TrendState:
        """Return the state before the first window: worth one row of the reference."""
        return TrendState(
            self.expected.copy(), np.ones(len(self.streams)), np.zeros_like(self.expected)
        )

    def step(self, state: TrendState, slots: Ints, rows: int, learn: Bools) -> Floats:
        """Return the trend scores of a window, shape ``(C,)``, and take it into the state.

        They behave as means over the window of a score with variance 1.

        Args:
            state: Changed in place.
            slots: Counts of the window, shape ``(B,)``.
            rows: Its rows, at least 1.
            learn: Which streams learn from the window, shape ``(C,)``.
        """
        if not len(self.streams):
            return np.empty(0)
        held = np.bincount(self.cell, slots, minlength=len(self.expected) + 1)[:-1]
        spread = np.sqrt(self.expected * (1 / rows + 1 / state.rows)[self.owner])
        deviation = (held / rows - state.pool / state.rows[self.owner]) / spread
        size = np.sqrt(np.add.reduceat(state.direction**2, self.starts))
        along = np.add.reduceat(state.direction * deviation, self.starts)
        state.direction = _FORGET * state.direction + deviation
        state.pool = state.pool + np.where(learn[self.owner], held, 0.0)
        state.rows = state.rows + np.where(learn, rows, 0)
        return np.asarray(along / np.maximum(size, 1e-9) / np.sqrt(rows))

    def restart(self, state: TrendState, stream: int, other: TrendState, *, turn: bool) -> None:
        """Take one stream's pool from ``other``, and its direction if it shall ``turn`` too."""
        for at in np.flatnonzero(self.streams == stream).tolist():
            own = self.owner == at
            state.pool[own] = other.pool[own]
            state.rows[at] = other.rows[at]
            if turn:
                state.direction[own] = other.direction[own]
