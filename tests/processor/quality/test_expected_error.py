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
_OFFSETS = np.arange(_COLUMNS + 1) * _WIDTH
_CUTS = np.linspace(-2, 2, _WIDTH - 1)


def _cells(x: np.ndarray) -> np.ndarray:
    """Slots of ``_WIDTH`` a column; the first and the last hold what is beyond -2 and 2."""
    return (np.searchsorted(_CUTS, x) + _OFFSETS[:-1]).T


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


def _learn(x: np.ndarray, error: np.ndarray) -> ErrorModel | None:
    return ErrorModel.learn(_cells(x), error, _OFFSETS, np.ones(_SLOTS, dtype=np.bool_))


def _estimate(model: ErrorModel, x: np.ndarray) -> dict[str, Estimate]:
    return model.estimate(model.count(_cells(x)), len(x))


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


@pytest.mark.parametrize("kind", ["one by one", "together"])
def test_the_interval_holds_what_labels_would_show(kind: str) -> None:
    """95% are promised: of 60 windows, each with a reference of its own, 52 at least.

    A binomial of 60 and .95 is below 52 less than once in 200 times.
    """
    shifts = (-0.5, 0.0, 0.5)
    held = {(name, shift): 0 for name in ("mae", "rmse") for shift in shifts}
    for seed in range(60):
        model = _learn(*_rows(1000 + seed, 2000, kind=kind))
        assert model is not None
        for shift in shifts:
            x, error = _rows(5000 + seed, 500, shift=shift, kind=kind)
            shown = {"mae": np.abs(error).mean(), "rmse": np.sqrt((error**2).mean())}
            for name, (_, low, high) in _estimate(model, x).items():
                assert low is not None
                assert high is not None
                held[name, shift] += bool(low <= shown[name] <= high)
    assert min(held.values()) >= 52, held


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
    assert known.estimate(known.count(_cells(x[:0])), 0) == {}


def test_what_was_never_seen_counts_as_what_is_next_to_it_or_as_usual() -> None:
    """A number beyond all counts as the largest, a name as what is usual."""
    x, error = _rows(6, 20_000)
    cells = _cells(np.clip(x, -1.99, 1.99))
    ordered = np.ones(_SLOTS, dtype=np.bool_)
    number = ErrorModel.learn(cells, error, _OFFSETS, ordered)
    name = ErrorModel.learn(cells, error, _OFFSETS, ~ordered)
    assert number is not None
    assert name is not None
    above = cells.copy()
    above[0] = _WIDTH - 1
    usual = np.abs(error).mean()
    assert name.estimate(name.count(above), 20_000)["mae"][0] == pytest.approx(usual, rel=0.1)
    assert number.estimate(number.count(above), 20_000)["mae"][0] > 1.4 * usual


def test_of_many_columns_those_that_explain_most_count() -> None:
    """50 columns are more than 16: the one that matters is the last of them."""
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 20, (50, 2000))
    error = rng.normal(size=2000) * (1 + codes[-1] / 5)
    offsets = 20 * np.arange(51)
    cells = codes + offsets[:-1, None]
    model = ErrorModel.learn(cells, error, offsets, np.zeros(1000, dtype=np.bool_))
    assert model is not None
    cells[-1] = 999
    assert model.estimate(model.count(cells), 2000)["mae"][0] > 1.4 * np.abs(error).mean()


def test_counts_of_batches_add_up(known: ErrorModel) -> None:
    cells = _cells(_rows(9, 3000)[0])
    parts = [known.count(cells[:, a:b]) for a, b in ((0, 1), (1, 1500), (1500, 1500), (1500, 3000))]
    whole = known.count(cells)
    assert np.array_equal(sum(parts), whole)
    assert (whole[:-1].reshape(-1, 8).sum(axis=1) == 3000).all()


def test_it_comes_back_from_a_file(known: ErrorModel) -> None:
    x, _ = _rows(8, 500, shift=0.3)
    again = ErrorModel.from_json(json.loads(json.dumps(known.to_json())), offsets=_OFFSETS)
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
        ErrorModel.from_json(plain, offsets=_OFFSETS)


def test_a_damaged_one_is_refused(known: ErrorModel) -> None:
    plain = known.to_json()
    with pytest.raises(ValueError, match="folds"):
        ErrorModel.from_json({**plain, "folds": plain["folds"][:1]}, offsets=_OFFSETS)
    with pytest.raises(ValueError, match="losses"):
        ErrorModel.from_json({**plain, "losses": {"mae": [0.0, 1.0, 0.5]}}, offsets=_OFFSETS)
    plain["folds"][0]["column"][0][0] = _COLUMNS
    with pytest.raises(ValueError, match="columns"):
        ErrorModel.from_json(plain, offsets=_OFFSETS)


def test_rows_beyond_the_reference_widen_the_interval(known: ErrorModel) -> None:
    x, _ = _rows(3, 1000)
    counts = known.count(_cells(x))
    counts[-1] = 0
    _, low, high = known.estimate(counts, len(x))["mae"]
    counts[-1] = 500
    value, lower, higher = known.estimate(counts, len(x))["mae"]
    assert low is not None
    assert high is not None
    assert lower is not None
    assert higher is not None
    assert lower == pytest.approx(low - 0.5 * known.losses["mae"].varied)
    assert higher == pytest.approx(high + 0.5 * known.losses["mae"].varied)
    assert low < value < high


def test_rows_beyond_the_reference_are_counted_once_each() -> None:
    x, error = _rows(11, 5000)
    model = _learn(np.clip(x, -1.5, 1.5), error)
    assert model is not None
    x, _ = _rows(12, 2000)
    beyond = int(
        (np.searchsorted(_CUTS, np.abs(x)) > np.searchsorted(_CUTS, 1.5)).any(axis=1).sum()
    )
    found = model.count(_cells(x))[-1]
    assert 0 < found <= beyond
    assert found == pytest.approx(beyond, rel=0.1)
    assert model.count(_cells(np.clip(x, -1.5, 1.5)))[-1] == 0
