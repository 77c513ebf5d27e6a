"""The inputs of predictions that wait for their label stay with the prediction whose they are."""

import numpy as np
import pytest

from barograph_processor.state.label.input_table import InputTable
from barograph_processor.stats.column import CategoricalColumn, NumericColumn


@pytest.mark.parametrize("restart", [False, True])
def test_what_stays_keeps_its_own_inputs(restart: bool) -> None:
    table = InputTable()
    ages = NumericColumn(np.array([20.0, 30.0, np.nan, 50.0]))
    devices = CategoricalColumn(np.array([0, 1, 2, -1], dtype=np.int32), ("a", "b", "c"))
    table.add({"age": ages, "device": devices}, np.arange(4), 0)
    table.retain(np.array([1, 3]))
    if restart:
        state, table = table.state(2), InputTable()
        table.load(state)
    table.add({"device": devices}, np.array([2]), 2)
    found = table.take(np.arange(3))
    age, device = found["age"], found["device"]
    assert isinstance(age, NumericColumn)
    assert isinstance(device, CategoricalColumn)
    np.testing.assert_array_equal(age.values, [30.0, 50.0, np.nan])
    assert device.values() == ["b", None, "c"]


def test_an_input_that_turns_into_names_is_missing() -> None:
    """Beyond the room that it had too; and 1e308 is more than it can hold, and no mistake."""
    table = InputTable()
    table.add({"x": NumericColumn(np.array([1e308, 2.0]))}, np.arange(2), 0)
    names = CategoricalColumn(np.zeros(1000, dtype=np.int32), ("a",))
    table.add({"x": names}, np.arange(1000), 2)
    found = table.take(np.arange(1002))["x"]
    assert isinstance(found, NumericColumn)
    np.testing.assert_array_equal(found.values[:2], [np.inf, 2.0])
    assert np.isnan(found.values[2:]).all()
