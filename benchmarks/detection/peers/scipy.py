"""The plain tests that most monitors are made of: Kolmogorov-Smirnov and chi-square by window."""

from functools import lru_cache

import numpy as np
from scipy import stats

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.detector import Detector
from benchmarks.detection.streams import Floats, Run

__all__ = ["drift", "quality"]


def drift() -> dict[str, Detector]:
    """Each test at two levels."""
    return {f"scipy KS/chi2 p<{alpha:g}": _at(alpha) for alpha in (0.05, 1e-5)}


def quality() -> dict[str, Detector]:
    """Nothing that needs labels."""
    return {}


def _at(alpha: float) -> Detector:
    def detect(run: Run) -> list[Alarm]:
        below = np.argwhere(_p_values(run) < alpha).tolist()
        names = list(run.columns)
        return [Alarm(live, names[j], "open", live) for live, j in below]

    return detect


@lru_cache(maxsize=1)
def _p_values(run: Run) -> Floats:
    """Return the p-value of each live window and feature, shape ``(windows, features)``."""
    reference = {name: _known(whole[run.reference_rows]) for name, whole in run.columns.items()}
    found = np.ones((run.live, len(reference)))
    for live in range(run.live):
        rows = run.rows(run.reference + live)
        for j, (name, known) in enumerate(reference.items()):
            values = _known(run.columns[name][rows])
            if len(values) < 2:
                continue
            if name in run.categorical:
                found[live, j] = _chi_square(known, values)
            else:
                found[live, j] = stats.ks_2samp(known, values, method="asymp").pvalue
    return found


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def _chi_square(reference: Floats, values: Floats) -> float:
    levels = np.unique(np.concatenate([reference, values]))
    table = [np.searchsorted(levels, x) for x in (reference, values)]
    counts = np.array([np.bincount(codes, minlength=len(levels)) for codes in table])
    return float(stats.chi2_contingency(counts).pvalue)
