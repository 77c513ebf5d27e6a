"""Barograph's own detector, driven as the service drives it."""

import numpy as np

from barograph_processor.drift import DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.stats import CategoricalColumn, Column, NumericColumn
from benchmarks.detection.alarm import Alarm
from benchmarks.detection.streams import Run

__all__ = ["columns_of", "detect"]

BUDGET = 20_000.0


def columns_of(run: Run, rows: slice) -> dict[StreamKey, Column]:
    """Return the rows of a run as columns."""
    columns: dict[StreamKey, Column] = {}
    for name, whole in run.columns.items():
        values, key = whole[rows], StreamKey("input.drift", name)
        if name in run.categorical:
            levels = tuple(f"lv{i}" for i in range(int(whole.max()) + 1))
            columns[key] = CategoricalColumn(values.astype(np.int32), levels)
        else:
            columns[key] = NumericColumn(values)
    return columns


def detect(
    run: Run, *, budget: float = BUDGET, season: str | None = None, until: int | None = None
) -> list[Alarm]:
    """Run the monitor over a run.

    Args:
        run: The rows.
        budget: Windows between false alarms of the whole model.
        season: Declared to the monitor.
        until: Stop after so many live windows.
    """
    at = run.reference_rows
    profile = ReferenceProfile.learn(columns_of(run, at), run.window[at], run.time[at])
    monitor = DriftMonitor(profile, budget=budget, season=season)
    alarms = []
    for live in range(until or run.live):
        window = run.reference + live
        rows = run.rows(window)
        time = float(run.time[rows].mean()) if rows.stop > rows.start else np.nan
        update = monitor.update(profile.count(columns_of(run, rows)), time=time, window=live)
        for key, state, alarm in update.transitions:
            alarms.append(Alarm(live, key.feature, state, alarm.since_window))
    return alarms
