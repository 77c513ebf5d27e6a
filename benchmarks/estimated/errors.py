"""Expected errors of regressions beside NannyML's DLE: ``python -m benchmarks.estimated.errors``.

Bias first: both data sets are NannyML's. The model of incomes was made for this, of half of the
reference. NannyML learns errors by trees (LightGBM) of the values, ours by smaller trees of
bins. What both are held against is what labels say, by chunk. CPU seconds, each of one
run in its own process: NannyML's hold its sampling error, ours the interval and the look-up of
the bins. Needs ``python -m components environment nannyml``.
"""

import time
from typing import Any

import numpy as np

from barograph_processor.drift.profile import ReferenceProfile
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.expected_error import ErrorModel
from barograph_processor.quality.fine_bins import fine_bins
from barograph_processor.quality.intervals import Estimate
from barograph_processor.stats.array import Floats
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
from benchmarks.estimated.nannyml import CHUNK, ask, title

_COLUMNS = (
    *("data", "chunks", "metric", "share explained", "from the labels: ours, NannyML's"),
    *("of a constant", "labels within our interval", "CPU s to fit: ours, NannyML's"),
    "to estimate",
)


def _columns(table: dict[str, list[Any]]) -> dict[StreamKey, Column]:
    found: dict[StreamKey, Column] = {}
    for name, values in table.items():
        if name == "y_true":
            continue
        key = StreamKey("input.drift", name)
        if name == "y_pred":
            key = StreamKey("prediction.drift", None)
        if isinstance(values[0], str):
            levels, codes = np.unique(values, return_inverse=True)
            found[key] = CategoricalColumn(codes.astype(np.int32), tuple(levels.tolist()))
        else:
            found[key] = NumericColumn(np.array(values, dtype=np.float64))
    return found


def _errors(table: dict[str, list[Any]]) -> Floats:
    said, true = (np.array(table[name], dtype=np.float64) for name in ("y_pred", "y_true"))
    return np.asarray(np.abs(said - true))


def _lines(name: str, found: dict[str, Any]) -> list[str]:
    known, error = _columns(found["reference"]), _errors(found["reference"])
    n = len(error)
    profile = ReferenceProfile.learn(known, np.arange(n) // CHUNK, np.arange(n, dtype=np.float64))
    start = time.process_time()
    layout = fine_bins(profile.layout, known)
    model = ErrorModel.learn(layout.cells(list(known.values()), n), error, layout)
    assert model is not None
    fitted = time.process_time()
    later, shown = _columns(found["analysis"]), _errors(found["analysis"])
    chunks = len(found["estimates"]["mae"])
    ends = [*range(CHUNK, CHUNK * chunks, CHUNK), len(shown)]
    parts = [np.arange(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    begun = time.process_time()
    estimates: list[dict[str, Estimate]] = []
    for rows in parts:
        chunk = {key: column.take(rows) for key, column in later.items()}
        counts = model.count(layout.cells(list(chunk.values()), len(rows)))
        estimates.append(model.estimate(counts, len(rows)))
    done = time.process_time()
    lines = []
    for metric, power in (("mae", 1), ("rmse", 2)):
        truth = np.array([(shown[rows] ** power).mean() ** (1 / power) for rows in parts])
        constant = (error**power).mean() ** (1 / power)
        theirs = np.array(found["estimates"][metric])
        said = "none"
        inside = ""
        if metric in model.losses:
            ours = np.array([chunk[metric] for chunk in estimates], dtype=np.float64).T
            said = f"{np.abs(ours[0] - truth).mean():.4g}"
            held = int(((ours[1] <= truth) & (truth <= ours[2])).sum())
            inside = f"{held} of {chunks}"
        cells_of = (
            *(name, f"{chunks}", metric, f"{model.explained.get(metric, 0.0):.3f}"),
            f"{said}, {np.abs(theirs - truth).mean():.4g}",
            *(f"{np.abs(constant - truth).mean():.4g}", inside),
            f"{fitted - start:.2f}, {found['fit_seconds']:.2f}",
            f"{done - begun:.3f}, {found['estimate_seconds']:.2f}",
        )
        lines.append("| " + " | ".join(cells_of) + " |")
    return lines


def main() -> None:
    """Print the table."""
    answer = ask("ask_nannyml_errors.py")
    print(__doc__)
    print(title(answer))
    print("| " + " | ".join(_COLUMNS) + " |")
    print("| " + " | ".join(["---"] * len(_COLUMNS)) + " |")
    for name, found in answer["data"].items():
        print("\n".join(_lines(name, found)))


if __name__ == "__main__":
    main()
