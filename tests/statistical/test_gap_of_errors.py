"""The gap between a regression's errors and what its inputs promised: of change, and of none."""

from dataclasses import replace

import numpy as np
import pytest

from barograph_processor.drift.binning import NumericBinning
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.expected_error import ErrorModel
from barograph_processor.quality.intervals import Estimate
from barograph_processor.quality.loss import judge_values
from barograph_processor.state.label.expected_errors import ExpectedErrors
from barograph_processor.state.label.realized import RealizedPerformance
from barograph_processor.stats.column import NumericColumn

_KEYS = tuple(StreamKey("input.drift", f"x{at}") for at in range(4))
_RUNS = 10


def _drawn(rng: np.random.Generator, n: int, *, upward: float) -> tuple[np.ndarray, np.ndarray]:
    """Four inputs in [0, 1], the first of which may lie higher, and errors that two drive."""
    x = rng.random((4, n))
    x[0] = rng.beta(upward, 1.0, n)
    return x, (0.2 + x[0] * (1 + x[1])) * rng.normal(size=n)


def _cells(layout: Layout, x: np.ndarray) -> np.ndarray:
    return layout.cells([NumericColumn(values) for values in x], x.shape[1])


def _gap(seed: int, *, upward: float, factor: float) -> dict[str, Estimate]:
    """Learn of 2,000 rows, and hold 1,500 later ones against that."""
    rng = np.random.default_rng(seed)
    x, error = _drawn(rng, 2000, upward=1.0)
    layout = Layout(_KEYS, tuple(NumericBinning.learn(values, 100) for values in x))
    known = ExpectedErrors()
    known.begin(None, ErrorModel.learn(_cells(layout, x), np.abs(error), layout))
    return _held(known, layout, *_drawn(rng, 1500, upward=upward), factor=factor)


def _gap_beyond(seed: int, *, shift: float) -> dict[str, Estimate]:
    """The same, of errors that grow on beyond all that the reference has seen."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(4, 2000))
    layout = Layout(_KEYS, tuple(NumericBinning.learn(values, 100) for values in x))
    known = ExpectedErrors()
    error = x[0] + 0.5 * rng.normal(size=2000)
    known.begin(None, ErrorModel.learn(_cells(layout, x), np.abs(error), layout))
    x = rng.normal(size=(4, 1500))
    x[0] += shift
    return _held(known, layout, x, x[0] + 0.5 * rng.normal(size=1500), factor=1.0)


def _held(
    known: ExpectedErrors, layout: Layout, x: np.ndarray, error: np.ndarray, *, factor: float
) -> dict[str, Estimate]:
    judged = judge_values(factor * error, np.zeros(len(error)))
    judged = replace(judged, promised=known.expect(_cells(layout, x)))
    return known.gap(RealizedPerformance.of(judged))


@pytest.mark.parametrize("upward", [1.0, 3.0])
def test_inputs_that_move_leave_no_gap(upward: float) -> None:
    """The interval holds at all times at once: nothing is outside in 10 runs of two metrics."""
    for seed in range(_RUNS):
        for _, low, high in _gap(seed, upward=upward, factor=1.0).values():
            assert low is not None
            assert high is not None
            assert low < 0 < high


@pytest.mark.parametrize("shift", [1.5, 2.0, 2.5])
def test_inputs_beyond_the_reference_leave_no_sure_gap(shift: float) -> None:
    """Where the promise is too low since nobody has seen such rows: in 10 runs of two metrics."""
    for seed in range(_RUNS):
        for _, low, high in _gap_beyond(seed, shift=shift).values():
            assert low is None or high is None or low < 0 < high


def test_larger_errors_on_the_same_inputs_are_one() -> None:
    """By three tenths: seen in all of 10 runs, in both metrics."""
    for seed in range(_RUNS):
        gap = _gap(seed, upward=2.0, factor=1.3)
        assert gap.keys() == {"mae", "rmse"}
        assert all(low is not None and low > 0 for _, low, _ in gap.values())
