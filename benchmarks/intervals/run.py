"""How often intervals hold, of errors, scores and values with skewed distributions.

``README.md`` says what is measured and how it is judged.
"""

import argparse
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.intervals import (
    AT_ALL_TIMES,
    AT_ONE_TIME,
    MIN_ROWS,
    Estimate,
    Intervals,
)
from barograph_processor.quality.regression import RegressionPerformance
from barograph_processor.quality.value import ValueByQuality
from barograph_processor.quality.weighted import WeightedMean
from barograph_processor.state.aftermath.evaluation import Evaluation
from barograph_processor.stats.student import student_quantile
from benchmarks.intervals.errors import ERRORS, Errors
from benchmarks.machine import machine

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Draw = Callable[[np.random.Generator, int], Floats]

LABELS: Final = (30, 50, 200, 1000)
LOOKS: Final = tuple(int(n) for n in np.unique(np.geomspace(30, 2000, 24).astype(int)))
HEAVY: Final = ((100, 0.3), (200, 0.3), (1000, 0.1))
WORTH: Final = ((1000, 20), (200, 50), (20, 20))
SCORES: Final[Mapping[str, Draw]] = {
    "pass or fail, .98 pass": lambda rng, n: (rng.random(n) < 0.98).astype(np.float64),
    "pass or fail, .9 pass": lambda rng, n: (rng.random(n) < 0.9).astype(np.float64),
    "a share, beta(4, 1)": lambda rng, n: rng.beta(4, 1, size=n),
    "1 to 5, nine in ten 5": lambda rng, n: rng.choice(
        np.arange(1.0, 6.0), p=[0.01, 0.01, 0.03, 0.05, 0.9], size=n
    ),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "lognormal, sigma 1": lambda rng, n: rng.lognormal(size=n),
}
"""How scores of evaluations are drawn."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help="those to make, all without", metavar="TABLE")
    parser.add_argument("--runs", type=int, default=10_000, help="at one look; at all, fewer")
    options = parser.parse_args()
    fewer = max(options.runs * 2 // 5, 1)
    tables: dict[str, Callable[[], None]] = {
        "errors": lambda: one_look(options.runs),
        "looks": lambda: all_looks(fewer),
        "weighted": lambda: weighted(options.runs),
        "values": lambda: values(options.runs),
        "scores": lambda: scores(max(fewer // 10, 1)),
    }
    print(machine("numpy"))
    for name in options.tables or tables:
        tables[name]()


def one_look(runs: int) -> None:
    """Print a row each kind of errors, and in it each number of labels."""
    print("\n| errors at one look | bias before | bias | its width | mae | rmse |")
    for name, errors in ERRORS.items():
        found = [_one_look(errors, n, None, runs) for n in LABELS]
        print(f"| {name} | {_cells(found)} |", flush=True)


def weighted(runs: int) -> None:
    """Print a row each kind: some rows weigh ten times as much, as those kept more rarely do."""
    print(f"\n| errors, so many of them ten times as heavy: {HEAVY}", end="")
    print(" | bias before | bias | its width | mae | rmse |")
    for name, errors in ERRORS.items():
        found = [_one_look(errors, n, share, runs) for n, share in HEAVY]
        print(f"| {name} | {_cells(found)} |", flush=True)


def _cells(found: list[list[str]]) -> str:
    return " | ".join(", ".join(each) for each in zip(*found, strict=True))


def _one_look(errors: Errors, n: int, heavy: float | None, runs: int) -> list[str]:
    held: Counter[str] = Counter()
    stated: Counter[str] = Counter()
    widths = [0.0, 0.0]
    for run in range(runs):
        rng = np.random.default_rng([1, n, run])
        error = errors.draw(rng, n)
        sums = _sums(error, None if heavy is None else np.where(rng.random(n) < heavy, 10.0, 1.0))
        found = {**sums.estimates(AT_ONE_TIME), "before": _plain(sums.error.mean, AT_ONE_TIME)}
        for metric, (_, low, high) in found.items():
            if low is not None and high is not None:
                stated[metric] += 1
                held[metric] += low <= errors.truth(metric) <= high
        if found["bias"][1] is not None:
            widths[0] += _width(found["before"])
            widths[1] += _width(found["bias"])
    shares = [_share(held[each], stated[each], runs) for each in ("before", "bias", "mae", "rmse")]
    shares.insert(2, f"{widths[1] / widths[0]:.2f}")
    return shares


def all_looks(runs: int) -> None:
    """Print a row each kind: in how many runs the interval held at every look."""
    print(f"\n| errors, {len(LOOKS)} looks at {LOOKS[0]} to {LOOKS[-1]} labels", end="")
    print(" | bias before | bias | its width at 50 labels | mae | rmse |")
    for name, errors in ERRORS.items():
        gone: Counter[str] = Counter()
        widths = [0.0, 0.0]
        for run in range(runs):
            missed = set()
            for n, sums in _looks(errors, np.random.default_rng([2, run])):
                found = {
                    **sums.estimates(AT_ALL_TIMES),
                    "before": _plain(sums.error.mean, AT_ALL_TIMES),
                }
                missed |= {
                    name for name, each in found.items() if _misses(each, errors.truth(name))
                }
                if n == min(LOOKS, key=lambda look: abs(look - 50)):
                    widths[0] += _width(found["before"])
                    widths[1] += _width(found["bias"])
            gone.update(missed)
        before, bias, mae, rmse = (
            f"{1 - gone[metric] / runs:.3f}" for metric in ("before", "bias", "mae", "rmse")
        )
        wider = widths[1] / widths[0]
        print(f"| {name} | {before} | {bias} | {wider:.2f} | {mae} | {rmse} |", flush=True)


def _looks(errors: Errors, rng: np.random.Generator) -> Iterator[tuple[int, RegressionPerformance]]:
    sums, before = _sums(np.zeros(0)), 0
    for n in LOOKS:
        sums, before = sums.merge(_sums(errors.draw(rng, n - before))), n
        yield n, sums


def values(runs: int) -> None:
    """Print a row each kind: what good predictions are worth more than bad ones, which is 0."""
    print(f"\n| values, of so many good and bad ones: {WORTH} | before | difference |")
    for name, errors in ERRORS.items():
        found = []
        for good, bad in WORTH:
            losses = np.repeat([0.0, 1.0], [good, bad])
            held = [0, 0]
            for run in range(runs):
                worth = errors.draw(np.random.default_rng([4, good, run]), good + bad)
                held[0] += not _misses(_welch(worth[:good], worth[good:]), 0.0)
                apart = ValueByQuality.of(worth, losses).difference() or (0.0, None, None)
                held[1] += not _misses(apart, 0.0)
            found.append([f"{each / runs:.3f}" for each in held])
        print(f"| {name} | {_cells(found)} |", flush=True)


def _welch(a: Floats, b: Floats) -> Estimate:
    parts = np.array([a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)])
    freedom = parts.sum() ** 2 / (parts**2 / np.array([len(a) - 1, len(b) - 1])).sum()
    apart = float(a.mean() - b.mean())
    reach = student_quantile(0.975, float(freedom)) * float(np.sqrt(parts.sum()))
    return apart, apart - reach, apart + reach


def scores(runs: int) -> None:
    """Print a row each kind of scores: in how many runs their mean's interval held at all looks."""
    print(f"\n| scores, {runs} runs | before | mean | width at 100 scores, at 1,000 |")
    for name, draw in SCORES.items():
        truth = float(draw(np.random.default_rng(5), 4_000_000).mean())
        held, widths = np.zeros(2), np.zeros((2, 2))
        for run in range(runs):
            found, wide = _scored(draw, np.random.default_rng([6, run]), truth)
            held, widths = held + found, widths + wide
        cells = [f"{each:.3f}" for each in held / runs]
        wider = ", ".join(f"{each:.2f}" for each in widths[:, 1] / widths[:, 0])
        print(f"| {name} | {' | '.join(cells)} | {wider} |", flush=True)


