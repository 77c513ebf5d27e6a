"""Expected errors: right where inputs move and errors on them stay; none if these say nothing."""

import json
from typing import Any

import numpy as np
import pytest

from barograph_processor.quality.expected_error import ErrorModel
from barograph_processor.quality.intervals import Estimate

_COLUMNS = 4
_WIDTH = 22
_SLOTS = _COLUMNS * _WIDTH
_CUTS = np.linspace(-2, 2, _WIDTH - 1)


def _cells(x: np.ndarray) -> np.ndarray:
    """Slots of ``_WIDTH`` a column; the first and the last hold what is beyond -2 and 2."""
    return np.searchsorted(_CUTS, x) + np.arange(_COLUMNS) * _WIDTH


def _rows(seed: int, n: int, *, shift: float = 0.0, flat: bool = False) -> tuple[Any, Any]:
    """Return inputs and errors, which are larger where the first input is, and the second."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, _COLUMNS))
    x[:, 0] += shift
    spread = np.ones(n) if flat else 1.5 + np.tanh(x[:, 0]) + 0.3 * np.tanh(x[:, 1])
    return x, spread * rng.normal(size=n)


def _learn(x: np.ndarray, error: np.ndarray) -> ErrorModel | None:
    every = np.arange(_SLOTS)
    return ErrorModel.learn(_cells(x), error, every, np.ones(_SLOTS, dtype=np.bool_))


def _estimate(model: ErrorModel, x: np.ndarray) -> dict[str, Estimate]:
    return model.estimate(np.bincount(_cells(x).ravel(), minlength=_SLOTS), len(x))


@pytest.fixture(scope="module")
def known() -> ErrorModel:
    model = _learn(*_rows(1, 20_000))
    assert model is not None
    return model


@pytest.mark.parametrize("shift", [-0.8, 0.0, 0.8])
def test_it_follows_the_inputs(known: ErrorModel, shift: float) -> None:
    x, error = _rows(2, 100_000, shift=shift)
    found = _estimate(known, x)
    assert found["mae"][0] == pytest.approx(np.abs(error).mean(), rel=0.03)
    assert found["rmse"][0] == pytest.approx(np.sqrt((error**2).mean()), rel=0.03)


def test_the_interval_holds_what_labels_would_show() -> None:
    """95% are promised: of 100 windows, each with a reference of its own, 89 at least.

    A binomial of 100 and .95 is below 89 once in 200 times.
    """
    shifts = (-0.5, 0.0, 0.5)
    held = {(name, shift): 0 for name in ("mae", "rmse") for shift in shifts}
    for seed in range(100):
        model = _learn(*_rows(1000 + seed, 2000))
        assert model is not None
        for shift in shifts:
            x, error = _rows(5000 + seed, 500, shift=shift)
            shown = {"mae": np.abs(error).mean(), "rmse": np.sqrt((error**2).mean())}
            for name, (_, low, high) in _estimate(model, x).items():
                assert low is not None
                assert high is not None
                held[name, shift] += bool(low <= shown[name] <= high)
    assert min(held.values()) >= 89, held


def test_where_inputs_say_nothing_of_errors_nothing_is_estimated() -> None:
    """By chance a test at 5% finds something: of 40 references and two metrics, in 10 at most."""
    found: list[str] = []
    for seed in range(40):
        model = _learn(*_rows(seed, 1000, flat=True))
        assert model is not None
        found += model.explained
        if not model.means:
            assert _estimate(model, np.zeros((100, _COLUMNS))) == {}
    assert len(found) <= 10


def test_a_constant_error_is_not_estimated() -> None:
    x, _ = _rows(3, 500)
    for constant in (0.0, 3.0):
        model = _learn(x, np.full(500, constant))
        assert model is not None
        assert not model.means


def test_too_few_labels_are_no_model() -> None:
    x, error = _rows(4, 1000)
    error[199:] = np.nan
    assert _learn(x, error) is None
    error[199] = np.inf
    assert _learn(x, error) is None
    error[199] = 1.0
    assert _learn(x, error) is not None


def test_a_window_of_few_rows_has_no_interval(known: ErrorModel) -> None:
    x, _ = _rows(5, 29)
    assert _estimate(known, x)["mae"][1:] == (None, None)
    assert known.estimate(np.zeros(_SLOTS, dtype=np.int64), 0) == {}


def test_what_was_never_seen_counts_as_usual_or_as_what_it_is_like() -> None:
    """A slot without rows has no effect, unless it is said which one it is like."""
    x, error = _rows(6, 20_000)
    cells = _cells(np.clip(x, -1.99, 1.99))
    ordered = np.ones(_SLOTS, dtype=np.bool_)
    every = np.arange(_SLOTS)
    inward = every.copy()
    inward[0], inward[_WIDTH - 1] = 1, _WIDTH - 2
    apart = ErrorModel.learn(cells, error, every, ordered)
    alike = ErrorModel.learn(cells, error, inward, ordered)
    assert apart is not None
    assert alike is not None
    above = cells.copy()
    above[:, 0] = _WIDTH - 1
    counts = np.bincount(above.ravel(), minlength=_SLOTS)
    usual = np.abs(error).mean()
    assert apart.estimate(counts, len(above))["mae"][0] == pytest.approx(usual, rel=0.05)
    assert alike.estimate(counts, len(above))["mae"][0] > 1.4 * usual


def test_of_many_columns_those_that_explain_most_count() -> None:
    """50 columns of 20 bins are more than 640: the one that matters is the last of them."""
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 20, (5000, 50))
    error = rng.normal(size=5000) * (1 + codes[:, -1] / 5)
    cells = codes + 20 * np.arange(50)
    model = ErrorModel.learn(cells, error, np.arange(1000), np.zeros(1000, dtype=np.bool_))
    assert model is not None
    assert len(model.held) <= 640
    cells[:, -1] = 999
    counts = np.bincount(cells.ravel(), minlength=1000)
    assert model.estimate(counts, 5000)["mae"][0] > 1.4 * np.abs(error).mean()


def test_it_comes_back_from_a_file(known: ErrorModel) -> None:
    x, _ = _rows(8, 500, shift=0.3)
    again = ErrorModel.from_json(json.loads(json.dumps(known.to_json())), slots=_SLOTS)
    assert _estimate(again, x) == _estimate(known, x)
    assert again.rows == known.rows


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ({"slots": [0]}, "damaged"),
        ({"slots": [_SLOTS] * _SLOTS}, "other slots"),
        ({"held": [1.0]}, "damaged"),
        ({"edges": [[0, 10_000]]}, "damaged"),
    ],
)
def test_a_damaged_one_is_refused(known: ErrorModel, damage: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ErrorModel.from_json({**known.to_json(), **damage}, slots=_SLOTS)
    plain = known.to_json()
    plain["means"]["mae"]["effect"][0] = float("nan")
    with pytest.raises(ValueError, match="not finite"):
        ErrorModel.from_json(plain, slots=_SLOTS)
