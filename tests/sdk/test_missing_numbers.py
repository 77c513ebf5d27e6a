"""A number that is missing is no attribute: NaN breaks every backend that shows spans as JSON."""

import math

import pytest

import barograph
from barograph.testing import Recorder


@barograph.observe(model="m", task="regression")
def _planned(a: float, b: float, c: str) -> float:
    return a


@barograph.observe(model="m", task="regression")
def _general(row: dict[str, float]) -> float:
    return 1.0


@pytest.mark.parametrize("calls_before", [0, 3])
def test_nan_of_a_scalar_call_is_left_out(calls_before: int) -> None:
    """In the first call of a look, and in those that follow its plan."""
    with Recorder() as recorder:
        for _ in range(calls_before):
            _planned(1.0, 2.0, "x")
        _planned(1.0, math.nan, "x")
        _planned(1.0, math.inf, "x")
    missing, infinite = (dict(span.attributes or {}) for span in recorder.spans[-2:])
    assert "barograph.input.b" not in missing
    assert missing["barograph.input.a"] == 1.0
    assert missing["barograph.input.c"] == "x"
    assert infinite["barograph.input.b"] == math.inf


def test_nan_in_a_record_is_left_out() -> None:
    with Recorder() as recorder:
        _general({"a": math.nan, "b": 1.0})
    (span,) = recorder.spans
    assert "barograph.input.a" not in (span.attributes or {})
    assert (span.attributes or {})["barograph.input.b"] == 1.0