def _scored(draw: Draw, rng: np.random.Generator, truth: float) -> tuple[Bools, Floats]:
    """Return whether the interval of before and that of now hold whenever 20 scores have come.

    And the widths of both at 100 and at 1,000 scores, shape ``(2, 2)``.
    """
    watched = Evaluation(tolerance=0.05, budget_windows=10_000, lower_is_better=False)
    held, widths = np.ones(2, dtype=np.bool_), np.zeros((2, 2))
    for look in range(55):
        n = 100 if look == 0 else 20
        ones = np.ones(n)
        time_ns = np.arange(n, dtype=np.int64)
        watched.add(draw(rng, n), ones, time_ns, np.full(n, look == 0), {}, windows=1.0)
        sums = watched._since
        found = _plain(sums.mean, AT_ALL_TIMES), watched.mean() or (0.0, None, None)
        held &= [not _misses(each, truth) for each in found]
        if sums.n in (100, 1000):
            widths[int(sums.n == 1000)] = [_width(each) for each in found]
    return held, widths


def _sums(error: Floats, weight: Floats | None = None) -> RegressionPerformance:
    return RegressionPerformance.of(error, np.zeros(len(error)), weight)


def _plain(mean: WeightedMean, intervals: Intervals) -> Estimate:
    """Return a mean with its interval as it was before: as if it were not skewed."""
    if mean.value is None or mean.effective < MIN_ROWS:
        return 0.0, None, None
    reach = intervals.radius(mean.effective) * math.sqrt(mean.variance)
    return mean.value, mean.value - reach, mean.value + reach


def _misses(estimate: Estimate, truth: float) -> bool:
    _, low, high = estimate
    return low is not None and high is not None and not low <= truth <= high


def _width(estimate: Estimate) -> float:
    _, low, high = estimate
    return 0.0 if low is None or high is None else high - low


def _share(held: int, stated: int, runs: int) -> str:
    """Return in how many of those that are stated it held; and how many are, if not all."""
    share = f"{held / max(stated, 1):.3f}"
    return share if stated == runs else f"{share} (of {stated / runs:.2f})"


if __name__ == "__main__":
    main()
