"""The plain tests that most monitors are made of: Kolmogorov-Smirnov and chi-square by window."""

import numpy as np
from scipy import stats

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.streams import CATEGORICAL, FEATURES, Floats, Run

__all__ = ["p_values", "threshold_alarms"]


def p_values(run: Run, sample: int | None = None) -> Floats:
    """Return the p-value of each live window and feature, shape ``(windows, features)``."""
    at = run.reference_rows
    reference = {name: np.sort(run.columns[name][at]) for name in FEATURES}
    found = np.ones((run.windows - run.reference, len(FEATURES)))
    for live in range(len(found)):
        rows = run.rows(run.reference + live)
        if rows.stop - rows.start < (sample or 2):
            continue
        for j, name in enumerate(FEATURES):
            values = run.columns[name][rows]
            if name in CATEGORICAL:
                found[live, j] = _chi_square(reference[name], values)
            else:
                test = stats.ks_2samp(reference[name], values, method="asymp")
                found[live, j] = test.pvalue
    return found


def _chi_square(reference: Floats, values: Floats) -> float:
    levels = np.unique(np.concatenate([reference, values]))
    table = [np.searchsorted(levels, x) for x in (reference, values)]
    counts = np.array([np.bincount(codes, minlength=len(levels)) for codes in table])
    return float(stats.chi2_contingency(counts).pvalue)


def threshold_alarms(p: Floats, alpha: float) -> list[Alarm]:
    """Return every window and feature with a p-value below ``alpha`` as an alarm."""
    return [Alarm(int(live), FEATURES[j], "open", int(live)) for live, j in np.argwhere(p < alpha)]
