"""The closed forms against scipy."""

import numpy as np
import pytest
from scipy import stats as oracle

from barograph_processor.stats import (
    chi_square_quantile,
    chi_square_to_normal,
    normal_quantile,
    normal_tail,
    normal_to_student,
    student_quantile,
    student_to_normal,
)


def test_normal_quantiles_equal_scipys() -> None:
    p = np.concatenate([np.logspace(-300, -1, 200), np.linspace(0.1, 0.999999, 200)])
    assert np.allclose(normal_quantile(p), oracle.norm.ppf(p), rtol=1e-12, atol=1e-14)


def test_normal_quantiles_at_and_beyond_the_ends() -> None:
    found = normal_quantile(np.array([0.0, 1.0, -0.1, 1.1, np.nan]))
    assert found[:2].tolist() == [-np.inf, np.inf]
    assert np.isnan(found[2:]).all()


def test_normal_tails_equal_scipys() -> None:
    x = np.linspace(-30, 30, 301)
    assert np.allclose(normal_tail(x), oracle.norm.sf(x), rtol=1e-12)


@pytest.mark.parametrize("df", [3.0, 5.0, 10.0, 30.0, 200.0])
def test_student_deviates_are_nearly_normal(df: float) -> None:
    t = np.linspace(-5, 5, 101)
    exact = oracle.norm.isf(oracle.t.sf(t, df))
    assert np.abs(student_to_normal(t, df) - exact).max() < 0.03


@pytest.mark.parametrize("df", [1.0, 2.0, 7.5, 400.0])
def test_the_way_back_is_exact(df: float) -> None:
    nu = np.linspace(-4, 4, 81)
    assert np.allclose(student_to_normal(normal_to_student(nu, df), df), nu, atol=1e-9)


@pytest.mark.parametrize("df", [5, 8, 19, 100])
@pytest.mark.parametrize("p", [0.001, 0.5, 0.95, 0.999])
def test_student_quantiles_are_close_to_scipys(df: int, p: float) -> None:
    assert student_quantile(p, df) == pytest.approx(oracle.t.ppf(p, df), rel=0.02, abs=1e-9)


@pytest.mark.parametrize("df", [5.0, 20.0, 200.0])
@pytest.mark.parametrize("p", [0.05, 0.5, 0.95, 0.99])
def test_chi_square_quantiles_are_close_to_scipys(df: float, p: float) -> None:
    assert chi_square_quantile(p, df).item() == pytest.approx(oracle.chi2.ppf(p, df), rel=0.02)


def test_chi_square_deviates_are_nearly_normal() -> None:
    x = np.linspace(2, 30, 57)
    exact = oracle.norm.isf(oracle.chi2.sf(x, 10))
    assert np.abs(chi_square_to_normal(x, 10.0) - exact).max() < 0.05


@pytest.mark.parametrize("p", [0.0, 1.0, -1.0, float("nan")])
def test_probabilities_are_checked(p: float) -> None:
    with pytest.raises(ValueError, match="p must be"):
        student_quantile(p, 5)
    with pytest.raises(ValueError, match="p must be"):
        chi_square_quantile(p, 5.0)
