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
        mixed = special.betaln(50.5, 950.5) - special.betaln(0.5, 0.5)
        return float(mixed - 50 * np.log(p) - 950 * np.log1p(-p) - np.log(20))

    expected = optimize.brentq(ratio, 1e-6, 0.05), optimize.brentq(ratio, 0.05, 0.5)
    assert beta_binomial_interval(50, 1000) == pytest.approx(expected, abs=1e-8)
