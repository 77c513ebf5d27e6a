"""Estimated performance beside NannyML's CBPE: ``python -m benchmarks.estimated.run``.

Bias first: the data sets are NannyML's, and covariate shift, which both allow for, is most of
what happens in them. Being close to NannyML is no proof of being right: both are wrong
together where a score no longer means what it meant, so the distance of both from the labels
stands beside it. CPU seconds, each of one run in its own process; NannyML's hold its sampling
error too, ours the interval. Needs ``python -m components environment nannyml``.
"""

import time
from typing import Any

import numpy as np

from barograph_processor.quality.estimated import Calibrator
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram
from benchmarks.estimated.nannyml import CHUNK, ask, title


def _apart(ours: list[dict[str, float]], name: str, theirs: list[float] | None) -> str:
    """Return the mean and the largest distance over the chunks, where both know the metric."""
    if theirs is None:
        return ""
    apart = np.abs(np.array([chunk[name] for chunk in ours]) - np.array(theirs))
    return f"{apart.mean():.4f} ({apart.max():.4f})"


def _line(name: str, found: dict[str, Any]) -> str:
    score, said, label = (np.array(column) for column in found["reference"])
    start = time.process_time()
    calibrator = Calibrator.learn(ScoreHistogram.of(score, said > 0.5, label > 0.5))
    assert calibrator is not None
    fitted = time.process_time()
    score, said, label = (np.array(column) for column in found["analysis"])
    theirs = found["estimates"]
    chunks = len(theirs["accuracy"])
    # NannyML's last chunk takes the rest.
    ends = [*range(CHUNK, CHUNK * chunks, CHUNK), len(score)]
    parts = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    estimates = [
        calibrator.estimate(ScoreCounts.of(score[rows], said[rows] > 0.5), binary="f1" in theirs)
        for rows in parts
    ]
    done = time.process_time()
    ours = [{metric: value for metric, (value, *_) in chunk.items()} for chunk in estimates]
    truth = np.array([(said[rows] == label[rows]).mean() for rows in parts])
    wrong = [
        np.abs(np.array(values) - truth).mean()
        for values in ([chunk["accuracy"] for chunk in ours], theirs["accuracy"])
    ]
    cells = (
        name,
        f"{chunks}",
        *(_apart(ours, n, theirs.get(t)) for n, t in (("accuracy",) * 2, ("auc", "roc_auc"))),
        _apart(ours, "f1", theirs.get("f1")),
        f"{wrong[0]:.4f}, {wrong[1]:.4f}",
        f"{fitted - start:.3f} / {found['fit_seconds']:.2f}",
        f"{done - fitted:.3f} / {found['estimate_seconds']:.2f}",
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    answer = ask("ask_nannyml.py")
    print(__doc__)
    print(title(answer))
    head = (
        *("data", "chunks", "accuracy apart, mean (max)", "AUC", "F1"),
        *("accuracy from the labels: ours, NannyML's", "CPU s to fit", "to estimate"),
    )
    print("| " + " | ".join(head) + " |")
    print("| " + " | ".join(["---"] * len(head)) + " |")
    for name, found in answer["data"].items():
        print(_line(name, found))


if __name__ == "__main__":
    main()
