"""Intervals of a window's figures hold as often as they promise, with few labels too."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

from barograph_processor.quality.binary import BinaryPerformance
from barograph_processor.quality.intervals import AT_ONE_TIME
from barograph_processor.quality.ranking import RankingPerformance
from barograph_processor.quality.regression import RegressionPerformance

_RUNS: Final = 600
# P(more than 54 of 600 runs miss) < 0.2% if each misses with probability 6%, as is stated.
_MOST: Final = 54

Draw = Callable[[np.random.Generator, int], Any]


def _binary(a: float, b: float) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> BinaryPerformance:
        score = rng.beta(a, b, size=n)
        return BinaryPerformance.of(score > 0.3, rng.uniform(size=n) < score, score)

    return draw


def _errors(rng: np.random.Generator, n: int) -> RegressionPerformance:
    return RegressionPerformance.of(rng.normal(size=n), np.zeros(n))


def _skewed_errors(rng: np.random.Generator, n: int) -> RegressionPerformance:
    return RegressionPerformance.of(rng.exponential(size=n), np.zeros(n))


def _rankings(rng: np.random.Generator, n: int) -> RankingPerformance:
    found = rng.random(n) > 0.1
    return RankingPerformance.of(found.astype(np.float64), np.where(found, 1.0, 0.0))


_CASES: Final = {
    "errors": (_errors, ("mae", "rmse", "bias")),
    "skewed errors": (_skewed_errors, ("mae", "rmse")),
    "rankings": (_rankings, ("ndcg", "mrr")),
    "one in five": (_binary(1, 4), ("brier", "log_loss", "auc")),
    "one in twenty": (_binary(0.3, 6), ("brier", "log_loss", "auc")),
    "nearly sure": (_binary(0.2, 0.2), ("brier", "log_loss", "auc")),
}


@pytest.mark.parametrize("rows", [50, 200])
@pytest.mark.parametrize("case", list(_CASES))
def test_intervals_of_a_window_hold(case: str, rows: int) -> None:
    """Where one is stated; and mostly one is."""
    draw, metrics = _CASES[case]
    truth = draw(np.random.default_rng(99), 1_000_000).estimates(AT_ONE_TIME)
    missed = dict.fromkeys(metrics, 0)
    stated = dict.fromkeys(metrics, 0)
    for run in range(_RUNS):
        found = draw(np.random.default_rng([9, rows, run]), rows).estimates(AT_ONE_TIME)
        for metric in metrics:
            value, low, high = found.get(metric, (None, None, None))
            if low is not None:
                stated[metric] += 1
                assert low <= value <= high
                missed[metric] += not low <= truth[metric][0] <= high
    assert max(missed.values()) <= _MOST, missed
    assert min(stated.values()) > _RUNS / 2, stated
