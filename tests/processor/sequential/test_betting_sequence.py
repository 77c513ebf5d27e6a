import numpy as np
import pytest

from barograph_processor.sequential.betting_sequence import BettingSequence


def test_nothing_is_known_before_any_draw() -> None:
    sequence = BettingSequence()
    assert sequence.mean is None
    assert sequence.interval == (0.0, 1.0)


def test_equal_weights_are_the_hedged_capital_of_the_paper() -> None:
    """Theorem 3 and its predictable plug-in, written down candidate by candidate."""
    x = (np.random.default_rng(1).random(400) < 0.2).astype(np.float64)
    alpha, alive = 0.05, []
    before = np.concatenate([[0.0], np.cumsum(x)[:-1]])
    t = np.arange(1, 401)
    squares = np.cumsum((x - (0.5 + before + x) / (t + 1)) ** 2)
    variance = (0.25 + np.concatenate([[0.0], squares[:-1]])) / t
    tilt = np.sqrt(2 * np.log(2 / alpha) / (variance * t * np.log(t + 1)))
    for m in np.linspace(0.002, 0.998, 499).tolist():
        up = np.cumprod(1 + np.minimum(tilt, 0.5 / m) * (x - m))
        down = np.cumprod(1 - np.minimum(tilt, 0.5 / (1 - m)) * (x - m))
        if ((up + down) / 2 < 1 / alpha).all():
            alive.append(m)
    sequence = BettingSequence(alpha=alpha)
    sequence.update(x)
    assert sequence.interval == pytest.approx((alive[0] - 0.002, alive[-1] + 0.002))
    assert sequence.mean == pytest.approx(x.mean())


@pytest.mark.parametrize("lean", [0.0, 0.9], ids=["by chance", "towards the wrong ones"])
def test_the_interval_holds_the_mean_at_all_times(lean: float) -> None:
    missed = 0
    for seed in range(60):
        rng = np.random.default_rng([2, seed])
        hard = rng.random(4000) < 0.3
        wrong = rng.random(4000) < np.where(hard, 0.4, 0.05)
        chance = np.where(hard, 0.05 + 0.3 * lean, 0.05)
        drawn = np.flatnonzero(rng.random(4000) < chance)
        sequence = BettingSequence(alpha=0.1)
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
    with_it, without = BettingSequence(), BettingSequence()
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
    sequence = BettingSequence()
    with pytest.raises(ValueError, match="must be in"):
        sequence.update(x, weight=weight, slack=slack)
    assert sequence.n == 0


def test_alpha_is_a_probability() -> None:
    with pytest.raises(ValueError, match="alpha"):
        BettingSequence(alpha=0.0)
