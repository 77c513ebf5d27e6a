"""Estimated performance without labels, beside NannyML's CBPE on NannyML's own data sets.

Bias first: the data sets are those that NannyML shows its estimator with, so covariate shift
is most of what happens in them, and being close to NannyML is no proof of being right; the
distance of both from the labels stands beside it. NannyML also estimates confidence bands,
thresholds and chunk metadata in the time that is printed; ours is the counting of the rows
and the estimate alone.

NannyML needs older packages than the rest, so it runs in an environment of its own:

    python -m venv nannyml && nannyml/bin/pip install nannyml "statsmodels<0.14.3" \
        "pandas<2.3" "numpy<2" "scipy<1.14" "scikit-learn<1.7" pyarrow
    python benchmarks/estimated/run.py nannyml/bin/python
"""

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.estimated import Calibrator
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram

CHUNK = 1000
NAMES = {"accuracy": "accuracy", "auc": "roc_auc", "f1": "f1"}

Rows = Mapping[str, npt.NDArray[np.float64]]


def histogram(rows: Rows) -> ScoreHistogram:
    return ScoreHistogram.of(rows["score"], rows["said"] > 0, rows["true"] > 0)


def ours(reference: Rows, analysis: Rows, *, binary: bool) -> list[dict[str, float]]:
    """Return the estimated metrics of each chunk."""
    calibrator = Calibrator.learn(histogram(reference))
    assert calibrator is not None
    found = []
    for at in range(0, len(analysis["score"]) // CHUNK * CHUNK, CHUNK):
        part = slice(at, at + CHUNK)
        counts = ScoreCounts.of(analysis["score"][part], analysis["said"][part] > 0)
        estimates = calibrator.estimate(counts, binary=binary)
        found.append({name: value for name, (value, *_) in estimates.items()})
    return found


def realized(analysis: Rows, *, binary: bool) -> list[dict[str, float]]:
    """Return the same by the labels."""
    found = []
    for at in range(0, len(analysis["score"]) // CHUNK * CHUNK, CHUNK):
        rows = {name: column[at : at + CHUNK] for name, column in analysis.items()}
        said, true = rows["said"] > 0, rows["true"] > 0
        metrics = {"accuracy": float((said == true).mean())}
        if binary:
            area = histogram(rows).area()
            assert area is not None
            tp = float((said & true).sum())
            metrics |= {"auc": area[0], "f1": 2 * tp / float(said.sum() + true.sum())}
        found.append(metrics)
    return found


def compare(name: str, data: Mapping[str, Any]) -> None:
    """Print a line for each metric of a data set."""
    sides = {
        side: {key: np.array(values, dtype=np.float64) for key, values in data[side].items()}
        for side in ("reference", "analysis")
    }
    binary = name != "synthetic_multiclass"
    start = time.perf_counter()
    estimated = ours(sides["reference"], sides["analysis"], binary=binary)
    seconds = time.perf_counter() - start
    labels = realized(sides["analysis"], binary=binary)
    for metric, theirs in NAMES.items():
        if theirs not in data["nannyml"]:
            continue
        mine = np.array([chunk[metric] for chunk in estimated])
        peer = np.array(data["nannyml"][theirs])
        truth = np.array([chunk[metric] for chunk in labels])
        apart = np.abs(mine - peer)
        print(
            f"{name:22} {metric:9} chunks {len(mine):4}  "
            f"|ours - NannyML| mean {apart.mean():.4f} max {apart.max():.4f}  "
            f"|ours - labels| {np.abs(mine - truth).mean():.4f}  "
            f"|NannyML - labels| {np.abs(peer - truth).mean():.4f}"
        )
    print(f"{name:22} seconds: ours {seconds:.3f}, NannyML {data['nannyml']['seconds']:.2f}")


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print(f"python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        peer = Path(__file__).with_name("peer.py")
        subprocess.run([sys.argv[1], str(peer), folder], check=True)
        for file in sorted(Path(folder).glob("*.json")):
            compare(file.stem, json.loads(file.read_text()))


if __name__ == "__main__":
    main()
