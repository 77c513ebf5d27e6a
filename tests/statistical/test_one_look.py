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
# P(more than 46 of 600 runs miss) < 0.2% if each misses with probability 5%, as is promised.
_MOST: Final = 46

Draw = Callable[[np.random.Generator, int], Any]


def _binary(a: float, b: float) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> BinaryPerformance:
        score = rng.beta(a, b, size=n)
        return BinaryPerformance.of(score > 0.3, rng.uniform(size=n) < score, score)

    return draw


def _answers(positive: float, right: float, wrong: float) -> Draw:
    """Of positives a share is found, and of the others one taken for them."""

    def draw(rng: np.random.Generator, n: int) -> BinaryPerformance:
        true = rng.random(n) < positive
        return BinaryPerformance.of(rng.random(n) < np.where(true, right, wrong), true)

    return draw


def _errors(rng: np.random.Generator, n: int) -> RegressionPerformance:
    return RegressionPerformance.of(rng.normal(size=n), np.zeros(n))


def _skewed_errors(rng: np.random.Generator, n: int) -> RegressionPerformance:
    return RegressionPerformance.of(rng.exponential(size=n), np.zeros(n))


def _heavy_errors(rng: np.random.Generator, n: int) -> RegressionPerformance:
    return RegressionPerformance.of(rng.standard_t(5, size=n), np.zeros(n))


def _rankings(*share: float) -> Draw:
    """Of gains 1, .9 and 0, so often each."""

    def draw(rng: np.random.Generator, n: int) -> RankingPerformance:
        gain = rng.choice([1.0, 0.9, 0.0], size=n, p=share)
        return RankingPerformance.of(gain, np.ceil(gain))

    return draw


_SHARES: Final = ("accuracy", "precision", "recall", "f1")


_CASES: Final = {
    "errors": (_errors, ("mae", "rmse", "bias")),
    "skewed errors": (_skewed_errors, ("mae", "rmse")),
    "errors with heavy tails": (_heavy_errors, ("mae", "rmse", "bias")),
    "rankings": (_rankings(0.9, 0, 0.1), ("ndcg", "mrr", "hit_rate")),
    "rankings, nearly all right": (_rankings(0.98, 0, 0.02), ("ndcg", "mrr", "hit_rate")),
    "rankings, few of them far from even": (_rankings(0.9, 0.08, 0.02), ("ndcg",)),
    "few positives": (_answers(0.05, 0.8, 0.02), _SHARES),
    "nearly all right": (_answers(0.5, 0.98, 0.02), _SHARES),
    "none wrongly found": (_answers(0.5, 0.99, 0), _SHARES),
    "one in five": (_binary(1, 4), (*_SHARES, "brier", "log_loss", "auc")),
    "one in twenty": (_binary(0.3, 6), (*_SHARES, "brier", "log_loss", "auc")),
    "nearly sure": (_binary(0.2, 0.2), (*_SHARES, "brier", "log_loss", "auc")),
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
