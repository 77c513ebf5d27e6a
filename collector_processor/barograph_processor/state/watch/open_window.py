"""A window that still takes rows."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.score_histogram import ScoreCounts
from barograph_processor.state.label.labels import LabelledRows
from barograph_processor.state.window.operations import OperationsWindow
from barograph_processor.state.window.row_columns import (
    RowColumns,
    columns_state,
    joined_columns,
    restored_columns,
)
from barograph_processor.stats.column import Column

__all__ = ["OpenWindow", "Sample", "WindowRows"]

_SAMPLED = 128


class Sample:
    """The last rows of a window with their ids: where examples of a change are looked up.

    State size: 128 rows of what is watched. ``add`` costs a ``take`` of them.
    """

    def __init__(self) -> None:
        self._parts: deque[tuple[RowColumns, npt.NDArray[np.uint64]]] = deque()
        self._rows = 0

    def add(self, columns: RowColumns, ids: npt.NDArray[np.uint64]) -> None:
        """Keep the last rows of a batch: columns of ``n`` rows, ids of shape ``(n, 3)``."""
        if len(ids) == 0:
            return
        self._append(columns, ids, max(len(ids) - _SAMPLED, 0))
        while (surplus := self._rows - _SAMPLED) > 0:
            columns, ids = self._parts.popleft()
            self._rows -= len(ids)
            if surplus < len(ids):
                self._append(columns, ids, surplus, left=True)

    def column(self, key: StreamKey) -> Column | None:
        """Return the sampled values of a stream, if there are any."""
        parts = [
            ({key: columns[key]} if key in columns else {}, len(ids))
            for columns, ids in self._parts
        ]
        return joined_columns(parts).get(key)

    def traces(self, rows: npt.NDArray[np.intp], *, limit: int = 5) -> tuple[str, ...]:
        """Return the distinct traces of the first of these rows, 32 hex digits each."""
        ids = self._ids()
        found: list[str] = []
        for row in rows.tolist():
            high, low = int(ids[row, 0]), int(ids[row, 1])
            trace = f"{high:016x}{low:016x}"
            if (high or low) and trace not in found:
                found.append(trace)
                if len(found) == limit:
                    break
        return tuple(found)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        whole = joined_columns([(columns, len(ids)) for columns, ids in self._parts])
        return {"columns": columns_state(whole), "ids": self._ids()}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "Sample":
        """Undo ``state``."""
        sample = cls()
        ids = np.array(state["ids"], dtype=np.uint64).reshape(-1, 3)
        sample.add(restored_columns(state["columns"]), ids)
        return sample

    def _append(
        self, columns: RowColumns, ids: npt.NDArray[np.uint64], start: int, *, left: bool = False
    ) -> None:
        rows = np.arange(start, len(ids), dtype=np.intp)
        part = {key: column.take(rows) for key, column in columns.items()}, ids[rows]
        self._rows += len(rows)
        if left:
            self._parts.appendleft(part)
        else:
            self._parts.append(part)

    def _ids(self) -> npt.NDArray[np.uint64]:
        parts = [ids for _, ids in self._parts]
        return np.concatenate([*parts, np.zeros((0, 3), dtype=np.uint64)])


@dataclass(frozen=True, slots=True, eq=False)
class WindowRows:
    """Rows that come to a window together.

    Attributes:
        columns: What is watched of those that did not fail, each of ``n`` rows.
        ids: Their trace and span ids, shape ``(n, 3)``.
        operations: The calls of all.
        labels: Labels that came with them; None if none did.
        scores: Of them; None if they have none that can be told.
        leaves: How many are in each leaf of what tells errors; None if nothing does.
    """

    columns: RowColumns
    ids: npt.NDArray[np.uint64]
    operations: OperationsWindow
    labels: LabelledRows | None
    scores: ScoreCounts | None
    leaves: npt.NDArray[np.int64] | None


class OpenWindow:
    """Sums over the rows of one window.

    Args:
        profile: What the rows are counted by.
    """

    def __init__(self, profile: ReferenceProfile) -> None:
        self._profile = profile
        self.counts: WindowCounts | None = None
        self.leaves: npt.NDArray[np.int64] | None = None
        self.operations = OperationsWindow.empty()
        self.sample = Sample()
        self.scores: ScoreCounts | None = None
        self._labels: list[LabelledRows] = []

    @property
    def labels(self) -> LabelledRows | None:
        """Labels that came with the rows, in order of arrival; None if none did."""
        return LabelledRows.joined(self._labels) if self._labels else None

    def add(self, rows: WindowRows) -> None:
        """Add rows."""
        if len(rows.ids):
            counts = self._profile.count(rows.columns)
            self.counts = counts if self.counts is None else self.counts.merge(counts)
        if rows.leaves is not None:
            self.leaves = rows.leaves if self.leaves is None else self.leaves + rows.leaves
        self.operations = self.operations.merge(rows.operations)
        self.sample.add(rows.columns, rows.ids)
        if rows.labels is not None:
            self._labels.append(rows.labels)
        if rows.scores is not None:
            self.scores = rows.scores if self.scores is None else self.scores.merge(rows.scores)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        labels = self.labels
        return {
            "counts": None if self.counts is None else self.counts.to_bytes(),
            "leaves": self.leaves,
            "operations": self.operations.state(),
            "sample": self.sample.state(),
            "labels": None if labels is None else labels.state(),
            "scores": None if self.scores is None else self.scores.to_bytes(),
        }

    @classmethod
    def restore(cls, profile: ReferenceProfile, state: Mapping[str, Any]) -> "OpenWindow":
        """Undo ``state``."""
        window = cls(profile)
        if state["counts"] is not None:
            window.counts = WindowCounts.from_bytes(state["counts"])
        if state["leaves"] is not None:
            window.leaves = np.array(state["leaves"], dtype=np.int64)
        window.operations = OperationsWindow.restore(state["operations"])
        window.sample = Sample.restore(state["sample"])
        if state["labels"] is not None:
            window._labels = [LabelledRows.restore(state["labels"])]
        if state["scores"] is not None:
            window.scores = ScoreCounts.from_bytes(bytes(state["scores"]))
        return window
