"""The spread of losses beside that of yes/no losses: exact for these, continued as it was."""

import numpy as np
import pytest

from barograph_processor.stats.dispersion import Dispersion


def spread(losses: list[float]) -> Dispersion:
    found = Dispersion()
    found.update(np.array(losses))
    return found


@pytest.mark.parametrize("losses", [[], [0.0], [1.0] * 7, [0.0, 1.0, 1.0] * 100])
def test_yes_and_no_are_as_spread_as_can_be(losses: list[float]) -> None:
    assert spread(losses).ratio == 1


def test_it_is_the_ratio_of_variances() -> None:
    x = np.random.default_rng(1).beta(4, 16, size=100_000)
    expected = x.var() / (x.mean() * (1 - x.mean()))
    assert spread(x.tolist()).ratio == pytest.approx(expected, rel=0.002)


def test_few_that_agree_say_little() -> None:
    assert spread([0.5] * 5).ratio == pytest.approx(0.5)


def test_it_goes_on_from_its_state() -> None:
    found = spread([0.2, 0.7])
    other = Dispersion()
    other.restore(found.state())
    for each in (found, other):
        each.update(np.array([0.1, 1.0]))
    assert other.ratio == found.ratio < 1
