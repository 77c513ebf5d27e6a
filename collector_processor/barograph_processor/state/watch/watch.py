"""Windows held against the reference."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import ModelConfig, OperationsConfig
from barograph_processor.drift.alarm import DriftUpdate
from barograph_processor.drift.monitor import DriftMonitor
from barograph_processor.quality.score_histogram import ScoreCounts
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.label.labels import LabelledRows
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.state.watch.figures import figures
from barograph_processor.state.watch.open_window import OpenWindow, Sample, WindowRows
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.state.window.operations import OperationsWindow
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.state.window.windows import Slot

__all__ = ["ClosedWindow", "Watch"]

_SPANS = 10_000
_NAMED = 5


@dataclass(frozen=True, slots=True, eq=False)
class ClosedWindow:
    """A window that takes no more rows.

    Attributes:
        number: From 0 after the reference.
        partial: It never filled, so it was not judged.
        operations: Its calls.
        update: What the drift monitor made of it; None if it was not judged.
        sample: Some of its last rows.
        labels: Labels that came with its rows; None if none did.
        scores: Of its rows; None if they have none that can be told.
        leaves: Its rows by leaf of what tells errors; None if nothing does.
    """

    number: int
    partial: bool
    operations: OperationsWindow
    update: DriftUpdate | None
    sample: Sample
    labels: LabelledRows | None
    scores: ScoreCounts | None
    leaves: npt.NDArray[np.int64] | None

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
            signals=figures(
                self.operations,
                self.update,
                performance,
                quality,
                self.scores,
                self.leaves,
            ),
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
        self._season_warning: str | None = None
        self._known = frozenset(learnt.profile.layout.keys)
        self._unwatched: list[str] = []
        self._open: dict[Slot, OpenWindow] = {}
        self._spans: deque[tuple[int, int, int]] = deque(maxlen=_SPANS)

    def add(self, slot: Slot, rows: WindowRows) -> None:
        """Add rows to a window."""
        for key in rows.columns:
            if key in self._known:
                continue
            name = key.feature or key.signal
            if len(self._unwatched) < _NAMED and name not in self._unwatched:
                self._unwatched.append(name)
        window = self._open.get(slot)
        if window is None:
            window = self._open[slot] = OpenWindow(self.learnt.profile)
        window.add(rows)

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
            self._spans.append((number, start, end))
            if window.counts is not None:
                update = self.monitor.update(window.counts, time=(start + end) / 2e9, window=number)
        return ClosedWindow(
            number,
            partial,
            operations,
            update,
            window.sample,
            window.labels,
            window.scores,
            window.leaves,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the drift monitor less able than it was told to be, as sentences."""
        own = [] if self._season_warning is None else [self._season_warning]
        if self._unwatched:
            names = ", ".join(map(repr, sorted(self._unwatched)))
            own.append(f"the reference did not hold {names}: what came later is not watched")
        return (*self.monitor.warnings, *own)

    @property
    def windows(self) -> int:
        """How many windows were closed and judged."""
        return self._spans[-1][0] + 1 if self._spans else 0

    @property
    def windows_per_day(self) -> float:
        """How many closed a day of event time, lately; infinite if that took no time."""
        if len(self._spans) < 2:  # noqa: PLR2004 - one window has no rate
            return math.inf
        days = (self._spans[-1][2] - self._spans[0][1]) / 86_400e9
        return len(self._spans) / days if days > 0 else math.inf

    def start_of(self, number: int) -> int:
        """Return when a window began, ns; of the nearest earlier one that is known."""
        for known, start, _ in reversed(self._spans):
            if known <= number:
                return start
        return self._spans[0][1] if self._spans else self.learnt.end_ns

    def number_at(self, time_ns: int) -> int:
        """Return the closed window that an event time falls into, else the next one after it.

        Of times behind all closed windows it is the number of the next to close,
        of times before those that are known the first of them.
        """
        number = self.windows
        for known, _, end in reversed(self._spans):
            if end < time_ns:
                break
            number = known
        return number

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "baseline": self.learnt.to_json(),
            "monitor": self.monitor.state(),
            "season_warning": self._season_warning,
            "unwatched": sorted(self._unwatched),
            "operations": dict(self.operations),
            "open": [[s.period, s.part, window.state()] for s, window in self._open.items()],
            "spans": np.array(self._spans, dtype=np.int64).reshape(-1, 3),
        }

    @classmethod
    def begin(cls, learnt: Baseline, config: ModelConfig, *, strict: bool) -> "Watch":
        """Start to watch against a reference.

        Args:
            learnt: The reference.
            config: The season, the budget, objectives for operations.
            strict: A season that the reference cannot support is an error; else it
                is left out, and ``warnings`` says so.

        Raises:
            ValueError: The reference cannot support the season.
        """
        alarm, season = config.alarm, config.reference.season

        def monitor(season: str | None) -> DriftMonitor:
            return DriftMonitor(
                learnt.profile,
                budget=alarm.windows_between_false_alarms / (1 - alarm.harm_share),
                season=season,
                tolerance=alarm.drift_tolerance,
            )

        try:
            return cls(learnt, monitor(season), config.operations)
        except ValueError as error:
            if strict or season is None:
                raise
            watch = cls(learnt, monitor(None), config.operations)
            watch._season_warning = f"the season {season} is left out: {error}"
            return watch

    @classmethod
    def restore(cls, state: Mapping[str, Any], objectives: OperationsConfig) -> "Watch":
        """Undo ``state``."""
        learnt = Baseline.from_json(state["baseline"])
        watch = cls(learnt, DriftMonitor.restore(learnt.profile, state["monitor"]), objectives)
        watch._season_warning = state["season_warning"]
        watch._unwatched = list(state["unwatched"])
        watch.operations = dict(state["operations"])
        watch._open = {
            Slot(period, part): OpenWindow.restore(learnt.profile, plain)
            for period, part, plain in state["open"]
        }
        spans = np.array(state["spans"], dtype=np.int64).reshape(-1, 3).tolist()
        watch._spans = deque(((number, a, b) for number, a, b in spans), maxlen=_SPANS)
        return watch
