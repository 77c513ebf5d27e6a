"""Learning the reference: from the first rows, or from those before a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import ModelConfig
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.stream import StreamKey
from barograph_processor.observation import ObservationBatch
from barograph_processor.state.baseline import Baseline
from barograph_processor.state.operations import OperationsReference, OperationsWindow
from barograph_processor.state.reference import ReferenceRows, reference_windows
from barograph_processor.stats.column import Column

__all__ = ["Learner"]


class Learner:
    """Gathers the rows of the reference until it is complete.

    Not locked; its owner is.

    Args:
        config: Where the reference ends, and how long a window is.
        max_levels: Levels kept for a categorical feature.
    """

    def __init__(self, config: ModelConfig, *, max_levels: int) -> None:
        self._wanted = config.reference.rows
        self._until_ns = config.reference.until_ns()
        self._window = config.window
        self._max_levels = max_levels
        self._rows = ReferenceRows()
        self._seen = 0
        self._calls = OperationsWindow.empty()
        self._operations: list[OperationsWindow] = []

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self._seen

    @property
    def wanted(self) -> int | None:
        """Rows that it takes; None if it ends at a time."""
        return None if self._until_ns is not None else self._wanted

    def split(self, batch: ObservationBatch) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return which rows belong to the reference and which come after it, in order.

        The first row at or after the end time ends a reference that has rows;
        rows before that time that come later still are late for it.
        """
        n = len(batch)
        if self._until_ns is None:
            inside = min(self._wanted - self._seen, n)
        else:
            after = batch.event_time >= self._until_ns
            inside = int(np.argmax(after)) if after.any() else n
        rows = np.arange(n, dtype=np.intp)
        return rows[:inside], rows[inside:]

    def complete(self, after: npt.NDArray[np.intp]) -> bool:
        """Whether the reference is done, given the rows of a batch that come after it."""
        if self._rows.rows == 0:
            return False
        return len(after) > 0 if self._until_ns is not None else self._seen >= self._wanted

    def add(
        self,
        columns: dict[StreamKey, Column],
        time_ns: npt.NDArray[np.int64],
        operations: OperationsWindow,
    ) -> None:
        """Add rows: what is watched of those that did not fail, their times, all calls."""
        self._seen += operations.rows
        if len(time_ns):
            self._rows.add(columns, time_ns)
        self._calls = self._calls.merge(operations)
        if self._calls.rows >= (self._window.max_rows or 1000):
            self._operations.append(self._calls)
            self._calls = OperationsWindow.empty()

    def finish(self) -> Baseline:
        """Learn from the rows."""
        time = self._rows.time()
        window = reference_windows(
            time, max_rows=self._window.max_rows, seconds=self._window.seconds
        )
        profile = ReferenceProfile.learn(
            self._rows.columns(), window, time / 1e9, max_levels=self._max_levels
        )
        operations = OperationsReference.learn(self._operations or [self._calls])
        return Baseline(profile, operations, int(time.max()), self._seen)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "rows": self._rows.state(),
            "seen": self._seen,
            "calls": self._calls.state(),
            "operations": [window.state() for window in self._operations],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._rows.load(state["rows"])
        self._seen = state["seen"]
        self._calls = OperationsWindow.restore(state["calls"])
        self._operations = [OperationsWindow.restore(plain) for plain in state["operations"]]
