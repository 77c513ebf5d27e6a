"""Expected errors: right where inputs move and errors on them stay; none if these say nothing."""

import json
from typing import Any

import numpy as np
import pytest

from barograph_processor.drift.binning import CategoricalBinning, NumericBinning
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.expected_error import ErrorModel
from barograph_processor.quality.fine_bins import fine_bins
from barograph_processor.quality.intervals import Estimate
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

_COLUMNS = 4


def _columns(x: np.ndarray) -> dict[StreamKey, Column]:
    return {
        StreamKey("input.drift", f"x{at}"): NumericColumn(values) for at, values in enumerate(x.T)
    }


def _names(codes: np.ndarray) -> dict[StreamKey, Column]:
    levels = tuple(f"level {code}" for code in range(int(codes.max()) + 1))
    return {
        StreamKey("input.drift", f"x{at}"): CategoricalColumn(part.astype(np.int32), levels)
        for at, part in enumerate(codes)
    }


def _of(columns: dict[StreamKey, Column], error: np.ndarray) -> ErrorModel | None:
    binnings = [
        NumericBinning.learn(column.values, 20)
        if isinstance(column, NumericColumn)
        else CategoricalBinning.learn(column, 100)
        for column in columns.values()
    ]
    layout = fine_bins(Layout(tuple(columns), tuple(binnings)), columns)
    return ErrorModel.learn(layout.cells(list(columns.values()), len(error)), error, layout)


