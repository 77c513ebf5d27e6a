"""Barograph: the drift monitor alone, and the whole engine where there are labels."""

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.detector import Detector
from benchmarks.detection.ours import detect
from benchmarks.detection.quality import detect_quality
from benchmarks.detection.streams import Run

__all__ = ["drift", "quality"]


def drift(season: str | None = None) -> dict[str, Detector]:
    """The monitor with its defaults, told of a season where the stream declares one."""

    def monitor(run: Run) -> list[Alarm]:
        return detect(run, season=season)

    return {"barograph": monitor}


def quality() -> dict[str, Detector]:
    """Alarms of risk, slices and calibration."""
    return {"barograph": detect_quality}
