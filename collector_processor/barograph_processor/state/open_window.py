"""A window that still takes rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.stream import StreamKey
from barograph_processor.state.operations import OperationsWindow
from barograph_processor.stats.column import Column

__all__ = ["OpenWindow", "Sample"]

_SAMPLED = 128


class Sample:
    """The last rows of a window with their ids: where examples of a change are looked up.

    State size: at most 128 rows of what is watched. Not part of a checkpoint,
    since examples only illustrate.
    """

    def __init__(self) -> None:
        self._columns: dict[StreamKey, Column] = {}
        self._ids = np.zeros((0, 3), dtype=np.uint64)

    def replace(self, columns: dict[StreamKey, Column], ids: npt.NDArray[np.uint64]) -> None:
        """Keep the last rows of a batch: columns of ``n`` rows, ids of shape ``(n, 3)``.

        A batch that is much smaller than what is held already is passed over.
        """
        if len(ids) < min(len(self._ids), _SAMPLED) // 2:
            return
        rows = np.arange(max(len(ids) - _SAMPLED, 0), len(ids))
        self._columns = {key: column.take(rows) for key, column in columns.items()}
        self._ids = ids[rows]

    def column(self, key: StreamKey) -> Column | None:
        """Return the sampled values of a stream, if there are any."""
        return self._columns.get(key)

    def traces(self, rows: npt.NDArray[np.intp], *, limit: int = 5) -> tuple[str, ...]:
        """Return the distinct traces of the first of these rows, 32 hex digits each."""
        found: list[str] = []
        for row in rows.tolist():
            high, low = int(self._ids[row, 0]), int(self._ids[row, 1])
            trace = f"{high:016x}{low:016x}"
            if (high or low) and trace not in found:
                found.append(trace)
                if len(found) == limit:
                    break
        return tuple(found)


class OpenWindow:
    """Sums over the rows of one window.

    Args:
        profile: What the rows are counted by.
    """

    def __init__(self, profile: ReferenceProfile) -> None:
        self._profile = profile
        self.counts: WindowCounts | None = None
        self.operations = OperationsWindow.empty()
        self.sample = Sample()

    def add(
        self,
        columns: dict[StreamKey, Column],
        ids: npt.NDArray[np.uint64],
        operations: OperationsWindow,
    ) -> None:
        """Add rows: what is watched of them, their ids, and their calls."""
        counts = self._profile.count(columns)
        self.counts = counts if self.counts is None else self.counts.merge(counts)
        self.operations = self.operations.merge(operations)
        self.sample.replace(columns, ids)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "counts": None if self.counts is None else self.counts.to_bytes(),
            "operations": self.operations.state(),
        }

    @classmethod
    def restore(cls, profile: ReferenceProfile, state: Mapping[str, Any]) -> "OpenWindow":
        """Undo ``state``."""
        window = cls(profile)
        if state["counts"] is not None:
            window.counts = WindowCounts.from_bytes(state["counts"])
        window.operations = OperationsWindow.restore(state["operations"])
        return window
