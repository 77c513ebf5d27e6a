"""The slots of waiting predictions stay with them: as they come, go, and after a restart."""

import numpy as np
import pytest

from barograph_processor.state.label.cell_table import CellTable


@pytest.mark.parametrize(
    ("slots", "kind"), [(200, np.uint8), (300, np.uint16), (70_000, np.uint32)]
)
def test_cells_stay_with_their_prediction(slots: int, kind: type) -> None:
    cells = np.arange(20).reshape(2, 10) + slots - 20
    table = CellTable()
    table.add(cells, np.array([1, 3, 5, 7]), 0, slots=slots)
    table.add(cells, np.array([0]), 4, slots=slots)
    found = table.take(np.array([4, 1]))
    assert found is not None
    assert found.tolist() == cells[:, [0, 3]].tolist()
    table.retain(np.array([0, 2, 4]))
    state = table.state(3)
    assert state["cells"].dtype == kind
    again = CellTable()
    again.load(state)
    found = again.take(np.arange(3))
    assert found is not None
    assert found.tolist() == cells[:, [1, 5, 0]].tolist()


def test_what_came_without_cells_has_none() -> None:
    table = CellTable()
    rows = np.arange(2)
    table.add(None, rows, 0, slots=0)
    assert table.take(rows) is None
    assert table.state(2)["cells"] is None
    table.add(np.array([[4, 5]]), rows, 2, slots=9)
    table.add(None, rows, 4, slots=9)
    kept = table.take(np.array([2, 3]))
    assert kept is not None
    assert kept.tolist() == [[4, 5]]
    for unknown in (1, 5):
        assert table.take(np.array([2, unknown])) is None
