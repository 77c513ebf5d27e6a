"""Intervals: against scipy at one time, and split against whole."""

import numpy as np
import pytest
from scipy import stats as oracle

from barograph_processor.sequential import (
    BettingSequence,
    EmpiricalBernsteinSequence,
    wilson_interval,
)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (500, 1000), (1, 5000)])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_wilsons_interval_equals_scipys(k: int, n: int, alpha: float) -> None:
    exact = oracle.binomtest(k, n).proportion_ci(1 - alpha, method="wilson")
    assert wilson_interval(k, n, alpha=alpha) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_an_interval_without_data_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert EmpiricalBernsteinSequence().interval == (0.0, 1.0)
    assert BettingSequence().interval == (0.0, 1.0)


@pytest.mark.parametrize("make", [EmpiricalBernsteinSequence, BettingSequence])
def test_batches_do_not_matter(
    make: type[EmpiricalBernsteinSequence] | type[BettingSequence],
) -> None:
    x = np.random.default_rng(1).beta(2, 5, size=300)
    whole, parts = make(alpha=0.1), make(alpha=0.1)
    whole.update(x)
    for a, b in ((0, 1), (1, 1), (1, 100), (100, 300)):
        parts.update(x[a:b])
    assert parts.interval == pytest.approx(whole.interval, rel=1e-12)
    assert parts.n == whole.n == 300


def test_betting_is_tighter_than_bernstein() -> None:
    x = (np.random.default_rng(2).uniform(size=1000) < 0.1).astype(np.float64)
    bernstein, betting = EmpiricalBernsteinSequence(), BettingSequence()
    bernstein.update(x)
    betting.update(x)
    assert np.ptp(betting.interval) < np.ptp(bernstein.interval) < 0.2


@pytest.mark.parametrize("bad", [[1.5], [-0.1], [float("nan")]])
def test_observations_are_bounded(bad: list[float]) -> None:
    for sequence in (EmpiricalBernsteinSequence(), BettingSequence()):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            sequence.update(bad)
        assert sequence.n == 0


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_alpha_is_a_probability(alpha: float) -> None:
    for make in (EmpiricalBernsteinSequence, BettingSequence):
        with pytest.raises(ValueError, match="alpha"):
            make(alpha=alpha)
    with pytest.raises(ValueError, match="alpha"):
        wilson_interval(1, 2, alpha=alpha)
