from typing import Any

import numpy as np
import pytest

from barograph_processor import codec
from barograph_processor.quality.reviewed_risk import ReviewedRisk

DAY = 86_400_000_000_000


def answers(
    seed: int, n: int = 20_000, *, honest: bool = True
) -> tuple[ReviewedRisk, float, float]:
    """Judge five in a hundred, the doubtful more often; return truth and naive mean too."""
    rng = np.random.default_rng([6, seed])
    doubt = rng.beta(0.7, 2.5, n)
    wrong = rng.random(n) < (doubt if honest else 0.3 * rng.random(n))
    chance = 0.025 + 0.025 * doubt / doubt.mean()
    floor = 0.025
    risk = ReviewedRisk(horizon_ns=1000 * DAY)
    surprise = risk.surprises(doubt)
    drawn = np.flatnonzero(rng.random(n) < chance)
    for row in drawn.tolist():
        known = None if np.isnan(surprise[row]) else float(surprise[row])
        risk.answer(
            float(wrong[row]), chance=float(chance[row]), floor=floor, surprise=known, time_ns=row
        )
    return risk, float(wrong.mean()), float(wrong[drawn].mean())


@pytest.mark.parametrize("honest", [True, False], ids=["guesses of worth", "guesses of none"])
def test_with_five_in_a_hundred_judged_the_interval_holds_the_truth(honest: bool) -> None:
    held, errors, naive = 0, [], []
    for seed in range(30):
        risk, truth, mean = answers(seed, honest=honest)
        estimate = risk.estimate
        assert estimate is not None
        held += estimate.lower <= truth <= estimate.upper
        errors.append(estimate.value - truth)
        naive.append(mean - truth)
    # Of 30 at 95%: 26 or more with probability 0.997.
    assert held >= 26
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(30) + 1e-3
    if honest:
        # The draws lean towards the wrong ones; unweighted they would say too much.
        assert np.mean(naive) > 0.03


def test_what_was_drawn_more_often_counts_less() -> None:
    """Without guesses only the weights can set right that the wrong ones were drawn more often."""
    held, errors = 0, []
    for seed in range(20):
        rng = np.random.default_rng([9, seed])
        wrong = rng.random(20_000) < 0.1
        chance = np.where(wrong, 0.1, 0.025)
        risk = ReviewedRisk(horizon_ns=1000 * DAY)
        for row in np.flatnonzero(rng.random(20_000) < chance).tolist():
            q = float(chance[row])
            risk.answer(float(wrong[row]), chance=q, floor=0.025, surprise=None, time_ns=row)
        estimate = risk.estimate
        assert estimate is not None
        held += estimate.lower <= wrong.mean() <= estimate.upper
        errors.append(estimate.value - wrong.mean())
    # Of 20 at 95%: 16 or more with probability 0.997. Unweighted, 31% would seem wrong.
    assert held >= 16
    assert abs(np.mean(errors)) < 0.01


def test_busy_hours_count_as_the_many_predictions_that_they_are() -> None:
    """Twelve answers an hour; in every fifth, four times the predictions, more of them wrong."""
    held, errors = 0, []
    for seed in range(20):
        rng = np.random.default_rng([10, seed])
        risk = ReviewedRisk(horizon_ns=4 * DAY)
        for hour in range(120):
            busy = hour % 5 == 4
            rows, chance, wrong = (960, 0.0125, 0.3) if busy else (240, 0.05, 0.1)
            for loss in (rng.random(rng.binomial(rows, chance)) < wrong).astype(float).tolist():
                time_ns = hour * DAY // 24
                risk.answer(loss, chance=chance, floor=chance, surprise=None, time_ns=time_ns)
        estimate = risk.estimate
        assert estimate is not None
        held += estimate.lower <= 0.2 <= estimate.upper
        errors.append(estimate.value - 0.2)
    # Of 20 at 95%: 16 or more with probability 0.997. Each answer alike, 14% would seem wrong.
    assert held >= 16
    assert abs(np.mean(errors)) < 0.01


def test_good_guesses_make_it_narrower() -> None:
    risk, _, _ = answers(1)
    blind = ReviewedRisk(horizon_ns=1000 * DAY)
    rng = np.random.default_rng([6, 1])
    doubt = rng.beta(0.7, 2.5, 20_000)
    wrong = rng.random(20_000) < doubt
    chance = 0.025 + 0.025 * doubt / doubt.mean()
    for row in np.flatnonzero(rng.random(20_000) < chance).tolist():
        q = float(chance[row])
        blind.answer(float(wrong[row]), chance=q, floor=0.025, surprise=None, time_ns=row)
    assert risk.estimate is not None
    assert blind.estimate is not None
    assert risk.estimate.answers == blind.estimate.answers
    width = risk.estimate.upper - risk.estimate.lower
    assert width < blind.estimate.upper - blind.estimate.lower


def test_it_is_about_now() -> None:
    risk = ReviewedRisk(horizon_ns=28 * DAY)
    rng = np.random.default_rng(7)
    for day in range(120):
        rate = 0.1 if day < 60 else 0.4
        for _ in range(20):
            risk.answer(
                float(rng.random() < rate),
                chance=0.05,
                floor=0.05,
                surprise=None,
                time_ns=day * DAY,
            )
    estimate = risk.estimate
    assert estimate is not None
    assert estimate.lower > 0.3
    assert estimate.lower <= 0.4 <= estimate.upper


def test_nothing_is_known_before_an_answer() -> None:
    risk = ReviewedRisk(horizon_ns=DAY)
    risk.surprises(np.full(1000, 0.2))
    assert risk.estimate is None


def test_surprises_do_not_depend_on_batches_and_survive_a_restart() -> None:
    guess = np.random.default_rng(8).random(1000)
    guess[::7] = np.nan
    whole = ReviewedRisk(horizon_ns=DAY).surprises(guess)
    first = ReviewedRisk(horizon_ns=DAY)
    parts = [first.surprises(guess[:3]), first.surprises(guess[3:500])]
    second = ReviewedRisk(horizon_ns=DAY)
    state: Any = next(codec.unpacked(codec.packed([first.state()])))
    second.load(state)
    parts.append(second.surprises(guess[500:]))
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert np.isnan(whole[:140]).all()
    assert np.isfinite(whole[200:]).sum() == np.isfinite(guess[200:]).sum()
