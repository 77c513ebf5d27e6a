"""Intervals of quality hold at every look at once: their misses over whole runs are counted."""

from collections.abc import Callable
from itertools import accumulate
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.quality.binary import BinaryPerformance
from barograph_processor.quality.intervals import AT_ALL_TIMES, AT_ONE_TIME
from barograph_processor.quality.loss import Judged
from barograph_processor.quality.ranking import RankingPerformance
from barograph_processor.quality.regression import RegressionPerformance
from barograph_processor.sequential.mixtures import beta_binomial_interval
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.state.label.recent import RecentPerformance
from barograph_processor.stats.column import NumericColumn

RUNS = 200
# P(more than 19 of 200 runs miss) < 0.3% if each misses with probability 5%.
MOST = 19
LOOKS = 24
ROWS = 50

Floats = npt.NDArray[np.float64]


def _binary(rng: np.random.Generator, n: int) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
    score = rng.beta(1, 4, size=n)
    return score, rng.uniform(size=n) < score, np.ones(n)


def _truths() -> dict[str, float]:
    score, true, _ = _binary(np.random.default_rng(99), 4_000_000)
    whole = BinaryPerformance.of(score > 0.3, true, score)
    return {name: value for name, (value, *_) in whole.estimates(AT_ONE_TIME).items()}


TRUTHS = _truths()


@pytest.fixture(scope="module")
def misses() -> dict[str, int]:
    """In how many runs the interval of each metric missed at any of 24 looks."""
    missed = dict.fromkeys(TRUTHS, 0)
    for run in range(RUNS):
        rng = np.random.default_rng([1, run])
        sums, gone = None, set()
        for _ in range(LOOKS):
            score, true, _ = _binary(rng, ROWS)
            new = BinaryPerformance.of(score > 0.3, true, score)
            sums = new if sums is None else sums.merge(new)
            for name, (_, low, high) in sums.estimates(AT_ALL_TIMES).items():
                if low is not None and high is not None and not low <= TRUTHS[name] <= high:
                    gone.add(name)
        for name in gone:
            missed[name] += 1
    return missed


@pytest.mark.parametrize("metric", sorted(TRUTHS))
def test_binary_metrics_are_inside_at_all_looks(misses: dict[str, int], metric: str) -> None:
    assert misses[metric] <= MOST


def test_intervals_of_one_time_would_not_do(misses: dict[str, int]) -> None:
    """The same looks with Wilson's interval miss more often than is allowed above."""
    missed = 0
    for run in range(RUNS):
        rng = np.random.default_rng([1, run])
        sums, gone = None, False
        for _ in range(LOOKS):
            score, true, _ = _binary(rng, ROWS)
            new = BinaryPerformance.of(score > 0.3, true, score)
            sums = new if sums is None else sums.merge(new)
            _, low, high = sums.estimates(AT_ONE_TIME)["accuracy"]
            assert low is not None
            assert high is not None
            gone = gone or not low <= TRUTHS["accuracy"] <= high
        missed += gone
    assert missed > MOST
    assert misses["accuracy"] < missed


@pytest.mark.parametrize("mean", [0.02, 0.5, 0.95])
def test_shares_and_fractions(mean: float) -> None:
    """For 0 and 1, and for fractions with the same mean."""
    for fractional in (False, True):
        missed = 0
        for run in range(RUNS):
            rng = np.random.default_rng([2, run])
            n = 3000
            x = rng.beta(2 * mean, 2 * (1 - mean), size=n) if fractional else rng.random(n) < mean
            sums = np.cumsum(x)
            looks = np.unique(np.geomspace(1, n, 60).astype(int))
            missed += any(
                not low <= mean <= high
                for t in looks.tolist()
                for low, high in [beta_binomial_interval(float(sums[t - 1]), t)]
            )
        assert missed <= MOST


Sums = TypeVar("Sums", RegressionPerformance, RankingPerformance)


def _missed(draw: Callable[[np.random.Generator], Sums], metric: str, truth: float) -> int:
    """In how many runs the interval of a metric missed, or was not there, at any of 24 looks."""
    missed = 0
    for run in range(RUNS):
        rng = np.random.default_rng([3, run])
        gone = False
        for sums in accumulate((draw(rng) for _ in range(LOOKS)), lambda a, b: a.merge(b)):
            _, low, high = sums.estimates(AT_ALL_TIMES)[metric]
            gone = gone or not (low is not None and high is not None and low <= truth <= high)
        missed += gone
    return missed


def test_the_mean_of_skewed_errors() -> None:
    def draw(rng: np.random.Generator) -> RegressionPerformance:
        return RegressionPerformance.of(rng.exponential(1.0, ROWS), np.zeros(ROWS))

    assert _missed(draw, "mae", 1.0) <= MOST


def test_the_mean_gain_of_rankings() -> None:
    def draw(rng: np.random.Generator) -> RankingPerformance:
        return RankingPerformance.of(rng.beta(4, 1, ROWS), np.ones(ROWS))

    assert _missed(draw, "ndcg", 0.8) <= MOST


def test_weighted_shares_stand_for_all_rows() -> None:
    """Rows kept at rates that depend on whether they are right, weighed by the inverse."""
    missed = 0
    for run in range(RUNS):
        rng = np.random.default_rng([4, run])
        sums, gone = None, False
        for _ in range(LOOKS):
            wrong = rng.random(400) < 0.1
            rate = np.where(rng.random(400) < np.where(wrong, 0.8, 0.3), 0.5, 0.1)
            kept = rng.random(400) < rate
            right = ~wrong[kept]
            new = BinaryPerformance.of(right, np.ones(len(right), dtype=bool), None, 1 / rate[kept])
            sums = new if sums is None else sums.merge(new)
            _, low, high = sums.estimates(AT_ALL_TIMES)["accuracy"]
            assert low is not None
            assert high is not None
            gone = gone or not low <= 0.9 <= high
        missed += gone
    assert missed <= MOST


def test_the_interval_is_about_now() -> None:
    """After a change the old labels are forgotten, and the interval finds the new truth."""
    rng = np.random.default_rng(5)
    recent = RecentPerformance()
    for window in range(20):
        error = np.where(rng.random(500) < (0.1 if window < 10 else 0.3), 1.0, 0.0)
        unknown = np.full(500, np.nan)
        judged = Judged(
            "ranking", error, NumericColumn(1 - error), NumericColumn(1 - error), unknown, "1"
        )
        recent.add(RealizedPerformance.of(judged))
        recent.close_window(window + 1)
    value, low, high = recent.estimates()["ndcg"]
    assert low is not None
    assert high is not None
    assert low < 0.7 < high < 0.8
    assert 1000 <= recent.performance.n <= 2000
    assert value == pytest.approx(0.7, abs=0.05)
