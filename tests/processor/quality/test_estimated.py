"""Estimated performance: right under covariate shift, blind to concept shift."""

import numpy as np
import pytest

from barograph_processor.quality.estimated import Calibrator
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram


def _rows(seed: int, n: int, *, a: float = 1.0, b: float = 3.0) -> tuple[np.ndarray, ...]:
    """Scores that mean the square root of what they say, so that they have to be calibrated."""
    rng = np.random.default_rng(seed)
    score = rng.beta(a, b, size=n)
    return score, score > 0.4, rng.random(n) < np.sqrt(score)


REFERENCE = Calibrator.learn(ScoreHistogram.of(*_rows(1, 50_000)))


@pytest.mark.parametrize(("a", "b"), [(1.0, 3.0), (2.0, 2.0), (3.0, 2.0)])
def test_estimates_follow_the_mix_of_scores(a: float, b: float) -> None:
    assert REFERENCE is not None
    score, said, true = _rows(2, 200_000, a=a, b=b)
    found = REFERENCE.estimate(ScoreCounts.of(score, said), binary=True)
    tp = (said & true).sum()
    area = ScoreHistogram.of(score, said, true).area()
    assert area is not None
    wanted = {
        "accuracy": (said == true).mean(),
        "precision": tp / said.sum(),
        "recall": tp / true.sum(),
        "f1": 2 * tp / (said.sum() + true.sum()),
        "auc": area[0],
    }
    values = {name: value for name, (value, *_) in found.items()}
    # Of scores that the reference hardly held little is known of their order.
    assert values.pop("auc") == pytest.approx(wanted.pop("auc"), abs=0.015)
    assert values == pytest.approx(wanted, abs=0.01)


def test_the_interval_holds_what_labels_would_show() -> None:
    """In at least 90% of 200 windows; it promises 95%."""
    inside = 0
    for seed in range(200):
        known = Calibrator.learn(ScoreHistogram.of(*_rows(1000 + seed, 2000)))
        assert known is not None
        score, said, true = _rows(5000 + seed, 500, a=2.0)
        _, low, high = known.estimate(ScoreCounts.of(score, said), binary=True)["accuracy"]
        assert low is not None
        assert high is not None
        inside += bool(low <= (said == true).mean() <= high)
    assert inside >= 180


def test_confidence_of_several_classes_gives_their_accuracy() -> None:
    rng = np.random.default_rng(3)
    yes = np.ones(50_000, dtype=np.bool_)
    score = rng.uniform(0.4, 1.0, 50_000)
    known = Calibrator.learn(ScoreHistogram.of(score, yes, rng.random(50_000) < score))
    assert known is not None
    later = rng.uniform(0.8, 1.0, 10_000)
    found = known.estimate(ScoreCounts.of(later, yes[:10_000]), binary=False)
    assert list(found) == ["accuracy"]
    assert found["accuracy"][0] == pytest.approx(0.9, abs=0.01)


def test_weights_count() -> None:
    assert REFERENCE is not None
    score, said, _ = _rows(4, 1000)
    twice = REFERENCE.estimate(ScoreCounts.of(np.tile(score, 2), np.tile(said, 2)), binary=True)
    heavy = REFERENCE.estimate(ScoreCounts.of(score, said, np.full(1000, 2.0)), binary=True)
    assert heavy["accuracy"][0] == pytest.approx(twice["accuracy"][0])


def test_higher_scores_come_true_at_least_as_often() -> None:
    """Whatever chance did to few rows, and beyond them as at their end."""
    rng = np.random.default_rng(6)
    score = rng.uniform(0.2, 0.8, 300)
    known = Calibrator.learn(ScoreHistogram.of(score, score > 0.5, rng.random(300) < score))
    assert known is not None
    everywhere = np.sin(np.linspace(0, np.pi / 2, 2001)) ** 2  # some in every bin
    rates = known.rates(ScoreCounts.of(everywhere, everywhere > 0.5))
    assert (np.diff(rates) >= 0).all()
    assert rates[0] == known.rate[0]
    assert rates[-1] == known.rate[-1]
    assert known.rate[-1] - known.rate[0] > 0.3


def test_without_rows_or_reference_nothing_is_known() -> None:
    assert REFERENCE is not None
    assert REFERENCE.estimate(ScoreCounts.empty(), binary=True) == {}
    assert Calibrator.learn(ScoreHistogram.of(*_rows(5, 49))) is None
