"""NannyML: univariate drift, CBPE or DLE, and realized performance, all with its defaults."""

import os
import sys
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
import pandas as pd

from benchmarks.histories.flag import Flag, answer
from benchmarks.histories.history import LABEL, PREDICTION, SCORE, History

_METRICS = {
    "binary": ["roc_auc", "accuracy"],
    "multiclass": ["roc_auc", "accuracy"],
    "regression": ["mae", "rmse"],
}


def _flags(result: Any, kind: str, history: History) -> list[Flag]:
    found = result.filter(period="analysis").to_df()
    flags = []
    for column in found.columns:
        if column[-1] == "alert":
            # A column and its method, or a metric.
            windows = found[column].to_numpy(dtype=bool).nonzero()[0].tolist()
            flags += [Flag(w, kind, str(column[0])) for w in windows if w < history.windows]
    return flags


def _performance(history: History, *, estimated: bool) -> Any:
    common = {
        "y_pred": PREDICTION,
        "y_true": LABEL,
        "metrics": _METRICS[history.task],
        "chunk_size": history.window,
    }
    if history.task == "regression":
        features = [*history.numeric, *history.categorical]
        if estimated:
            return nannyml.DLE(feature_column_names=features, **common)
        return nannyml.PerformanceCalculator(problem_type="regression", **common)
    scores: Any = SCORE
    if history.task == "multiclass":
        scores = {name: f"{SCORE}_{name}" for name in history.classes}
    make = nannyml.CBPE if estimated else nannyml.PerformanceCalculator
    return make(y_pred_proba=scores, problem_type=f"classification_{history.task}", **common)


def _alarms(history: History, file: Path) -> list[Flag]:
    table = pd.read_csv(file, dtype=dict.fromkeys(history.categorical, str))
    reference, later = table[: history.reference], table[history.reference :]
    later = later[: history.windows * history.window].reset_index(drop=True)
    flags = []
    for kind, names in (
        ("inputs", [*history.numeric, *history.categorical]),
        ("outputs", list(history.outputs)),
    ):
        drift = nannyml.UnivariateDriftCalculator(
            column_names=names,
            treat_as_categorical=[name for name in names if name in history.categorical],
            chunk_size=history.window,
        ).fit(reference)
        flags += _flags(drift.calculate(later), kind, history)
    estimator = _performance(history, estimated=True).fit(reference)
    flags += _flags(estimator.estimate(later.drop(columns=LABEL)), "estimated", history)
    realized = _performance(history, estimated=False).fit(reference)
    return flags + _flags(realized.calculate(later), "labels", history)


if __name__ == "__main__":
    answer(_alarms, sys.argv[1:])
