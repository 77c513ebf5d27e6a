"""Windows held against the reference."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import OperationsConfig
from barograph_processor.drift.alarm import DriftUpdate
from barograph_processor.drift.monitor import DriftMonitor
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.state.baseline import Baseline
from barograph_processor.state.figures import figures
from barograph_processor.state.labelled import LabelledQuality
from barograph_processor.state.open_window import OpenWindow, Sample
from barograph_processor.state.operations import OperationsWindow
from barograph_processor.state.realized import RealizedPerformance
from barograph_processor.state.record import WindowRecord
from barograph_processor.state.windows import Slot
from barograph_processor.stats.column import Column

__all__ = ["ClosedWindow", "Watch"]

_STARTS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class ClosedWindow:
    """A window that takes no more rows.

    Attributes:
        number: From 0 after the reference.
        partial: It never filled, so it was not judged.
        operations: Its calls.
        update: What the drift monitor made of it; None if it was not judged.
        sample: Some of its last rows.
    """

    number: int
    partial: bool
    operations: OperationsWindow
    update: DriftUpdate | None
    sample: Sample

    @property
    def start_ns(self) -> int:
        """Event time of its earliest row."""
        return self.operations.first_ns or 0

    @property
    def end_ns(self) -> int:
        """Event time of its latest row."""
        return self.operations.last_ns or 0

    def record(
        self, condition: str, performance: RealizedPerformance | None, quality: LabelledQuality
    ) -> WindowRecord:
        """Return what is remembered of it."""
        return WindowRecord(
            window=self.number,
            start_ns=self.start_ns,
            end_ns=self.end_ns,
            rows=self.operations.rows,
            partial=self.partial,
            condition=condition,
            signals=figures(self.operations, self.update, performance, quality),
        )


class Watch:
    """The open windows of a model, its drift monitor, and what is normal for its operations.

    Not locked; its owner is.

    Args:
        learnt: The reference.
        monitor: Of drift against that reference.
        objectives: For latency and errors.
    """

    def __init__(
        self, learnt: Baseline, monitor: DriftMonitor, objectives: OperationsConfig
    ) -> None:
        self.learnt = learnt
        self.monitor = monitor
        self._objectives = objectives
        self.operations: dict[str, str] = {}
        self.due: list[RiskTransition] = []
        self._open: dict[Slot, OpenWindow] = {}
        self._starts: deque[tuple[int, int]] = deque(maxlen=_STARTS)

    def add(
        self,
        slot: Slot,
        columns: dict[StreamKey, Column],
        ids: npt.NDArray[np.uint64],
        operations: OperationsWindow,
    ) -> None:
        """Add rows to a window: what is watched of them, their ids, and their calls."""
        window = self._open.get(slot)
        if window is None:
            window = self._open[slot] = OpenWindow(self.learnt.profile)
        window.add(columns, ids, operations)

    def close(self, slot: Slot, *, number: int, partial: bool) -> ClosedWindow | None:
        """Close a window and, unless it is partial, judge it; None if it has no rows."""
        window = self._open.pop(slot, None)
        if window is None or window.operations.rows == 0:
            return None
        operations = window.operations
        update = None
        self.operations = self.learnt.operations.judge(operations, self._objectives)
        if not partial:
            start, end = operations.first_ns or 0, operations.last_ns or 0
            self._starts.append((number, start))
            if window.counts is not None:
                update = self.monitor.update(window.counts, time=(start + end) / 2e9, window=number)
        return ClosedWindow(number, partial, operations, update, window.sample)

    def start_of(self, number: int) -> int:
        """Return when a window began, ns; of the nearest earlier one that is known."""
        for known, start in reversed(self._starts):
            if known <= number:
                return start
        return self._starts[0][1] if self._starts else self.learnt.end_ns

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "baseline": self.learnt.to_json(),
            "monitor": self.monitor.state(),
            "operations": dict(self.operations),
            "open": [[s.period, s.part, window.state()] for s, window in self._open.items()],
            "starts": np.array(self._starts, dtype=np.int64).reshape(-1, 2),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any], objectives: OperationsConfig) -> "Watch":
        """Undo ``state``."""
        learnt = Baseline.from_json(state["baseline"])
        watch = cls(learnt, DriftMonitor.restore(learnt.profile, state["monitor"]), objectives)
        watch.operations = dict(state["operations"])
        watch._open = {
            Slot(period, part): OpenWindow.restore(learnt.profile, plain)
            for period, part, plain in state["open"]
        }
        starts = np.array(state["starts"], dtype=np.int64).reshape(-1, 2).tolist()
        watch._starts = deque(((number, start) for number, start in starts), maxlen=_STARTS)
        return watch
