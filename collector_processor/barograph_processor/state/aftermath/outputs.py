"""What a model gives, counted by level: whether it narrows."""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from barograph_processor.quality.concentration import Concentration
from barograph_processor.quality.figure import MIN_WINDOWS, FigureMonitor, FigureReference
from barograph_processor.state.aftermath.window_rows import MOST_LEVELS
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["Outputs"]

_FEW: Final = 10
_LEAST: Final = 1e-6
_TOLERANCE: Final = math.log(1.2)


class Outputs:
    """Counts outputs by window, and finds a concentration that has risen.

    What is judged is the logarithm of the probability that two predictions of a window give
    the same; a fifth more is tolerated. A model that gives fewer than ten different things
    is measured and not judged: its shares follow what it is asked.

    Levels beyond 10,000 of a window are left out, each as if it had occurred once.

    State size: the counts of the open window. Not locked; its owner is.

    Args:
        budget: Windows between false alarms.
        block: Predictions of a block of the reference. Positive.
    """

    def __init__(self, *, budget: float, block: int) -> None:
        self._budget = budget
        self._block_rows = block
        self._window: dict[str, int] = {}
        self._known: dict[str, None] = {}
        self._blocks: list[float] = []
        self._learning = True
        self.monitor: FigureMonitor | None = None
        self.now: Concentration | None = None
        self.before: float | None = None

    def see(self, label: CategoricalColumn | None) -> None:
        """Take the outputs of predictions, in order of arrival; None if they have no class."""
        if label is None:
            return
        codes = label.codes[label.codes >= 0]
        while len(codes):
            room = len(codes)
            if self._learning:
                room = self._block_rows - sum(self._window.values())
            self._count(label.levels, codes[:room])
            codes = codes[room:]
            if self._learning and sum(self._window.values()) >= self._block_rows:
                self._blocks.append(self._end())

    def add(self, counts: Mapping[str, int]) -> None:
        """Take the outputs of a window that closes, by level."""
        for level, count in counts.items():
            self._add(level, count)
        if self._learning and sum(self._window.values()) >= self._block_rows:
            self._blocks.append(self._end())

    def close(self, window: int) -> None:
        """End a window after the reference."""
        if self._learning:
            self._learn()
            return
        rows = sum(self._window.values())
        if rows < 2:  # noqa: PLR2004 - one row is alike with nothing
            return
        figure = self._end()
        if self.monitor is not None:
            self.monitor.update(figure, float(rows), window=window)

    def _count(self, levels: tuple[str, ...], codes: np.ndarray[Any, Any]) -> None:
        counts = np.bincount(codes, minlength=len(levels))
        for code in np.flatnonzero(counts).tolist():
            self._add(levels[code], int(counts[code]))

    def _add(self, level: str, count: int) -> None:
        if level in self._window or len(self._window) < MOST_LEVELS:
            self._window[level] = self._window.get(level, 0) + count
        if self._learning and len(self._known) < MOST_LEVELS:
            self._known.setdefault(level)

    def _end(self) -> float:
        """Measure the open window and begin the next; return the figure that is judged."""
        unseen = sum(level not in self._window for level in self._known)
        counts = np.array([*self._window.values(), *[0] * unseen], dtype=np.float64)
        self._window = {}
        self.now = Concentration.of(counts)
        return math.log(max(0.0 if self.now is None else self.now.collision, _LEAST))

    def _learn(self) -> None:
        """Fix what is normal once there are enough blocks; their end is that of a window."""
        if len(self._blocks) < MIN_WINDOWS:
            return
        figures = np.array(self._blocks)
        reference = FigureReference.learn(figures, np.full(len(figures), float(self._block_rows)))
        self.before = math.exp(reference.mean)
        if len(self._known) >= _FEW:
            self.monitor = FigureMonitor(
                reference, upwards=True, tolerance=_TOLERANCE, budget=self._budget
            )
        self._learning = False
        self._blocks, self._window = [], {}

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        now = self.now
        return {
            "window": dict(self._window),
            "known": list(self._known),
            "blocks": list(self._blocks),
            "learning": self._learning,
            "monitor": None if self.monitor is None else self.monitor.state(),
            "before": self.before,
            "now": None if now is None else [now.gini, now.top_share, now.entropy, now.collision],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._window = dict(state["window"])
        self._known = dict.fromkeys(state["known"])
        self._blocks = list(state["blocks"])
        self._learning = state["learning"]
        monitor = state["monitor"]
        self.monitor = None if monitor is None else FigureMonitor.restore(monitor)
        self.before = state["before"]
        now = state["now"]
        self.now = None if now is None else Concentration(*now)
