"""River's ADWIN and Page-Hinkley on each feature; these and DDM on the errors."""

from typing import Any

from river import drift as detectors
from river.drift import binary

from benchmarks.detection.detector import Detector
from benchmarks.detection.peers.by_row import each_feature, errors

__all__ = ["drift", "quality"]


def _feed(detector: Any, value: float) -> bool:
    detector.update(value)
    return bool(detector.drift_detected)


def drift() -> dict[str, Detector]:
    """Defaults; a detector starts anew by itself after an alarm."""
    return {
        "river ADWIN": each_feature(detectors.ADWIN, _feed),
        "river PageHinkley": each_feature(detectors.PageHinkley, _feed),
    }


def quality() -> dict[str, Detector]:
    """Defaults, on 0 and 1."""
    return {
        "river ADWIN": errors(detectors.ADWIN, _feed),
        "river PageHinkley": errors(detectors.PageHinkley, _feed),
        "river DDM": errors(binary.DDM, lambda d, x: _feed(d, bool(x))),
    }
