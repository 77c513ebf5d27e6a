"""Intervals say how little is known where rows are few, or all alike so far."""

import numpy as np
import pytest

from barograph_processor.quality.binary import BinaryPerformance
from barograph_processor.quality.intervals import AT_ONE_TIME, estimate_gain, estimate_size


def test_rows_that_are_all_alike_do_not_make_it_sure() -> None:
    """Of 50 rankings as good as one another the next may be bad."""
    for variance in (0.0, 1e-12):
        value, low, high = estimate_gain(0.9, variance, 50, AT_ONE_TIME)
        assert low is not None
        assert high is not None
        assert low < value < high
        assert high - low > 0.04


def test_one_that_differs_does_not_make_it_surer() -> None:
    """Of rankings that are all right the next may be bad; as may be of those nearly all right."""
    _, low, _ = estimate_gain(1.0, 0.0, 50, AT_ONE_TIME)
    _, after, _ = estimate_gain(0.998, 0.002**2, 50, AT_ONE_TIME)
    assert low is not None
    assert after is not None
    assert after < low


def test_what_has_no_bound_above_has_no_interval() -> None:
    """Errors that vary by as much as they are large in the mean of a window."""
    assert estimate_size(1.0, 0.2**2, 100, AT_ONE_TIME)[2] == pytest.approx(1.89, abs=0.02)
    assert estimate_size(1.0, 0.6**2, 100, AT_ONE_TIME) == (1.0, None, None)


@pytest.mark.parametrize(("positives", "stated"), [(1, False), (2, True)])
def test_scores_of_one_outcome_have_no_mean_to_vary(positives: int, stated: bool) -> None:
    true = np.arange(100) < positives
    score = np.linspace(0.9, 0.1, 100)
    found = BinaryPerformance.of(score > 0.5, true, score).estimates(AT_ONE_TIME)
    for metric in ("brier", "log_loss"):
        value, low, high = found[metric]
        assert (low is not None) is stated
        assert low is None or (high is not None and low < value < high)
    # The area is known better: also of a single positive among many negatives.
    assert found["auc"][1] is not None


def test_an_area_is_as_unsure_as_the_scores_of_an_outcome_are_apart() -> None:
    """Positives far above and far below all negatives: more than any one shape has it."""
    true = np.arange(400) < 200
    score = np.where(true, np.where(np.arange(400) % 2 == 0, 0.99, 0.01), 0.5)
    area, low, high = BinaryPerformance.of(score > 0.6, true, score).estimates(AT_ONE_TIME)["auc"]
    assert area == pytest.approx(0.5)
    assert low == pytest.approx(0.5 - 1.966 * 0.5 / 200**0.5, abs=1e-3)
    assert high == pytest.approx(0.5 + 1.966 * 0.5 / 200**0.5, abs=1e-3)


def test_scores_that_are_sure_and_right_so_far_may_be_wrong_next() -> None:
    """By as much as they say themselves, of as many rows as weighted ones are worth."""
    true = np.arange(60) % 4 < 2
    score = np.where(true, 0.99, 0.01)
    above = []
    for weight in (np.ones(60), np.where(np.arange(60) % 2, 1.0, 9.0)):
        found = BinaryPerformance.of(true, true, score, weight).estimates(AT_ONE_TIME)
        value, _, high = found["brier"]
        assert high is not None
        above.append(high - value)
    # A mean of 60 losses of .0001 and, once in a hundred, .98.
    assert above[0] == pytest.approx(2.0 * 0.98 * (0.01 * 0.99 / 60) ** 0.5, rel=0.01)
    assert above[1] == pytest.approx(above[0] * (2 * (1 + 81)) ** 0.5 / 10, rel=1e-9)
