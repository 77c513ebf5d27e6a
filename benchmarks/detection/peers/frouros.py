"""frouros: batch tests by window at p < 0.05, and its detectors on the errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
from frouros.detectors import concept_drift
from frouros.detectors.data_drift import ChiSquareTest, KSTest

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.detector import Detector
from benchmarks.detection.peers.by_row import errors
from benchmarks.detection.streams import Run

__all__ = ["drift", "quality"]


def _detect(run: Run) -> list[Alarm]:
    alarms = []
    for name, whole in run.columns.items():
        test = ChiSquareTest() if name in run.categorical else KSTest()
        reference = whole[run.reference_rows]
        test.fit(X=reference[~np.isnan(reference)])
        for live in range(run.live):
            values = whole[run.rows(run.reference + live)]
            values = values[~np.isnan(values)]
            if len(values) < 2:
                continue
            result, _ = test.compare(X=values)
            if result.p_value < 0.05:
                alarms.append(Alarm(live, name, "open", live))
    return alarms


def _feed(detector: Any, value: float) -> bool:
    detector.update(value=value)
    if not detector.status["drift"]:
        return False
    detector.reset()
    return True


def _made(name: str) -> Callable[[], Any]:
    config = getattr(concept_drift, f"{name}Config")
    return lambda: getattr(concept_drift, name)(config=config())


def drift() -> dict[str, Detector]:
    """KS for numbers, chi-square for categories."""
    return {"frouros KS/chi2 p<0.05": _detect}


def quality() -> dict[str, Detector]:
    """Defaults; reset by us after an alarm, as its documentation does."""
    names = ("ADWIN", "DDM", "HDDMA")
    return {f"frouros {name}": errors(_made(name), _feed) for name in names}
