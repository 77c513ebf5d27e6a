import numpy as np
import pytest

from barograph_processor.sequential.confidence import BettingSequence
from barograph_processor.sequential.weighted import WeightedBettingSequence


def test_nothing_is_known_before_any_draw() -> None:
    sequence = WeightedBettingSequence()
    assert sequence.mean is None
    assert sequence.interval == (0.0, 1.0)


def test_equal_weights_agree_with_the_unweighted_sequence() -> None:
    x = (np.random.default_rng(1).random(400) < 0.2).astype(np.float64)
    weighted, plain = WeightedBettingSequence(), BettingSequence()
    for value in x.tolist():
        weighted.update(value, weight=1.0)
    plain.update(x)
    assert weighted.interval == pytest.approx(plain.interval, abs=0.012)
    assert weighted.mean == pytest.approx(x.mean())


@pytest.mark.parametrize("lean", [0.0, 0.9], ids=["by chance", "towards the wrong ones"])
def test_the_interval_holds_the_mean_at_all_times(lean: float) -> None:
    missed = 0
    for seed in range(60):
        rng = np.random.default_rng([2, seed])
        hard = rng.random(4000) < 0.3
        wrong = rng.random(4000) < np.where(hard, 0.4, 0.05)
        chance = np.where(hard, 0.05 + 0.3 * lean, 0.05)
        drawn = np.flatnonzero(rng.random(4000) < chance)
        sequence = WeightedBettingSequence(alpha=0.1)
        outside = False
        for row in drawn.tolist():
            sequence.update(float(wrong[row]), weight=0.05 / float(chance[row]))
            low, high = sequence.interval
            outside = outside or not low <= 0.155 <= high
        missed += outside
    # Of 60 at 10%: 12 or fewer with probability 0.997, if exactly the nominal rate were missed.
    assert missed <= 12


def test_a_control_variate_makes_the_interval_narrower() -> None:
    rng = np.random.default_rng(3)
    hard = rng.random(1500) < 0.5
    wrong = (rng.random(1500) < np.where(hard, 0.95, 0.05)).astype(np.float64)
    with_it, without = WeightedBettingSequence(), WeightedBettingSequence()
    for x, surprise in zip(wrong.tolist(), (hard - 0.5).tolist(), strict=True):
        without.update(x, weight=1.0)
        with_it.update(x - 0.9 * surprise, weight=1.0, slack=0.45)
    assert np.ptp(with_it.interval) < 0.8 * np.ptp(without.interval)
    assert with_it.mean == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("x", "weight", "slack"),
    [(1.1, 1.0, 0.0), (-0.1, 1.0, 0.0), (0.5, 0.0, 0.0), (0.5, 1.5, 0.0), (float("nan"), 1.0, 0.0)],
)
def test_what_is_out_of_range_is_refused_and_not_taken(
    x: float, weight: float, slack: float
) -> None:
    sequence = WeightedBettingSequence()
    with pytest.raises(ValueError, match="must be in"):
        sequence.update(x, weight=weight, slack=slack)
    assert sequence.n == 0


def test_alpha_is_a_probability() -> None:
    with pytest.raises(ValueError, match="alpha"):
        WeightedBettingSequence(alpha=0.0)
