"""Errors of a regression that its inputs promise: of each window, however its rows came."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.observation import ObservationBatch
from barograph_processor.stats.column import NumericColumn
from tests.processor.state.rows import Bench, rows

_TABLES = {"reference": {"rows": 1000}, "window": {"rows": 500}}


def _regression(n: int, start: int, *, shift: float = 0.0, labelled: bool = True) -> Any:
    """Rows whose errors are as large as the input ``a``."""
    batch = rows(n, start=start, shift=shift)
    a = batch.inputs["a"]
    assert isinstance(a, NumericColumn)
    wrong = a.values * np.where(np.arange(n) % 2, 1.0, -1.0)
    truth = NumericColumn(np.zeros(n)) if labelled else None
    return replace(batch, task="regression", label=None, value=wrong, truth=truth)


def _estimated(bench: Bench) -> dict[str, Any]:
    (event,) = bench.records()
    return dict(event["signals"]["estimated"])


@pytest.fixture
def taught() -> Bench:
    bench = Bench.of(_TABLES)
    bench.registry.observe(_regression(1000, 0))
    bench.registry.drain()
    return bench


def _cut(batch: ObservationBatch, first: int, end: int) -> ObservationBatch:
    return batch.take(np.arange(first, end))


def test_it_is_the_same_after_a_restart_and_in_any_batches(taught: Bench) -> None:
    later = _regression(500, 1000, shift=0.3, labelled=False)
    begun = taught.restarted()
    taught.registry.observe(later)
    whole = _estimated(taught)
    for first, end in ((0, 1), (1, 200)):
        begun.registry.observe(_cut(later, first, end))
    again = begun.restarted()
    again.registry.observe(_cut(later, 200, 500))
    assert _estimated(again) == whole
    assert whole["mae"]["value"] > 0.55
