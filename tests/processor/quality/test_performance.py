"""Realized performance against formulas of numpy and scipy."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from barograph_processor.quality.binary import BinaryPerformance
from barograph_processor.quality.intervals import AT_ONE_TIME
from barograph_processor.quality.multiclass import MulticlassPerformance
from barograph_processor.quality.ranking import RankingPerformance
from barograph_processor.quality.regression import RegressionPerformance

Performance = BinaryPerformance | MulticlassPerformance | RankingPerformance | RegressionPerformance


def values(performance: Performance) -> dict[str, float]:
    return {name: value for name, (value, *_) in performance.estimates(AT_ONE_TIME).items()}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_binary_metrics_equal_the_formulas(rng: np.random.Generator) -> None:
    label = rng.uniform(size=5000) < 0.3
    score = np.clip(rng.normal(0.3 + 0.3 * label, 0.2), 0, 1)
    predicted = score > 0.5
    found = values(BinaryPerformance.of(predicted, label, score))
    tp = (predicted & label).sum()
    assert found["accuracy"] == pytest.approx((predicted == label).mean())
    assert found["precision"] == pytest.approx(tp / predicted.sum())
    assert found["recall"] == pytest.approx(tp / label.sum())
    assert found["f1"] == pytest.approx(2 * tp / (predicted.sum() + label.sum()))
    assert found["brier"] == pytest.approx(((score - label) ** 2).mean())
    p = np.clip(score, 1e-6, 1 - 1e-6)
    assert found["log_loss"] == pytest.approx(-np.log(np.where(label, p, 1 - p)).mean())
    u = mannwhitneyu(score[label], score[~label]).statistic
    assert found["auc"] == pytest.approx(u / label.sum() / (~label).sum(), abs=2e-3)


def test_what_is_undefined_is_left_out() -> None:
    none = np.zeros(0, dtype=np.bool_)
    assert values(BinaryPerformance.of(none, none)) == {}
    negative = np.zeros(5, dtype=np.bool_)
    found = values(BinaryPerformance.of(negative, negative, np.full(5, np.nan)))
    assert found == {"accuracy": 1.0}
    nobody = np.array([], dtype=np.str_)
    assert values(MulticlassPerformance.of(nobody, nobody)) == {}
    nothing = np.zeros(0)
    assert values(RegressionPerformance.of(nothing, nothing)) == {}
    assert values(RankingPerformance.of(nothing, nothing)) == {}


def test_scores_out_of_range_are_no_scores() -> None:
    yes = np.ones(4, dtype=np.bool_)
    found = BinaryPerformance.of(yes, yes, np.array([1.5, -1.0, np.nan, 1.0]))
    assert found.scores.n == 1
    assert found.n == 4


def test_multiclass_metrics_equal_the_formulas(rng: np.random.Generator) -> None:
    label = rng.choice(np.array(["a", "b", "c"]), size=2000)
    predicted = np.where(rng.uniform(size=2000) < 0.7, label, "d")
    found = values(MulticlassPerformance.of(predicted, label, np.full(2000, 0.7)))
    recalls = [(predicted[label == c] == c).mean() for c in "abc"]
    assert found["accuracy"] == pytest.approx((predicted == label).mean())
    assert found["recall"] == pytest.approx(np.mean(recalls))
    assert found["precision"] == 1.0
    right = predicted == label
    assert found["brier"] == pytest.approx(((0.7 - right) ** 2).mean())


def test_regression_metrics_equal_the_formulas(rng: np.random.Generator) -> None:
    label = rng.normal(size=100)
    prediction = label + rng.normal(0.5, 1, size=100)
    prediction[:3] = np.nan, np.inf, -np.inf
    found = RegressionPerformance.of(prediction, label)
    error = (prediction - label)[3:]
    assert found.n == 97
    assert values(found) == pytest.approx(
        {
            "mae": np.abs(error).mean(),
            "rmse": np.sqrt((error**2).mean()),
            "bias": error.mean(),
        }
    )
