"""Isotonic regression against scipy's."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from barograph_processor.quality.isotonic import isotonic


@pytest.mark.parametrize("n", [1, 2, 7, 256])
def test_it_is_that_of_scipy(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(20):
        values = np.linspace(0, 1, n) * rng.choice([-1.0, 0.3, 1.0]) + rng.normal(0, 0.3, n)
        weights = rng.integers(1, 50, n).astype(np.float64)
        expected = isotonic_regression(values, weights=weights).x
        assert isotonic(values, weights) == pytest.approx(expected, abs=1e-12)


def test_what_rises_stays_and_what_falls_is_one() -> None:
    assert isotonic(np.array([1.0, 2.0, 2.0]), np.ones(3)).tolist() == [1.0, 2.0, 2.0]
    assert isotonic(np.array([3.0, 2.0, 1.0]), np.ones(3)).tolist() == [2.0, 2.0, 2.0]
    assert isotonic(np.zeros(0), np.zeros(0)).tolist() == []
