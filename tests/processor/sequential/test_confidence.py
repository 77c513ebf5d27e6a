"""Intervals: against scipy at one time, and split against whole."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats as oracle

from barograph_processor.sequential import (
    BettingSequence,
    EmpiricalBernsteinSequence,
    corrected_interval,
    wilson_interval,
)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (500, 1000), (1, 5000)])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_wilsons_interval_equals_scipys(k: int, n: int, alpha: float) -> None:
    exact = oracle.binomtest(k, n).proportion_ci(1 - alpha, method="wilson")
    assert wilson_interval(k, n, alpha=alpha) == pytest.approx((exact.low, exact.high), abs=1e-12)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (500, 1000), (1, 5000)])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_corrected_interval_equals_scipys(k: int, n: int, alpha: float) -> None:
    exact = oracle.binomtest(k, n).proportion_ci(1 - alpha, method="wilsoncc")
    assert corrected_interval(k, n, alpha=alpha) == pytest.approx(
        (exact.low, exact.high), abs=1e-12
    )


@pytest.mark.parametrize("n", [1, 2, 5, 10, 50, 200, 1000])
def test_the_corrected_interval_holds_for_any_share(n: int) -> None:
    """Exactly, by all counts that can be; Wilson's own does not."""
    count = np.arange(n + 1)
    least = {}
    for interval in (wilson_interval, corrected_interval):
        low, high = np.array([interval(k, n) for k in count.tolist()]).T
        # Just inside and outside of each end, where the probability jumps.
        ends = np.concatenate([low, high])
        share = np.clip(np.concatenate([ends - 1e-9, ends + 1e-9]), 1e-9, 1 - 1e-9)[:, None]
        holds = (low <= share) & (share <= high)
        least[interval] = (oracle.binom.pmf(count, n, share) * holds).sum(axis=1).min()
    assert least[corrected_interval] >= 0.945
    assert n < 10 or least[corrected_interval] >= 0.9485
    assert least[wilson_interval] < 0.84


@pytest.mark.parametrize("n", [50, 200, 1000])
def test_the_corrected_interval_is_not_much_wider_than_the_exact_one(n: int) -> None:
    for otherwise, most in ((n // 2, 1.0), (5, 1.05), (0, 1.3)):
        exact = oracle.binomtest(n - otherwise, n).proportion_ci(0.95, method="exact")
        low, high = corrected_interval(n - otherwise, n)
        assert high - low <= most * (exact.high - exact.low)


def test_a_share_that_is_all_or_nothing_may_be_so() -> None:
    """Whatever is rounded."""
    for n in (1, 3, 7, 0.3, 49.9):
        for interval in (wilson_interval, corrected_interval):
            assert interval(0, n)[0] == 0
            assert interval(n, n)[1] == 1


@pytest.mark.parametrize("interval", [wilson_interval, corrected_interval])
def test_no_share_of_more_than_there_are(interval: Callable[[float, float], object]) -> None:
    for successes, n in ((-0.1, 1), (1.1, 1), (0, -1), (math.nan, 1)):
        with pytest.raises(ValueError, match="successes must be in"):
            interval(successes, n)


def test_an_interval_without_data_says_nothing() -> None:
    assert wilson_interval(0, 0) == corrected_interval(0, 0) == (0.0, 1.0)
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
