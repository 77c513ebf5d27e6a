"""Learning the reference: from the first rows, or from those before a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import ModelConfig
from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.stream import StreamKey
from barograph_processor.observation import ObservationBatch
from barograph_processor.quality.fine_bins import fine_bins
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.state.window.operations import OperationsReference, OperationsWindow
from barograph_processor.state.window.reference import ReferenceRows, reference_windows
from barograph_processor.state.window.reference_cells import ReferenceCells
from barograph_processor.stats.column import Column, NumericColumn

__all__ = ["Learner", "Split"]

_WINDOW_ROWS = 1000
_PREDICTION = StreamKey("prediction.drift", None)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which rows of a batch belong to the reference.

    Attributes:
        inside: Shape ``(n,)``: the row is part of it.
        end: How many rows of the batch come before its end; ``n`` if it goes on.
        complete: The reference ends in this batch.
    """

    inside: npt.NDArray[np.bool_]
    end: int
    complete: bool


class Learner:
    """Gathers the rows of the reference until it is complete.

    State size: the rows of the reference, and 17 bytes a row for calls; freed
    once learnt. Not locked; its owner is.

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
        self._calls: list[_Calls] = []

    @property
    def rows(self) -> int:
        """Rows so far, without those that failed."""
        return self._rows.rows

    @property
    def wanted(self) -> int | None:
        """Rows that it takes; None if it ends at a time."""
        return None if self._until_ns is not None else self._wanted

    def split(
        self,
        time_ns: npt.NDArray[np.int64],
        *,
        failed: npt.NDArray[np.bool_],
        punctual: npt.NDArray[np.bool_],
    ) -> Split:
        """Say which rows of a batch belong to the reference, all of shape ``(n,)``.

        Rows are counted in order of arrival. Those that failed teach nothing
        but errors and do not count; late ones do not belong. A reference that
        ends at a time ends with the first row at or after it, once it has rows;
        rows from before that time that come still later are windows' rows.
        """
        n = len(time_ns)
        counted = punctual & ~failed
        if self._until_ns is None:
            have = np.cumsum(counted)
            missing = self._wanted - self.rows
            complete = n > 0 and int(have[-1]) >= missing
            end = int(np.searchsorted(have, missing)) + 1 if complete else n
            return Split(punctual & (np.arange(n) < end), end, complete)
        before = time_ns < self._until_ns
        begun = (np.cumsum(counted & before) + self.rows) > 0
        ending = begun & punctual & ~before
        complete = bool(ending.any())
        end = int(np.argmax(ending)) if complete else n
        return Split(punctual & before & (np.arange(n) < end), end, complete)

    def number(self, split: Split, *, failed: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return which row of the reference each row of a batch is, -1 for none, ``(n,)``."""
        taught = split.inside & ~failed
        return np.where(taught, self.rows + np.cumsum(taught) - 1, -1)

    def add(self, columns: Mapping[StreamKey, Column], batch: ObservationBatch) -> None:
        """Add rows that belong.

        Args:
            columns: What is watched of those that did not fail, each of ``n`` rows.
            batch: All of them.
        """
        time = batch.event_time
        usable = time[~batch.failed]
        if len(usable):
            self._rows.add(columns, usable)
        self._calls.append(_Calls(batch.latency, batch.failed, time))

    def finish(self) -> tuple[Baseline, ReferenceCells | None]:
        """Learn from the rows, of which there is at least one.

        Returns:
            The reference; and the slots of its rows where predictions are numbers, of which
            labels may show a regression.
        """
        time = self._rows.time()
        window = reference_windows(
            time, max_rows=self._window.max_rows, seconds=self._window.seconds
        )
        columns = self._rows.columns()
        profile = ReferenceProfile.learn(columns, window, time / 1e9, max_levels=self._max_levels)
        operations = OperationsReference.learn(self._operations())
        learnt = Baseline(profile, operations, int(time.max()), self.rows)
        if not isinstance(columns.get(_PREDICTION), NumericColumn):
            return learnt, None
        return learnt, ReferenceCells.of(fine_bins(profile.layout, columns), columns, self.rows)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        calls = _Calls.joined(self._calls)
        return {
            "rows": self._rows.state(),
            "latency": calls.latency,
            "failed": calls.failed,
            "time": calls.time_ns,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._rows.load(state["rows"])
        self._calls = [
            _Calls(
                np.array(state["latency"], dtype=np.float64),
                np.array(state["failed"], dtype=np.bool_),
                np.array(state["time"], dtype=np.int64),
            )
        ]

    def _operations(self) -> list[OperationsWindow]:
        """Return the calls by the windows that the reference falls into."""
        calls = _Calls.joined(self._calls)
        rows = None if self._window.seconds is not None else self._window.max_rows or _WINDOW_ROWS
        window = reference_windows(calls.time_ns, max_rows=rows, seconds=self._window.seconds)
        order = np.argsort(window, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(window[order])) + 1)
        return [
            OperationsWindow.of(calls.latency[part], calls.failed[part], calls.time_ns[part])
            for part in parts
        ]


@dataclass(frozen=True, slots=True, eq=False)
class _Calls:
    """What operations are learnt from, each of shape ``(n,)``."""

    latency: npt.NDArray[np.float64]
    failed: npt.NDArray[np.bool_]
    time_ns: npt.NDArray[np.int64]

    @classmethod
    def joined(cls, parts: list["_Calls"]) -> "_Calls":
        return cls(
            np.concatenate([np.zeros(0), *(part.latency for part in parts)]),
            np.concatenate([np.zeros(0, dtype=np.bool_), *(part.failed for part in parts)]),
            np.concatenate([np.zeros(0, dtype=np.int64), *(part.time_ns for part in parts)]),
        )
