"""Moments and quantiles against numpy, on awkward numbers too."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from barograph_processor.stats import Moments, QuantileSketch

numbers = hnp.arrays(np.float64, st.integers(0, 50), elements=st.floats(-1e6, 1e6))


@given(numbers, numbers)
def test_merged_moments_equal_numpys(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]
) -> None:
    whole, merged = np.concatenate([a, b]), Moments.of(a).merge(Moments.of(b))
    assert merged.n == len(whole)
    if len(whole):
        assert merged.mean == pytest.approx(whole.mean(), rel=1e-9, abs=1e-6)
        assert (merged.low, merged.high) == (whole.min(), whole.max())
    if len(whole) > 1:
        assert merged.variance == pytest.approx(whole.var(ddof=1), rel=1e-6, abs=1e-6)
    else:
        assert merged.variance is None


@given(numbers, st.floats(0, 1))
def test_quantiles_are_within_a_percent(values: npt.NDArray[np.float64], p: float) -> None:
    found = QuantileSketch.of(values).quantile(p)
    if not len(values):
        assert found is None
        return
    exact = np.sort(values)[max(int(np.ceil(p * len(values))), 1) - 1]
    assert found == pytest.approx(exact, rel=0.0101, abs=1e-9)


def test_what_is_no_number_is_left_out() -> None:
    values = np.array([np.nan, 1.0, np.inf, -np.inf, 1e308])
    assert Moments.of(values).n == 2
    sketch = QuantileSketch.of(values)
    assert sketch.n == 4
    assert sketch.quantile(0.5) == pytest.approx(1.0, rel=0.01)
    with pytest.raises(ValueError, match="p must be"):
        sketch.quantile(1.5)
