"""Whether two readings of a request say the same."""

import numpy as np

from barograph_processor.observation import ObservationBatch, SpanBatch
from barograph_processor.otlp import DecodedTraces
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["assert_same"]


def assert_same(found: DecodedTraces, expected: DecodedTraces) -> None:
    """Fail unless both hold the same rows, columns and counts; levels may be in any order."""
    for count in ("accepted", "rejected", "message", "passed_over", "warnings", "rejections"):
        assert getattr(found, count) == getattr(expected, count), count
    assert len(found.events) == len(expected.events)
    assert [(b.model, b.task, len(b)) for b in found.batches] == [
        (b.model, b.task, len(b)) for b in expected.batches
    ]
    for one, other in zip(found.batches, expected.batches, strict=True):
        _assert_same_batch(one, other)
    assert len(found.spans) == len(expected.spans)
    for mine, theirs in zip(found.spans, expected.spans, strict=True):
        _assert_same_spans(mine, theirs)


def _assert_same_spans(found: SpanBatch, expected: SpanBatch) -> None:
    for name in ("ids", "parent", "rows", "micros", "failed"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == other.dtype, name
        np.testing.assert_array_equal(one, other, name)
    _assert_same_column(found.name, expected.name)
    models = [[(*batch.models, None)[code] for code in batch.model] for batch in (found, expected)]
    assert models[0] == models[1]


def _assert_same_batch(found: ObservationBatch, expected: ObservationBatch) -> None:
    for name in ("prediction_ids", "response_ids", "positive", "threshold"):
        assert getattr(found, name) == getattr(expected, name), name
    for name in ("ids", "event_time", "latency", "failed"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other, name)
    for name in ("value", "confidence", "weight", "propensity"):
        one, other = getattr(found, name), getattr(expected, name)
        assert (one is None) == (other is None), name
        if one is not None:
            np.testing.assert_array_equal(one, other, name)
    assert (found.label is None) == (expected.label is None)
    if found.label is not None and expected.label is not None:
        _assert_same_column(found.label, expected.label)
    for name in ("inputs", "outputs", "slices"):
        ones, others = getattr(found, name), getattr(expected, name)
        assert set(ones) == set(others), name
        for key, column in ones.items():
            _assert_same_column(column, others[key])


def _assert_same_column(found: Column, expected: Column) -> None:
    assert type(found) is type(expected)
    if isinstance(found, CategoricalColumn):
        assert isinstance(expected, CategoricalColumn)
        assert found.values() == expected.values()
        assert found.codes.dtype == np.int32
    else:
        assert not isinstance(expected, CategoricalColumn)
        np.testing.assert_array_equal(found.values, expected.values)
