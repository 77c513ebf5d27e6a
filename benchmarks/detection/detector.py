"""What the benchmark runs: a function from a run to its alarms."""

from collections.abc import Callable

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.streams import Run

__all__ = ["Detector"]

Detector = Callable[[Run], list[Alarm]]
