"""Intervals of means hold as often as they promise where rows are skewed."""

from collections.abc import Callable
from itertools import accumulate
from typing import Final

import numpy as np
import pytest

from barograph_processor.quality.intervals import AT_ALL_TIMES, AT_ONE_TIME, Estimate, estimate_mean
from barograph_processor.quality.regression import RegressionPerformance
from barograph_processor.quality.value import ValueByQuality
from barograph_processor.state.aftermath.evaluation import Evaluation
from barograph_processor.stats.array import Floats

Draw = Callable[[np.random.Generator, int], Floats]

_RUNS: Final = 4000
# P(more than 240 of 4,000 runs miss) < 0.2% if each misses with probability 5%, as is promised.
# As if nothing were skewed, 250 to 320 would.
_MOST: Final = 240

_ERRORS: Final[dict[str, tuple[Draw, float, int]]] = {
    "exponential": (lambda rng, n: rng.exponential(size=n), 1.0, 30),
    "all negative": (lambda rng, n: -rng.exponential(size=n), -1.0, 30),
    "less their mean": (lambda rng, n: rng.exponential(size=n) - 1, 0.0, 30),
    "lognormal": (lambda rng, n: rng.lognormal(0, 0.5, size=n), float(np.exp(0.125)), 30),
    "chi-square": (lambda rng, n: rng.chisquare(3, size=n), 3.0, 30),
    "chi-square, one degree": (lambda rng, n: rng.chisquare(1, size=n), 1.0, 50),
}


def _sums(error: Floats, weight: Floats | None = None) -> RegressionPerformance:
    return RegressionPerformance.of(error, np.zeros(len(error)), weight)


def _holds(estimate: Estimate, truth: float) -> bool:
    _, low, high = estimate
    return low is not None and high is not None and low <= truth <= high


@pytest.mark.parametrize("case", list(_ERRORS))
def test_bias_of_skewed_errors(case: str) -> None:
    draw, truth, n = _ERRORS[case]
    missed = 0
    for run in range(_RUNS):
        sums = _sums(draw(np.random.default_rng([1, run]), n))
        missed += not _holds(sums.estimates(AT_ONE_TIME)["bias"], truth)
    assert missed <= _MOST


def test_bias_of_skewed_errors_that_weigh_unevenly() -> None:
    """Some 30 of 100 weigh ten times as much as the others: as skewed as of 32 rows."""
    missed = stated = 0
    for run in range(_RUNS):
        rng = np.random.default_rng([2, run])
        sums = _sums(rng.exponential(size=100), np.where(rng.random(100) < 0.3, 10.0, 1.0))
        bias = sums.estimates(AT_ONE_TIME)["bias"]
        missed += bias[1] is not None and not _holds(bias, 1.0)
        stated += bias[1] is not None
    assert missed <= _MOST * stated / _RUNS
    assert stated > _RUNS / 2


def test_bias_of_very_skewed_errors_at_all_looks() -> None:
    """It misses as rarely as promised, and much more rarely than as if nothing were skewed."""
    missed, plainly, runs, most = 0, 0, 1000, 72  # P(more than 72 miss) < 0.2%
    for run in range(runs):
        rng = np.random.default_rng([3, run])
        held, held_plainly = True, True
        news = (_sums(rng.lognormal(size=30)) for _ in range(16))
        for sums in accumulate(news, lambda a, b: a.merge(b)):
            held = held and _holds(sums.estimates(AT_ALL_TIMES)["bias"], float(np.exp(0.5)))
            bias = sums.error
            assert bias.value is not None
            plain = estimate_mean(bias.value, bias.variance, 0.0, bias.effective, AT_ALL_TIMES)
            held_plainly = held_plainly and _holds(plain, float(np.exp(0.5)))
        missed += not held
        plainly += not held_plainly
    assert missed <= most
    assert plainly > 1.5 * missed


def test_what_few_bad_ones_are_worth_less() -> None:
    losses = np.repeat([0.0, 1.0], [1000, 20])
    missed = 0
    for run in range(_RUNS):
        values = np.random.default_rng([4, run]).exponential(size=1020)
        found = ValueByQuality.of(values, losses).difference()
        assert found is not None
        missed += not _holds(found, 0.0)
    assert missed <= _MOST


_SCORES: Final[dict[str, tuple[Draw, float]]] = {
    "nearly all pass": (lambda rng, n: (rng.random(n) < 0.98).astype(np.float64), 0.98),
    "1 to 5": (lambda rng, n: rng.choice([1.0, 5.0], p=[0.02, 0.98], size=n), 4.92),
    "without a bound": (lambda rng, n: rng.exponential(size=n), 1.0),
}


@pytest.mark.parametrize("case", list(_SCORES))
def test_scores_of_evaluations_at_all_looks(case: str) -> None:
    """Those that are all alike at first, too: half of the runs begin with 30 that pass."""
    draw, truth = _SCORES[case]
    missed, runs, most = 0, 80, 11  # P(more than 11 of 80 miss) < 0.2% if each does with 5%
    for run in range(runs):
        rng = np.random.default_rng([5, run])
        watched = Evaluation(tolerance=0.05, budget_windows=1e6, lower_is_better=False)
        held = True
        for look in range(21):
            n = 200 if look == 0 else 20
            time_ns, reference = np.arange(n, dtype=np.int64), np.full(n, look == 0)
            watched.add(draw(rng, n), np.ones(n), time_ns, reference, {}, windows=1.0)
            mean = watched.mean()
            held = held and (mean is None or mean[1] is None or _holds(mean, truth))
        missed += not held
    assert missed <= most
