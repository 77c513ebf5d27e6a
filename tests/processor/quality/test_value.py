"""What good and bad predictions are worth."""

import numpy as np
import pytest
from scipy import stats as oracle

from barograph_processor.quality.value import ValueByQuality


def test_difference_and_correlation_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    bad = rng.random(400) < 0.3
    values = rng.normal(10, 3, 400) - 4 * bad
    found = ValueByQuality.of(values, bad.astype(np.float64))
    welch = oracle.ttest_ind(values[~bad], values[bad], equal_var=False).confidence_interval()
    assert found.difference() == pytest.approx(
        (values[~bad].mean() - values[bad].mean(), welch.low, welch.high), rel=0.01
    )
    assert found.correlation() == pytest.approx(np.corrcoef(values, ~bad)[0, 1])


@pytest.mark.parametrize("bad", [0, 19, 400])
def test_few_of_either_say_nothing(bad: int) -> None:
    losses = (np.arange(400) < bad).astype(np.float64)
    found = ValueByQuality.of(np.ones(400), losses)
    assert found.difference() is None
    assert found.correlation() is None


def test_values_that_are_all_alike_do_not_go_with_anything() -> None:
    found = ValueByQuality.of(np.full(100, 7.0), np.tile([0.0, 1.0], 50))
    assert found.difference() == (0.0, 0.0, 0.0)
    assert found.correlation() == 0.0
