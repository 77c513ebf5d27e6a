"""What is measured of a detector's alarms on one stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.streams import DRIFTED, ONSET, Stream

__all__ = ["HEAD", "Measured", "line", "measure"]

_NEVER = 10**6


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures over all runs of one stream.

    Attributes:
        runs: How many.
        false_alarms: A run: alarms on features that did not drift, or before they did.
        runs_with_false: Runs with at least one.
        found: Drifted features that were found, of all in all runs; None without drift.
        within_80: Of those, the ones found within 80 windows.
        delay: Median windows to the first alarm, 1 for the first drifted window; unfound
            ones count as never.
        delay_numeric: The same of the numeric features alone.
        dated: Median of the estimated first drifted window minus the true one, of those found.
        resolved: Share of alarms on drifted features that were resolved again.
    """

    runs: int
    false_alarms: float
    runs_with_false: int
    found: str | None
    within_80: str | None
    delay: float | None
    delay_numeric: float | None
    dated: float | None
    resolved: float | None


def measure(stream: Stream, runs: Sequence[Sequence[Alarm]]) -> Measured:
    """Measure the alarms of several runs."""
    opened = [[alarm for alarm in run if alarm.state == "open"] for run in runs]
    false = [sum(_is_false(stream, alarm) for alarm in run) for run in opened]
    base = (len(runs), float(np.mean(false)), int(np.count_nonzero(false)))
    if stream.drift is None:
        return Measured(*base, None, None, None, None, None, None)
    first = {
        name: [
            min(
                (a for a in run if a.feature == name and a.window >= ONSET),
                key=lambda a: a.window,
                default=None,
            )
            for run in opened
        ]
        for name in DRIFTED
    }
    delays = {
        name: [_NEVER if a is None else a.window - ONSET + 1 for a in firsts]
        for name, firsts in first.items()
    }
    pooled = [delay for each in delays.values() for delay in each]
    numeric = [delay for name in DRIFTED if name.startswith("f") for delay in delays[name]]
    found = [a for firsts in first.values() for a in firsts if a is not None]
    ended = sum(alarm.state == "resolved" for run in runs for alarm in run)
    raised = max(sum(map(len, opened)), 1)
    return Measured(
        *base,
        f"{len(found)}/{len(pooled)}",
        f"{sum(delay <= 80 for delay in pooled)}/{len(pooled)}",
        _median(pooled),
        _median(numeric),
        float(np.median([a.since - ONSET for a in found])) if found else None,
        round(ended / raised, 3),
    )


def _is_false(stream: Stream, alarm: Alarm) -> bool:
    return stream.drift is None or alarm.window < ONSET or alarm.feature not in DRIFTED


def _median(delays: list[int]) -> float | None:
    median = float(np.median(delays))
    return None if median >= _NEVER / 2 else median


HEAD = (
    (
        "| stream | detector | false alarms a run | runs with any | found | within 80 | "
        "median delay | numeric | dated | resolved |"
    ),
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def line(stream: str, detector: str, m: Measured) -> str:
    """Return one line of the Markdown table."""
    cells: list[Any] = [
        stream, detector, f"{m.false_alarms:.2f}", f"{m.runs_with_false}/{m.runs}",
        m.found, m.within_80, m.delay, m.delay_numeric, m.dated, m.resolved,
    ]  # fmt: skip
    return "| " + " | ".join("" if cell is None else str(cell) for cell in cells) + " |"
