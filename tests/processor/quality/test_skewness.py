"""The interval of a mean reaches further on the side of its tail, and only there."""

import numpy as np
import pytest

from barograph_processor.quality.intervals import AT_ALL_TIMES, AT_ONE_TIME, Estimate, Intervals
from barograph_processor.quality.regression import RegressionPerformance
from barograph_processor.quality.skewed_mean import SkewedMean
from barograph_processor.quality.skewness import radii, third_moment
from barograph_processor.quality.value import ValueByQuality
from barograph_processor.stats.array import Floats

SKEWED = np.random.default_rng(1).exponential(size=50)


def _bias(error: Floats, intervals: Intervals = AT_ONE_TIME) -> Estimate:
    return RegressionPerformance.of(error, np.zeros(len(error))).estimates(intervals)["bias"]


def _reaches(estimate: Estimate) -> tuple[float, float]:
    value, low, high = estimate
    assert low is not None
    assert high is not None
    return value - low, high - value


@pytest.mark.parametrize("intervals", [AT_ONE_TIME, AT_ALL_TIMES], ids=["one", "all"])
def test_it_reaches_further_on_the_side_of_the_tail(intervals: Intervals) -> None:
    below, above = _reaches(_bias(SKEWED, intervals))
    assert above > 1.1 * below
    assert below == pytest.approx(intervals.radius(50) * SKEWED.std(ddof=1) / np.sqrt(50))
    assert _reaches(_bias(-SKEWED, intervals)) == pytest.approx((above, below))


def test_it_goes_with_errors_that_are_moved_and_scaled() -> None:
    below, above = _reaches(_bias(SKEWED))
    assert _reaches(_bias(1000 + 7 * SKEWED)) == pytest.approx((7 * below, 7 * above))


def test_errors_as_far_to_either_side_reach_as_far() -> None:
    error = np.concatenate([SKEWED, -SKEWED])
    below, above = _reaches(_bias(error))
    assert below == pytest.approx(above)


def test_a_skewness_below_what_sums_can_hold_is_none() -> None:
    """Of errors of a billion that differ in the tenth digit and beyond nothing is left of it."""
    below, above = _reaches(_bias(1e9 + SKEWED))
    assert below == pytest.approx(above)
    x = [1e9, 1e9, 1e9 + 3]
    assert third_moment(3, sum(x), sum(v**2 for v in x), sum(v**3 for v in x), sum(x) / 3) == 0


@pytest.mark.parametrize("scale", [1e-120, 1e-30, 1e30, 1e70])
def test_errors_of_any_size_have_an_interval(scale: float) -> None:
    below, above = _reaches(_bias(scale * SKEWED))
    assert 0 < below <= above < 3 * below


def test_no_sample_moves_an_end_beyond_reason() -> None:
    """Whatever rounding made of the sums: a sample of n has a skewness of root n at most."""
    assert radii(2.0, 1.0, 1e30) == (2.0, 3.5)
    assert radii(2.0, 1.0, -1e30) == (3.5, 2.0)
    assert radii(5.0, 1.0, 1e30) == pytest.approx((5.0, 5 + 19 / 6))
    assert radii(2.0, 0.0, 1.0) == (2.0, 2.0)


def test_weighted_rows_make_the_third_moment_of_a_weighted_mean() -> None:
    """As if each row were a draw of its own: the cubes of shares of the weight count."""
    rng = np.random.default_rng(2)
    x, w = rng.exponential(size=40), rng.choice([1.0, 10.0], size=40)
    mean = SkewedMean.of(x, w)
    assert mean.value is not None
    around = w / w.sum() * (x - mean.value)
    assert mean.third == pytest.approx(float((around**3).sum()))
    assert mean.variance == pytest.approx(float((around**2).sum()))
    assert mean.effective < mean.mean.effective < 40
    alike = SkewedMean.of(np.resize([0.0, 3.0], 40), np.full(40, 7.0))
    assert alike.effective == pytest.approx(40)


def test_what_cannot_be_cubed_is_left_out_of_all_sums() -> None:
    assert SkewedMean.of(np.array([1.0, 1e80, np.nan])) == SkewedMean.of(np.array([1.0]))


def test_worth_reaches_towards_the_tail_of_the_difference() -> None:
    """Few bad ones have the larger part in it: theirs points the other way."""
    good, bad = np.random.default_rng(3).exponential(size=1000), SKEWED[:20]
    losses = np.repeat([0.0, 1.0], [1000, 20])
    found = ValueByQuality.of(np.concatenate([good, bad]), losses).difference()
    assert found is not None
    value, low, high = found
    assert value - low > 1.05 * (high - value)
