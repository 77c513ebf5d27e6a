"""NannyML: univariate drift, realized performance and CBPE, a chunk a window."""

import os
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
import numpy as np
import pandas as pd

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.detector import Detector
from benchmarks.detection.labelled import QUALITY
from benchmarks.detection.peers.frame import frame
from benchmarks.detection.streams import Run

__all__ = ["drift", "quality"]

_METRICS = ["accuracy", "roc_auc"]


def _univariate(run: Run) -> list[Alarm]:
    names = list(run.columns)
    live = slice(run.reference_rows.stop, len(run.window))
    reference, later = frame(run, run.reference_rows), frame(run, live)
    sizes = np.bincount(run.window, minlength=run.windows)
    if np.ptp(sizes) == 0:
        chunks: dict[str, Any] = {"chunk_size": int(sizes[0])}
    else:
        # Windows of unequal size are its calendar chunks: one an hour.
        chunks = {"chunk_period": "h", "timestamp_column_name": "hour"}
        for table, rows in ((reference, run.reference_rows), (later, live)):
            table["hour"] = pd.to_datetime(3600 * run.window[rows], unit="s")
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=names,
        treat_as_categorical=sorted(run.categorical),
        continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"],
        **chunks,
    ).fit(reference)
    found = calculator.calculate(later).filter(period="analysis").to_df()
    windows = np.flatnonzero(sizes[run.reference :])
    alarms = []
    for name in names:
        flags = found[(name, "jensen_shannon", "alert")].to_numpy(dtype=bool)
        alarms += [Alarm(w, name, "open", w) for w in windows[flags].tolist()]
    return alarms


def _performance(run: Run, *, estimated: bool) -> list[Alarm]:
    live = slice(run.reference_rows.stop, len(run.window))
    make = nannyml.CBPE if estimated else nannyml.PerformanceCalculator
    calculator = make(
        y_pred="predicted",
        y_pred_proba="score",
        y_true="label",
        problem_type="classification_binary",
        metrics=_METRICS,
        chunk_size=1000,
    ).fit(frame(run, run.reference_rows))
    later = frame(run, live)
    result = (
        calculator.estimate(later.drop(columns="label"))
        if estimated
        else (calculator.calculate(later))
    )
    found = result.filter(period="analysis").to_df()
    flags = np.any([found[(m, "alert")].to_numpy(dtype=bool) for m in _METRICS], axis=0)
    return [Alarm(w, QUALITY, "open", w) for w in np.flatnonzero(flags).tolist()]


def drift() -> dict[str, Detector]:
    """Its default method, Jensen-Shannon, with thresholds of 3 standard deviations."""
    return {"nannyml univariate": _univariate}


def quality() -> dict[str, Detector]:
    """Accuracy and AUC with labels, and as estimated without them."""
    return {
        "nannyml realized": lambda run: _performance(run, estimated=False),
        "nannyml CBPE": lambda run: _performance(run, estimated=True),
    }