def _rows(seed: int, n: int, *, shift: float = 0.0, kind: str = "one by one") -> tuple[Any, Any]:
    """Return inputs and errors, which are larger where the first input is, and the second.

    Or where both are (``together``), or everywhere alike (``flat``).
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, _COLUMNS))
    x[:, 0] += shift
    a, b = np.tanh(x[:, 0]), np.tanh(x[:, 1])
    spread = {
        "one by one": 1.5 + a + 0.3 * b,
        "together": 1 + 2 * (a > 0) * (b > 0),
        "flat": np.ones(n),
    }[kind]
    return x, spread * rng.normal(size=n)


def _cells(model: ErrorModel, columns: dict[StreamKey, Column], n: int) -> np.ndarray:
    return model.layout.cells([columns.get(key) for key in model.layout.keys], n)


def _learn(x: np.ndarray, error: np.ndarray) -> ErrorModel | None:
    return _of(_columns(x), error)


def _estimate(model: ErrorModel, x: np.ndarray) -> dict[str, Estimate]:
    return model.estimate(model.count(_cells(model, _columns(x), len(x))), len(x))


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


def test_it_sees_inputs_that_act_together() -> None:
    """Where the first is above 0 more often, and the second there too, errors are larger."""
    model = _learn(*_rows(11, 20_000, kind="together"))
    assert model is not None
    x, error = _rows(12, 50_000, kind="together")
    # Both inputs are distributed as before, one by one; they only go with each other.
    agree = x[:, 0] * x[:, 1] > 0
    for rows in (agree, ~agree):
        found = _estimate(model, x[rows])
        assert found["mae"][0] == pytest.approx(np.abs(error[rows]).mean(), rel=0.05)


def test_where_inputs_say_nothing_of_errors_nothing_is_estimated() -> None:
    """By chance a test at 5% finds something: of 40 references and two metrics, in 10 at most."""
    found: list[str] = []
    for seed in range(40):
        model = _learn(*_rows(seed, 1000, kind="flat"))
        assert model is not None
        found += model.explained
        if not model.losses:
            assert _estimate(model, np.zeros((100, _COLUMNS))) == {}
    assert len(found) <= 10


def test_a_constant_error_is_not_estimated() -> None:
    x, _ = _rows(3, 500)
    for constant in (0.0, 3.0):
        model = _learn(x, np.full(500, constant))
        assert model is not None
        assert not model.losses


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
    assert known.estimate(known.count(_cells(known, _columns(x[:0]), 0)), 0) == {}


def test_what_was_never_seen_counts_as_what_is_next_to_it_or_as_usual() -> None:
    """A number beyond all counts as the largest, a name as what is usual."""
    x, error = _rows(6, 20_000)
    usual = np.abs(error).mean()
    codes = np.digitize(x, np.linspace(-2, 2, 21)).T
    name = _of(_names(codes), error)
    number = _learn(x, error)
    assert name is not None
    assert number is not None
    codes[0] = 22
    x[:, 0] = 100.0
    found = name.estimate(name.count(_cells(name, _names(codes), 20_000)), 20_000)
    assert found["mae"][0] == pytest.approx(usual, rel=0.1)
    assert _estimate(number, x)["mae"][0] > 1.4 * usual


def test_of_many_columns_those_that_explain_most_count() -> None:
    """50 columns are more than 16: the one that matters is the last of them."""
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 20, (50, 2000))
    error = rng.normal(size=2000) * (1 + codes[-1] / 5)
    model = _of(_names(codes), error)
    assert model is not None
    asked = {int(s) for trees in model.folds for s in trees.column.ravel()}
    assert 49 in asked
    assert len(asked) <= 16
    codes[-1] = 19
    found = model.estimate(model.count(_cells(model, _names(codes), 2000)), 2000)
    assert found["mae"][0] > 1.4 * np.abs(error).mean()


def test_counts_of_batches_add_up(known: ErrorModel) -> None:
    x, _ = _rows(9, 3000)
    parts = [
        known.count(_cells(known, _columns(x[a:b]), b - a))
        for a, b in ((0, 1), (1, 1500), (0, 0), (1500, 3000))
    ]
    whole = known.count(_cells(known, _columns(x), 3000))
    assert np.array_equal(sum(parts), whole)
    assert (whole[:-1].reshape(-1, 8).sum(axis=1) == 3000).all()


def test_it_comes_back_from_a_file(known: ErrorModel) -> None:
    x, _ = _rows(8, 500, shift=0.3)
    again = ErrorModel.from_json(json.loads(json.dumps(known.to_json())))
    assert _estimate(again, x) == _estimate(known, x)
    assert again.rows == known.rows


@pytest.mark.parametrize(
    ("part", "damage", "why"),
    [
        ("place", [0], "other slots"),
        ("column", [[0, 0, 9]], "damaged"),
        ("level", [1.0], "damaged"),
        ("level", [float("nan"), 1.0], "not finite"),
    ],
)
def test_damaged_trees_are_refused(known: ErrorModel, part: str, damage: Any, why: str) -> None:
    plain = known.to_json()
    plain["folds"][0][part] = damage
    with pytest.raises(ValueError, match=why):
        ErrorModel.from_json(plain)


def test_a_damaged_one_is_refused(known: ErrorModel) -> None:
    plain = known.to_json()
    with pytest.raises(ValueError, match="folds"):
        ErrorModel.from_json({**plain, "folds": plain["folds"][:1]})
    with pytest.raises(ValueError, match="leaves"):
        ErrorModel.from_json({**plain, "held": plain["held"][:-1]})
    with pytest.raises(ValueError, match="losses"):
        ErrorModel.from_json({**plain, "losses": {"mae": [0.0, 1.0, 0.5, 0.1]}})
    plain["folds"][0]["column"][0][0] = _COLUMNS
    with pytest.raises(ValueError, match="columns"):
        ErrorModel.from_json(plain)


def test_rows_beyond_the_reference_widen_the_interval(known: ErrorModel) -> None:
    x, _ = _rows(3, 1000)
    counts = known.count(_cells(known, _columns(x), len(x)))
    counts[-1] = 0
    inside = known.estimate(counts, len(x))["mae"]
    counts[-1] = 500
    value, low, high = known.estimate(counts, len(x))["mae"]
    assert low is not None
    assert high is not None
    assert inside[1] is not None
    assert inside[2] is not None
    assert value == inside[0]
    wider = np.exp(0.5 * known.losses["mae"].varied / value)
    assert low == pytest.approx(inside[1] / wider)
    assert high == pytest.approx(inside[2] * wider)


def test_rows_beyond_the_reference_are_counted_once_each() -> None:
    x, error = _rows(11, 5000)
    model = _learn(np.clip(x, -1.5, 1.5), error)
    assert model is not None
    x, _ = _rows(12, 2000)
    beyond = int((np.abs(x) > 1.5).any(axis=1).sum())
    found = model.count(_cells(model, _columns(x), len(x)))[-1]
    assert 0 < found <= beyond
    assert found == pytest.approx(beyond, rel=0.1)
    assert model.count(_cells(model, _columns(np.clip(x, -1.5, 1.5)), len(x)))[-1] == 0


def test_where_inputs_go_the_interval_widens(known: ErrorModel) -> None:
    """Not where they stay, and more the further they go, until there is none."""
    x, _ = _rows(13, 2000)
    widths = []
    for shift in (0.0, 0.5, 1.0, 1.5):
        value, low, high = _estimate(known, x + np.array([shift, 0, 0, 0]))["mae"]
        assert low is not None
        assert high is not None
        widths.append((high - low) / value)
    assert widths == sorted(widths)
    loss = known.losses["mae"]
    bare = 2 * 1.96 * loss.spread / loss.mean / np.sqrt(2000)
    assert bare < widths[0] < 1.2 * bare
    assert widths[2] > 1.2 * widths[0]
    # Rows at the edge of all inputs at once, of which the reference has next to none.
    assert _estimate(known, np.full_like(x, 2.5))["mae"][1:] == (None, None)
