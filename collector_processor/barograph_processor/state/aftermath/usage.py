"""Predictions a day: whether people use a model less than they did."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.figure import FigureMonitor, FigureReference
from barograph_processor.state.aftermath.trust_findings import ADAPTING_ADVICE
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.harm_budget import harm_budget
from barograph_processor.state.alarm.phrases import moment

__all__ = ["Usage"]

_DAY_NS: Final = 86_400_000_000_000
_WEEK: Final = 7
_LEARNT: Final = 2 * _WEEK
_MOST_OPEN: Final = 400
_MOST_EMPTY: Final = 31
_TOLERANCE: Final = -math.log(0.9)


class Usage:
    """Counts predictions by day of event time, and finds days below the same weekdays before.

    Normal are the last two whole weeks of the reference, or the first two that come if it
    holds fewer: a day's figure is the logarithm of its predictions over those of the same
    weekday of the second of them, and how far the first week was from the second says how
    far days are apart anyway. A tenth less is tolerated.

    State size: the days that are open, two weeks of counts, and a monitor. Not locked;
    its owner is.

    Args:
        alarm: The budget.
    """

    def __init__(self, alarm: AlarmConfig) -> None:
        self._budget = harm_budget(alarm, "adapting.usage")
        self._open: dict[int, int] = {}
        self._next: int | None = None
        self._weeks: list[float] = []
        self._second_week = 0
        self._monitor: FigureMonitor | None = None
        self._now: list[float] = []

    def see(self, time_ns: npt.NDArray[np.int64]) -> None:
        """Count punctual predictions, by event time, shape ``(n,)``."""
        if len(time_ns) == 0:
            return
        for day in sorted(self._open)[:-_MOST_OPEN]:
            del self._open[day]
        low, high = int(time_ns.min()) // _DAY_NS, int(time_ns.max()) // _DAY_NS
        if low == high:
            self._count(low, len(time_ns))
            return
        days, counts = np.unique(time_ns // _DAY_NS, return_counts=True)
        for day, count in zip(days.tolist(), counts.tolist(), strict=True):
            self._count(day, count)

    def close(self, over_ns: int, *, reference_end_ns: int, windows_per_day: float) -> None:
        """Judge the days that are over.

        Args:
            over_ns: Event time before which no more rows are expected.
            reference_end_ns: Event time of the reference's last row.
            windows_per_day: Windows that closed a day lately, since the budget counts windows.
        """
        if self._next is None:
            return
        over, reference_end = over_ns // _DAY_NS, reference_end_ns // _DAY_NS
        # After a long time without any there is a silence to be told, and no lack of use.
        first = min(min(self._open, default=over), over)
        if first - self._next > _MOST_EMPTY:
            self._next = first
            self._weeks = self._weeks if self._monitor else []
        while self._next < over:
            self._take(self._next, math.log1p(self._open.pop(self._next, 0)))
            self._next += 1
            if (
                self._monitor is None
                and len(self._weeks) == _LEARNT
                and self._next >= reference_end
            ):
                self._learn(self._next, windows_per_day)

    def finding(self, number_at: Callable[[int], int], *, quality_harmed: bool) -> Finding | None:
        """Return that usage fell, if it did.

        Args:
            number_at: The window that an event time falls into.
            quality_harmed: Labels say that quality suffers: it is no news of its own then.
        """
        monitor = self._monitor
        if monitor is None or not monitor.harmed or quality_harmed:
            return None
        since_ns = monitor.since_window * _DAY_NS
        now = math.exp(sum(self._now) / max(len(self._now), 1))
        return Finding(
            signal="trust",
            feature="usage",
            severity="ticket",
            sentence=(
                f"users adapt: they use it less since {moment(since_ns)}, while the quality "
                f"figures show no harm: the last week had {now:.0%} of the predictions that the "
                f"same days had"
            ),
            advice=ADAPTING_ADVICE,
            since_ns=since_ns,
            since_window=number_at(since_ns),
            before=1.0,
            now=now,
            evidence=monitor.decision[0],
            threshold=monitor.decision[1],
        )

    def _count(self, day: int, rows: int) -> None:
        if self._next is None:
            # The day on which it begins is no whole one.
            self._next = day + 1
        if day >= self._next:
            self._open[day] = self._open.get(day, 0) + rows

    def _take(self, day: int, size: float) -> None:
        if self._monitor is None:
            self._weeks = [*self._weeks[1 - _LEARNT :], size]
            return
        change = size - self._weeks[_WEEK + (day - self._second_week) % _WEEK]
        self._now = [*self._now[1 - _WEEK :], change]
        self._monitor.update(change, 1.0, window=day)

    def _learn(self, end: int, windows_per_day: float) -> None:
        weeks = np.array(self._weeks)
        apart = weeks[_WEEK:] - weeks[:_WEEK]
        reference = replace(FigureReference.learn(apart, np.ones(_WEEK)), mean=0.0)
        self._monitor = FigureMonitor(
            reference,
            upwards=False,
            tolerance=_TOLERANCE,
            # Steps are days: as many a window as it takes.
            budget=self._budget * max(1.0, 1.0 / max(windows_per_day, 1e-6)),
        )
        self._second_week = end - _WEEK

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "open": [[day, count] for day, count in self._open.items()],
            "next": self._next,
            "weeks": list(self._weeks),
            "second_week": self._second_week,
            "monitor": None if self._monitor is None else self._monitor.state(),
            "now": list(self._now),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._open = dict(state["open"])
        self._next = state["next"]
        self._weeks = list(state["weeks"])
        self._second_week = state["second_week"]
        monitor = state["monitor"]
        self._monitor = None if monitor is None else FigureMonitor.restore(monitor)
        self._now = list(state["now"])
