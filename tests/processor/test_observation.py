"""Columns of predictions: a selection of rows is a selection in every column."""

from dataclasses import fields, replace

import numpy as np
import pytest

from barograph_processor.observation import ModelKey, ObservationBatch, span_hex, trace_hex
from barograph_processor.stats.column import CategoricalColumn, NumericColumn


def _full(n: int = 5) -> ObservationBatch:
    """A batch in which nothing is left out, every value telling its row."""
    at = np.arange(n, dtype=np.float64)
    names = CategoricalColumn.of([f"row {i}" for i in range(n)])
    return ObservationBatch(
        model=ModelKey("m", "1"),
        ids=np.stack([np.arange(n)] * 3, axis=1).astype(np.uint64),
        prediction_ids=tuple(f"p{i}" for i in range(n)),
        event_time=np.arange(n, dtype=np.int64),
        latency=at,
        failed=np.arange(n) % 2 == 0,
        task="binary",
        inputs={"a": NumericColumn(at), "b": names},
        value=at,
        label=names,
        confidence=at,
        outputs={"length": NumericColumn(at)},
        slices={"s": names},
        weight=at,
        propensity=at,
        positive="1",
        threshold=0.5,
        truth=names,
        received_ns=7,
        cells=np.stack([np.arange(n), np.arange(n) + n]),
    )


def test_take_takes_from_every_column() -> None:
    """In the order asked for, and more than once if asked."""
    rows = np.array([3, 0, 3], dtype=np.intp)
    part = _full().take(rows)
    assert len(part) == 3
    assert part.ids[:, 0].tolist() == [3, 0, 3]
    assert part.prediction_ids == ("p3", "p0", "p3")
    assert part.event_time.tolist() == [3, 0, 3]
    assert part.failed.tolist() == [False, True, False]
    for values in (part.latency, part.value, part.confidence, part.weight, part.propensity):
        assert values is not None
        assert values.tolist() == [3, 0, 3]
    for column in (part.inputs["b"], part.label, part.slices["s"], part.truth):
        assert isinstance(column, CategoricalColumn)
        assert column.values() == ["row 3", "row 0", "row 3"]
    assert part.cells is not None
    assert part.cells.tolist() == [[3, 0, 3], [8, 5, 8]]
    numbers = part.outputs["length"]
    assert isinstance(numbers, NumericColumn)
    assert numbers.values.tolist() == [3, 0, 3]


def test_take_forgets_no_field() -> None:
    """A field that is added later must be taken along too."""
    whole = _full()
    part = whole.take(np.arange(2))
    for field in fields(ObservationBatch):
        assert getattr(part, field.name) is not None, field.name
    assert (part.model, part.task, part.positive, part.threshold) == (
        whole.model,
        whole.task,
        whole.positive,
        whole.threshold,
    )


def test_probability_that_is_its_own_confidence_stays_so() -> None:
    batch = _full()
    batch = replace(batch, value=batch.confidence)
    part = batch.take(np.arange(2))
    assert part.value is part.confidence


def test_take_of_what_is_absent() -> None:
    whole = _full()
    bare = ObservationBatch(
        whole.model, whole.ids, (), whole.event_time, whole.latency, whole.failed
    )
    part = bare.take(np.array([1], dtype=np.intp))
    assert (part.value, part.label, part.truth, part.prediction_ids) == (None, None, None, ())
    assert len(bare.take(np.zeros(0, dtype=np.intp))) == 0


@pytest.mark.parametrize(
    ("row", "trace", "span"),
    [(0, "0" * 32, "0" * 16), (1, "00000000000000ff" + "f" * 16, "0000000000000abc")],
)
def test_ids_are_written_in_full(row: int, trace: str, span: str) -> None:
    ids = np.array([[0, 0, 0], [255, 2**64 - 1, 0xABC]], dtype=np.uint64)
    assert (trace_hex(ids, row), span_hex(ids, row)) == (trace, span)
