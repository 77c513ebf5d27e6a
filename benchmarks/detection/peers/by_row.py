"""Detectors that are fed value by value."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.detector import Detector
from benchmarks.detection.labelled import QUALITY
from benchmarks.detection.streams import Floats, Run

__all__ = ["Feed", "each_feature", "errors"]

Feed = Callable[[Any, float], bool]
"""Gives a detector one value, and says whether it alarms."""


def each_feature(make: Callable[[], Any], feed: Feed) -> Detector:
    """Return a detector of its own for each feature, the reference first."""

    def detect(run: Run) -> list[Alarm]:
        alarms = []
        for name, values in run.columns.items():
            alarms += _fed(run, make(), feed, values, name)
        return alarms

    return detect


def errors(make: Callable[[], Any], feed: Feed) -> Detector:
    """Return a detector of the stream of errors, 1 where the model was wrong."""

    def detect(run: Run) -> list[Alarm]:
        assert run.outcome is not None
        wrong = run.outcome.predicted != run.outcome.label
        return _fed(run, make(), feed, wrong.astype(np.float64), QUALITY)

    return detect


def _fed(run: Run, detector: Any, feed: Feed, values: Floats, name: str) -> list[Alarm]:
    flagged = set()
    for value, window in zip(values.tolist(), run.window.tolist(), strict=True):
        if not math.isnan(value) and feed(detector, value) and window >= run.reference:
            flagged.add(window - run.reference)
    return [Alarm(live, name, "open", live) for live in sorted(flagged)]
