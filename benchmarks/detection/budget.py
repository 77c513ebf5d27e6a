"""The alarm budget over many streams and a long time: ``python -m benchmarks.detection.budget``.

Window means of 4 scores in each of 30 streams, drawn directly (no rows, so that 10,000
windows are affordable): normal, skewed or Student t3, and persistent from window to window,
in windows of 1,000 rows or of 100 to 5,000 by the hour.
The promise is at most one false alarm a model in 10,000 windows.
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from barograph_processor.drift.evidence import Evidence
from barograph_processor.drift.layout import midrank_scores
from barograph_processor.drift.season import Regressors
from barograph_processor.drift.trend import Trends
from barograph_processor.sequential.bets import TILT_WEIGHTS
from benchmarks.detection.streams import Floats, autoregression

__all__ = ["KINDS", "false_alarms"]

STREAMS, SCORES, ROWS, BUDGET = 30, 4, 1000.0, 10_000.0
UNEQUAL = "persistence .5, unequal windows"
_WEIGHTS = np.tile([0.45, 0.2, 0.175, 0.175], STREAMS)


def _normal(rng: np.random.Generator, windows: int) -> Floats:
    return rng.normal(size=(windows, STREAMS, SCORES))


def _skewed(rng: np.random.Generator, windows: int) -> Floats:
    drawn: Floats = rng.gamma(4.0, size=(windows, STREAMS, SCORES))
    drawn -= 4
    drawn /= 2
    return drawn


def _heavy(rng: np.random.Generator, windows: int) -> Floats:
    shared = rng.standard_t(3, size=(windows, STREAMS, 1)) / np.sqrt(3)
    return np.asarray(0.8 * shared + 0.6 * _normal(rng, windows))


def _persistent(r: float) -> Callable[[np.random.Generator, int], Floats]:
    def draw(rng: np.random.Generator, windows: int) -> Floats:
        each = [autoregression(rng, windows, r) for _ in range(STREAMS * SCORES)]
        return np.array(each).T.reshape(windows, STREAMS, SCORES)

    return draw


KINDS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": _normal,
    "skewed": _skewed,
    "t3": _heavy,
    "persistence .2": _persistent(0.2),
    "persistence .5": _persistent(0.5),
    UNEQUAL: _persistent(0.5),
}


@dataclass(slots=True)
class _Bank:
    """What `Evidence` asks of the scores of a reference."""

    keys: tuple[int, ...] = tuple(range(STREAMS))
    owner: Any = field(default_factory=lambda: np.repeat(np.arange(STREAMS), SCORES))
    bets: Any = field(default_factory=lambda: _WEIGHTS[:, None] * TILT_WEIGHTS)
    floor: Any = field(default_factory=lambda: np.full(STREAMS * SCORES, 0.5))
    groups: Any = field(default_factory=lambda: np.tile([0, 1, 2, 2], STREAMS))
    trends: Any = field(default_factory=lambda: Trends.build((), np.empty(0, dtype=np.int64)))


def _hourly(rng: np.random.Generator, windows: int) -> Floats:
    log = np.log(707.0) + 1.956 * np.sin(2 * np.pi * np.arange(windows) / 24.0)
    return np.asarray(np.exp(log + 0.2 * rng.normal(size=windows)).clip(100).round())


def _mixing() -> Floats:
    """Return what gives the scores the correlations of location, scale and both tails."""
    q = np.full(20, 0.05)
    middle = np.cumsum(q) - q / 2
    raw = [2 * middle - 1, (2 * middle - 1) ** 2, (middle < 0.1) * 1.0, (middle > 0.9) * 1.0]
    h = np.array(
        [midrank_scores(q), *((x - q @ x) / np.sqrt(q @ (x - q @ x) ** 2) for x in raw[1:])]
    )
    return np.linalg.cholesky((q * h) @ h.T + 1e-9 * np.eye(SCORES)).T


def false_alarms(kind: str, reference: int, windows: int, seed: int) -> int:
    """Return the false alarms of one model; its evidence starts anew after each."""
    rng = np.random.default_rng([seed, reference, 77])
    total = reference + windows
    independent = kind in {"normal", "skewed"}
    z = KINDS[kind](rng, total) @ _mixing() * np.sqrt((1 if independent else 4) / ROWS)
    rows = np.full(total, ROWS)
    if kind == UNEQUAL:
        rows = _hourly(rng, total)
        z += (_normal(rng, total) @ _mixing()) / np.sqrt(rows)[:, None, None]
    z = z.reshape(total, STREAMS * SCORES)
    time = 3600.0 * np.arange(total)
    logs = np.log(rows)
    profile: Any = SimpleNamespace(
        bank=_Bank(),
        rows=rows[:reference],
        log_rows=logs[:reference],
        time=time[:reference],
        scores=z[:reference],
    )
    regressors = Regressors.learn(profile.log_rows, profile.time, None)
    evidence = Evidence(profile, regressors)
    none, alarms = np.zeros(STREAMS, dtype=np.bool_), 0
    for t in range(reference, total):
        x = regressors.of(float(logs[t]), float(time[t]))
        evidence.step(x, float(rows[t]), z[t], none, broken=none)
        over = evidence.by_stream >= STREAMS * BUDGET
        if over.any():
            alarms += int(over.sum())
            evidence._processes[over[evidence.owner]] = 0
    return alarms


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=24)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", default="", help="kinds whose name contains this")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--windows", type=int, default=10_000)
    given = parser.parse_args(arguments)
    print("| window means | reference | false alarms per 10,000 windows | standard error |")
    print("| --- | --- | --- | --- |")
    seeds = range(given.first_seed, given.first_seed + given.models)
    with ProcessPoolExecutor(given.workers) as pool:
        for kind in [name for name in KINDS if given.only in name]:
            for reference in (10, 50):
                jobs = ([kind] * given.models, [reference] * given.models)
                found = pool.map(false_alarms, *jobs, [given.windows] * given.models, seeds)
                counts = np.array(list(found)) * 1e4 / given.windows
                error = counts.std() / np.sqrt(given.models)
                print(f"| {kind} | {reference} | {counts.mean():.2f} | {error:.2f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
