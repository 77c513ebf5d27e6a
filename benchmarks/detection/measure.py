"""What is measured of a detector's alarms on one stream."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.streams import ONSET
from benchmarks.detection.suite import AnyStream

__all__ = ["Measured", "measure"]

_NEVER = 10**6


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures over all runs of one stream.

    Attributes:
        runs: How many.
        windows: Windows without drift in all runs together.
        false_alarms: A run: alarms on features that did not drift, or before they did. At
            most one a window and feature counts.
        runs_with_false: Runs with at least one.
        run_length: Windows to the first false alarm of any feature, by maximum likelihood
            for geometric times that are cut off; None if no run has one.
        found: Drifted features that were found, None without drift.
        of: Drifted features in all runs.
        within_80: Of these, the ones found within 80 windows.
        delay: Median windows to the first alarm, 1 for the first drifted window; unfound
            ones count as never. None if that is the median, or without drift.
        delay_numeric: The same of the numeric features alone.
        dated: Median of the estimated first drifted window minus the true one, of those found.
        resolved: Share of alarms that were resolved again, for detectors that have states.
    """

    runs: int
    windows: int
    false_alarms: float
    runs_with_false: int
    run_length: float | None
    found: int | None = None
    of: int = 0
    within_80: int | None = None
    delay: float | None = None
    delay_numeric: float | None = None
    dated: float | None = None
    resolved: float | None = None


def measure(stream: AnyStream, runs: Sequence[Sequence[Alarm]]) -> Measured:
    """Measure the alarms of several runs."""
    targets = stream.targets
    opened = [[alarm for alarm in run if alarm.state == "open"] for run in runs]
    false = [
        {
            (a.window, a.feature)
            for a in run
            if not targets or a.window < ONSET or a.feature not in targets
        }
        for run in opened
    ]
    quiet = ONSET if targets else stream.windows
    first_false = [min((w for w, _ in each if w < quiet), default=None) for each in false]
    watched = sum(quiet if w is None else w + 1 for w in first_false)
    broken = sum(w is not None for w in first_false)
    calm = Measured(
        runs=len(runs),
        windows=quiet * len(runs),
        false_alarms=float(np.mean([len(each) for each in false])),
        runs_with_false=sum(map(bool, false)),
        run_length=watched / broken if broken else None,
    )
    return _with_drift(calm, targets, opened, runs) if targets else calm


def _with_drift(
    calm: Measured,
    targets: tuple[str, ...],
    opened: Sequence[Sequence[Alarm]],
    runs: Sequence[Sequence[Alarm]],
) -> Measured:
    first = {
        name: [
            min(
                (a for a in run if a.feature == name and a.window >= ONSET),
                key=lambda a: a.window,
                default=None,
            )
            for run in opened
        ]
        for name in targets
    }
    delays = {
        name: [_NEVER if a is None else a.window - ONSET + 1 for a in firsts]
        for name, firsts in first.items()
    }
    pooled = [delay for each in delays.values() for delay in each]
    numeric = [delay for name in targets if name.startswith("f") for delay in delays[name]]
    found = [a for firsts in first.values() for a in firsts if a is not None]
    ended = sum(alarm.state == "resolved" for run in runs for alarm in run)
    return Measured(
        runs=calm.runs,
        windows=calm.windows,
        false_alarms=calm.false_alarms,
        runs_with_false=calm.runs_with_false,
        run_length=calm.run_length,
        found=len(found),
        of=len(pooled),
        within_80=sum(delay <= 80 for delay in pooled),
        delay=_median(pooled),
        delay_numeric=_median(numeric),
        dated=float(np.median([a.since - ONSET for a in found])) if found else None,
        resolved=round(ended / max(sum(map(len, opened)), 1), 3),
    )


def _median(delays: list[int]) -> float | None:
    median = float(np.median(delays)) if delays else _NEVER
    return None if median >= _NEVER / 2 else median
