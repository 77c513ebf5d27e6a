"""Ratios of beta-binomial likelihoods, beside scipy's."""

import numpy as np
import pytest
from scipy import stats as oracle

from barograph_processor.quality.slice.beta_binomial import beta_binomial_bets

_N, _TAU, _RISK = 64, 0.07, 0.24
_SUMS = np.arange(_N + 1.0)


def _bets(phi: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the bets on every sum of 64 losses."""
    every = np.full(_N + 1, 1.0)
    risks = np.full((_N + 1, 1), _RISK)
    return beta_binomial_bets(_N * every, _SUMS, _TAU * every, risks, phi * every)[:, 0]


@pytest.mark.parametrize("phi", [1.05, 2.1, 10.0])
def test_it_is_the_ratio_of_likelihoods_and_fair_where_windows_swing_so_much(phi: float) -> None:
    size = (_N - phi) / (phi - 1)
    tolerated = oracle.betabinom(_N, _TAU * size, (1 - _TAU) * size)
    worse = oracle.betabinom(_N, _RISK * size, (1 - _RISK) * size)
    np.testing.assert_allclose(
        _bets(phi), worse.logpmf(_SUMS) - tolerated.logpmf(_SUMS), rtol=1e-6, atol=1e-8
    )
    assert (tolerated.pmf(_SUMS) * np.exp(_bets(phi))).sum() == pytest.approx(1)
    windows = tolerated.var() / (_N * _TAU * (1 - _TAU))
    assert windows == pytest.approx(phi)


def test_independent_losses_are_bet_on_as_such() -> None:
    ratio = oracle.binom(_N, _RISK).logpmf(_SUMS) - oracle.binom(_N, _TAU).logpmf(_SUMS)
    np.testing.assert_allclose(_bets(1.0), ratio, atol=1e-4)


def test_less_risk_than_is_tolerated_makes_less_than_nothing_of_a_bet() -> None:
    size = (_N - 2.1) / 1.1
    better = oracle.betabinom(_N, 0.05 * size, 0.95 * size)
    assert (better.pmf(_SUMS) * np.exp(_bets(2.1))).sum() < 0.6


@pytest.mark.parametrize("n", [0.0, 1.0, 2.0])
def test_few_labels_and_much_dispersion_are_defined(n: float) -> None:
    one = np.ones(1)
    bets = beta_binomial_bets(n * one, n * one, 0.1 * one, np.array([[0.3]]), 5.0 * one)
    assert np.isfinite(bets).all()
    assert (bets[0, 0] == 0) == (n == 0)
