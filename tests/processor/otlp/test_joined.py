"""Tables of several requests give the same rows as one by one."""

import math
from typing import Any

import numpy as np
import pytest

from barograph_processor.observation import ObservationBatch
from barograph_processor.otlp import Table, batches_of, decode_traces
from barograph_processor.stats.column import CategoricalColumn, Column
from tests.processor.otlp.build import prediction, traces


def _table(*spans: dict[str, Any], first: int = 0) -> Table:
    drawn = [prediction(n, values) for n, values in enumerate(spans, first)]
    (table,) = decode_traces(traces(*drawn)).predictions
    assert isinstance(table, Table)
    return table


def _cells(batches: tuple[ObservationBatch, ...]) -> dict[Any, list[Any]]:
    """What each model has, row by row, missing values left out."""
    found: dict[Any, list[Any]] = {}
    for batch in batches:
        columns = {
            name: _values(column)
            for name, column in {**batch.inputs, **batch.outputs, **batch.slices}.items()
        }
        for row, prediction_id in enumerate(batch.prediction_ids):
            cells = {
                name: values[row]
                for name, values in columns.items()
                if isinstance(values[row], str) or not math.isnan(values[row])
            }
            weight = 1.0 if batch.weight is None else batch.weight[row]
            frame = (prediction_id, int(batch.event_time[row]), weight, batch.task)
            found.setdefault(batch.model, []).append((frame, cells))
    return found


def _values(column: Column) -> list[Any]:
    """A column's values, NaN where missing."""
    if isinstance(column, CategoricalColumn):
        return [math.nan if text is None else text for text in column.values()]
    values: list[float] = column.values.tolist()
    return values


def _one_by_one(tables: list[Table]) -> dict[Any, list[Any]]:
    return _cells(tuple(batch for table in tables for batch in table.batches()))


def test_models_interleaved_are_one_batch_each() -> None:
    tables = [
        _table(
            *(
                {
                    "model.name": f"m{n % 3}",
                    "input.x": float(n),
                    "input.c": "abcd"[(n + request) % 4],
                    "sample.rate": 0.5 if n % 2 else 1.0,
                    **({"prediction.id": f"p{request}-{n}"} if n % 5 == 0 else {}),
                }
                for n in range(30)
            ),
            first=30 * request,
        )
        for request in range(4)
    ]
    batches = batches_of(tables)
    assert [len(batch) for batch in batches] == [40, 40, 40]
    assert _cells(batches) == _one_by_one(tables)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"input.x": 1.0}, {"input.y": 1.0}),
        ({"input.x": 1.0}, {"input.x": "text"}),
        ({"task": "binary"}, {"task": "regression"}),
    ],
    ids=["other-columns", "other-types", "other-task"],
)
def test_what_does_not_fit_together_stays_apart(one: Any, other: Any) -> None:
    tables = [_table(one), _table(other, first=1), _table(one, first=2)]
    batches = batches_of(tables)
    assert [len(batch) for batch in batches] == [1, 1, 1]
    assert _cells(batches) == _one_by_one(tables)


def test_types_that_change_places_stay_apart() -> None:
    """Numbers of one model and names of the other, and the other way round."""
    numbers = {"model.name": "a", "input.x": 1.0}, {"model.name": "b", "input.x": "text"}
    names = {"model.name": "a", "input.x": "text"}, {"model.name": "b", "input.x": 1.0}
    tables = [_table(*numbers), _table(*names, first=2)]
    assert _cells(batches_of(tables)) == _one_by_one(tables)


def test_rows_left_out_are_in_no_batch() -> None:
    table = _table({"input.x": 1.0}, {"input.x": 2.0}, {"input.x": 3.0})
    (batch,) = batches_of([table.without(np.array([1]))])
    assert _values(batch.inputs["x"]) == [1.0, 3.0]
    assert batches_of([table.without(np.arange(3))]) == ()
