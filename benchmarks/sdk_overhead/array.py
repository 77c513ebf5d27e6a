"""What a large argument costs: an array of 1,000 rows and 50 columns, whose function does nothing.

python -m benchmarks.sdk_overhead.array
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import barograph
from barograph.testing import Recorder

__all__ = ["main"]

ROWS, COLUMNS = 1_000, 50


def score(rows: Any) -> float:
    return float(rows[0, 0])


def score_many(rows: Any) -> Any:
    return rows[:, 0]


def milliseconds(call: Callable[[Any], Any], rows: Any, recorder: Recorder) -> float:
    """Return the median of 100 calls, after ten; what is recorded is forgotten between them."""
    durations: list[float] = []
    for _ in range(110):
        begin = time.perf_counter()
        call(rows)
        durations.append(time.perf_counter() - begin)
        recorder.clear()
    return statistics.median(durations[10:]) * 1e3


def main() -> None:
    rows = np.random.default_rng(7).normal(size=(ROWS, COLUMNS))
    watched = barograph.observe(model="m", task="regression")(score)
    batch = barograph.observe(model="m", task="regression", batch=True)(score_many)
    narrow = rows[:, :12]
    with Recorder() as recorder:
        one = milliseconds(watched, rows, recorder)
        many = milliseconds(batch, narrow, recorder)
        wide = milliseconds(batch, rows, recorder)
    print(f"argument of {ROWS} x {COLUMNS}: {one:.3f} ms")
    print(f"batch of {ROWS} x 12: {many:.3f} ms, of {ROWS} x {COLUMNS}: {wide:.3f} ms")


if __name__ == "__main__":
    main()
