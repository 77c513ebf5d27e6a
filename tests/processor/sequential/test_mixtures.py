"""The interval of a share at all times at once, against the ratio that it inverts."""

import numpy as np
import pytest
from scipy import optimize, special

from barograph_processor.sequential.mixtures import beta_binomial_interval


def test_the_interval_holds_at_all_times_at_once() -> None:
    """P(ever outside) <= alpha: 200 streams of 2,000, looked at 40 times."""
    rng = np.random.default_rng(2)
    ever = 0
    for _ in range(200):
        sums = np.cumsum(rng.uniform(size=2000) < 0.1)[49::50]
        bounds = [beta_binomial_interval(float(s), 50.0 * (i + 1)) for i, s in enumerate(sums)]
        ever += any(not low <= 0.1 <= high for low, high in bounds)
    # P(more than 18 of 200 miss) < 0.6% if each misses with probability 5%.
    assert ever <= 18


@pytest.mark.parametrize(("s", "n"), [(0.0, 10.0), (10.0, 10.0), (0.0, 0.0)])
def test_the_interval_of_extremes_holds_them(s: float, n: float) -> None:
    low, high = beta_binomial_interval(s, n)
    assert 0 <= low <= (s / n if n else 0) <= high <= 1


@pytest.mark.parametrize("bad", [(-1.0, 5.0), (6.0, 5.0)])
def test_impossible_counts_are_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="successes"):
        beta_binomial_interval(*bad)
    with pytest.raises(ValueError, match="alpha"):
        beta_binomial_interval(1.0, 2.0, alpha=0.0)


def test_the_interval_is_that_of_the_mixture() -> None:
    """Oracle: the ends solved by scipy from the Beta-binomial ratio."""

    def ratio(p: float) -> float:
        a, b = 20 * p, 20 * (1 - p)
        mixed = special.betaln(a + 50, b + 950) - special.betaln(a, b)
        return float(mixed - 50 * np.log(p) - 950 * np.log1p(-p) - np.log(20))

    expected = optimize.brentq(ratio, 1e-6, 0.05), optimize.brentq(ratio, 0.05, 0.5)
    assert beta_binomial_interval(50, 1000) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("n", [100, 1000, 10_000])
def test_the_interval_is_narrower_than_with_one_prior_for_all(p: float, n: int) -> None:
    """Bets are around each mean that is tested; a Beta(1/2, 1/2) prior bets on everything."""
    s, f = p * n, (1 - p) * n
    won = special.betaln(s + 0.5, f + 0.5) - special.betaln(0.5, 0.5) - np.log(20)

    def ratio(m: float) -> float:
        return float(won - s * np.log(m) - f * np.log1p(-m))

    old = optimize.brentq(ratio, p, 1 - 1e-9) - optimize.brentq(ratio, 1e-12, p)
    low, high = beta_binomial_interval(s, n)
    assert high - low < 0.95 * old
