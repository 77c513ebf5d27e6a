"""Barograph's whole engine on rows with labels, as the service drives it."""

import numpy as np

from barograph_processor.config import parse_config
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.stats import CategoricalColumn, NumericColumn
from barograph_processor.telemetry import Telemetry
from benchmarks.detection.alarm import Alarm
from benchmarks.detection.labelled import QUALITY
from benchmarks.detection.ours import columns_of
from benchmarks.detection.streams import Run

__all__ = ["detect_quality"]

_SIGNALS = frozenset({"risk", "slice", "calibration"})


def detect_quality(run: Run) -> list[Alarm]:
    """Run everything over a run; returns the alarms that need labels, and no others."""
    config = parse_config(
        {
            "reference": {"rows": int(run.reference_rows.stop)},
            "window": {"rows": 1000},
            "alarm": {"windows_between_false_alarms": 10_000},
        }
    )
    registry = ModelRegistry(config, Telemetry(), clock=lambda: 0)
    alarms = []
    for window in range(run.windows):
        registry.observe(_batch(run, run.rows(window)))
        alarms += [
            Alarm(step.window, QUALITY, step.change, step.alarm.since_window)
            for _, step in registry.drain()
            if isinstance(step, AlarmChange) and step.alarm.signal in _SIGNALS
        ]
    return alarms


def _batch(run: Run, rows: slice) -> ObservationBatch:
    assert run.outcome is not None
    n = rows.stop - rows.start
    inputs = {str(key.feature): column for key, column in columns_of(run, rows).items()}
    slices = {k: column for k, column in inputs.items() if isinstance(column, CategoricalColumn)}
    return ObservationBatch(
        model=ModelKey("m", "1"),
        ids=np.zeros((n, 3), dtype=np.uint64),
        prediction_ids=(),
        event_time=(run.time[rows] * 1e9).astype(np.int64),
        latency=np.full(n, np.nan),
        failed=np.zeros(n, dtype=np.bool_),
        task="binary",
        inputs=inputs,
        value=run.outcome.score[rows],
        confidence=run.outcome.score[rows],
        slices=slices,
        truth=NumericColumn(run.outcome.label[rows].astype(np.float64)),
    )
