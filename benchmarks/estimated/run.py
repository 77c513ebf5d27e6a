"""Estimated performance beside NannyML's CBPE: ``python -m benchmarks.estimated.run``.

Bias first: the data sets are NannyML's, and what is asked is agreement with NannyML, not with
labels; both are wrong together where a score no longer means what it meant. CPU seconds, each
of one run in its own process; NannyML's hold its sampling error too, ours the interval. Needs
``python -m components environment nannyml``.
"""

import json
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

from barograph_processor.quality.estimated import Calibrator
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram
from components.environment import ENVIRONMENTS

_ASK = Path(__file__).resolve().parents[2] / "tests" / "oracles" / "ask_nannyml.py"
_CHUNK = 5000


def _line(name: str, found: dict[str, Any]) -> str:
    score, said, label = (np.array(column) for column in found["reference"])
    start = time.process_time()
    calibrator = Calibrator.learn(ScoreHistogram.of(score, said > 0.5, label > 0.5))
    assert calibrator is not None
    fitted = time.process_time()
    score, said = (np.array(column) for column in found["analysis"])
    theirs = np.array(found["estimates"]["accuracy"])
    ends = [*range(_CHUNK, _CHUNK * len(theirs), _CHUNK), len(score)]
    ours = [
        calibrator.estimate(ScoreCounts.of(score[a:b], said[a:b] > 0.5), binary=True)["accuracy"][0]
        for a, b in zip([0, *ends], ends, strict=False)
    ]
    done = time.process_time()
    apart = np.abs(np.array(ours) - theirs)
    cells = (
        name,
        f"{len(theirs)}",
        f"{apart.max():.4f}",
        f"{apart.mean():.4f}",
        f"{fitted - start:.3f} / {found['fit_seconds']:.2f}",
        f"{done - fitted:.3f} / {found['estimate_seconds']:.2f}",
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    done = subprocess.run(
        [str(ENVIRONMENTS["nannyml"].build()), "-W", "ignore", str(_ASK)],
        input=json.dumps({"chunk_size": _CHUNK}),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    print(__doc__)
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, NannyML "
        f"{answer['version']}, {platform.machine()}; chunks of {_CHUNK:,} rows.\n"
    )
    head = ("data", "chunks", "furthest apart", "mean", "CPU s to fit", "to estimate")
    print("| " + " | ".join(head) + " |")
    print("| " + " | ".join(["---"] * len(head)) + " |")
    for name, found in answer["data"].items():
        print(_line(name, found))


if __name__ == "__main__":
    main()
