"""What is counted of the rows of a window that is open, for when it closes."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from barograph_processor.observation import ObservationBatch
from barograph_processor.state.aftermath.level_tally import LevelTally

__all__ = ["MOST_LEVELS", "WindowRows"]

MOST_LEVELS: Final = 10_000
"""Different outputs of a window that are told apart; further ones are left out."""


class WindowRows:
    """Rows, those with a confidence, outputs, and levels of slices. Not locked; its owner is."""

    def __init__(self) -> None:
        self.rows = 0
        self.confident = 0
        self.outputs: dict[str, int] = {}
        self.levels = LevelTally()

    def add(self, batch: ObservationBatch) -> None:
        """Count rows."""
        self.rows += len(batch)
        self.levels.add(batch)
        if batch.confidence is not None:
            self.confident += int(np.isfinite(batch.confidence).sum())
        if batch.label is None:
            return
        codes = batch.label.codes
        counts = np.bincount(codes[codes >= 0], minlength=len(batch.label.levels))
        for code in np.flatnonzero(counts).tolist():
            level = batch.label.levels[code]
            if level in self.outputs or len(self.outputs) < MOST_LEVELS:
                self.outputs[level] = self.outputs.get(level, 0) + int(counts[code])

    def state(self) -> list[Any]:
        """Return plain values from which ``restore`` continues."""
        return [self.rows, self.confident, dict(self.outputs), self.levels.state()]

    @classmethod
    def restore(cls, state: list[Any]) -> "WindowRows":
        """Undo ``state``."""
        found = cls()
        outputs: Mapping[str, int] = state[2]
        found.rows, found.confident, found.outputs = state[0], state[1], dict(outputs)
        found.levels = LevelTally.restore(state[3])
        return found
