"""Figures beside what was promised of them, and how surely either is known."""

import math

import numpy as np
import pytest

from barograph_processor.drift.binning import NumericBinning
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.expected_error import FOLDS, LOSSES, ErrorModel
from barograph_processor.quality.intervals import estimate_gap
from barograph_processor.quality.promised_errors import PromisedErrors
from barograph_processor.quality.regression import RegressionPerformance
from barograph_processor.stats.column import NumericColumn


def test_a_gap_is_as_wide_as_figure_and_promise_are_unsure() -> None:
    assert estimate_gap((0.5, 0.4, 0.7), 0.25) == pytest.approx((0.25, 0.15, 0.45))
    found = estimate_gap((0.5, 0.4, 0.7), 0.25, 0.1)
    assert found == pytest.approx((0.25, 0.15 - 0.196, 0.45 + 0.196), abs=1e-4)
    assert estimate_gap((0.5, None, None), 0.25, 0.1) == (0.25, None, None)
    assert estimate_gap((0.5, 0.4, 0.7), 0.25, math.inf) == (0.25, None, None)


@pytest.fixture(scope="module")
def model() -> ErrorModel:
    """Errors that grow with the only input."""
    rng = np.random.default_rng(1)
    x = rng.random(2000)
    layout = Layout((StreamKey("input.drift", "x"),), (NumericBinning.learn(x, 100),))
    cells = layout.cells([NumericColumn(x)], len(x))
    found = ErrorModel.learn(cells, x * rng.normal(size=2000), layout)
    assert found is not None
    return found


def test_a_promise_is_as_sure_as_folds_agree(model: ErrorModel) -> None:
    """Five folds: the jackknife's error, larger by Student's quantile over the normal one."""
    mae, square = (model.losses[name].mean for name in ("mae", "rmse"))
    said = np.outer([0.9, 1.1, 1.0, 1.0, 1.0], [mae, square])
    spread = math.sqrt(4 * 0.02 / 5) * 2.7764 / 1.96
    found = model.promise(said)
    assert found["mae"] == pytest.approx((mae, mae * spread), rel=0.01)
    rms = math.sqrt(square)
    assert found["rmse"] == pytest.approx((rms, square * spread / (2 * rms)), rel=0.01)


def test_a_promise_is_less_sure_the_further_it_is_from_the_reference(model: ErrorModel) -> None:
    """As an estimate is, and not at all where there is none of that."""
    loss = model.losses["mae"]
    for apart in (0.5, 1.0, 1.5):
        far = math.sqrt(math.exp(apart**2) - 1)
        said = np.full((FOLDS, LOSSES), loss.mean + apart * loss.varied)
        error = far * loss.missed * said[0, 0] / loss.mean
        assert model.promise(said)["mae"] == pytest.approx((said[0, 0], error))
    # 2,000 rows of the reference tell as much as 2,000 / exp(2.2**2), which are fewer than 30.
    said = np.full((FOLDS, LOSSES), loss.mean + 2.2 * loss.varied)
    assert model.promise(said)["mae"] == (said[0, 0], math.inf)


def test_promises_count_by_the_weight_of_their_rows() -> None:
    promised = np.stack([np.full((FOLDS, LOSSES), 1.0), np.full((FOLDS, LOSSES), 5.0)])
    assert PromisedErrors.of(promised).mean.tolist() == np.full((FOLDS, LOSSES), 3.0).tolist()
    weighted = PromisedErrors.of(promised, np.array([3.0, 1.0]))
    assert weighted.n == 2
    assert weighted.mean.tolist() == np.full((FOLDS, LOSSES), 2.0).tolist()


@pytest.mark.parametrize("wild", [1e80, 1e200, np.nan, np.inf])
def test_an_error_without_a_square_is_in_none_of_the_means(wild: float) -> None:
    found = RegressionPerformance.of(np.array([2.0, wild, -1.0]), np.zeros(3))
    assert [mean.n for mean in found.means] == [2, 2, 2]
    assert [mean.value for mean in found.means] == [0.5, 1.5, 2.5]
