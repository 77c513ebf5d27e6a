"""Errors of a regression that its inputs promise: of each window, however its rows came."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.observation import EventBatch, ObservationBatch
from barograph_processor.stats.column import NumericColumn
from tests.processor.state.rows import Bench, facts, rows, unlabelled

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


def _labels(batch: ObservationBatch, *, off: float = 0.0) -> EventBatch:
    """The labels of rows as they come later."""
    assert isinstance(batch.truth, NumericColumn)
    number = (batch.truth.values + off).tolist()
    return facts("label", batch.prediction_ids, number=number)


def _later(bench: Bench) -> list[dict[str, Any]]:
    bench.registry.observe(_regression(1000, 1000, shift=0.3, labelled=False))
    return [record["signals"].get("estimated") for record in bench.records()]


@pytest.mark.parametrize("size", [1, 90, 1000])
def test_labels_that_come_after_the_reference_teach_the_same(taught: Bench, size: int) -> None:
    """Before and after it is complete, in any batches, shuffled, over a restart in between."""
    bench = Bench.of(_TABLES)
    batch = _regression(1000, 0)
    bench.registry.observe(unlabelled(_cut(batch, 0, 700)))
    order = np.random.default_rng(1).permutation(700)
    bench.registry.attach(_labels(batch.take(order[:300])))
    bench = bench.restarted()
    bench.registry.observe(unlabelled(_cut(batch, 700, 1000)))
    bench.registry.drain()
    waiting = np.concatenate([order[300:], np.arange(700, 1000)])
    for start in range(0, len(waiting), size):
        assert bench.model.quality.errors.model is None
        bench.registry.attach(_labels(batch.take(waiting[start : start + size])))
        if start == 0:
            bench = bench.restarted()
    assert _later(bench) == _later(taught)
    assert bench.model.reference is not None
    assert bench.model.reference.errors is not None


def test_a_corrected_label_teaches_what_it_was_corrected_to(taught: Bench) -> None:
    bench = Bench.of(_TABLES)
    batch = _regression(1000, 0)
    bench.registry.observe(unlabelled(batch))
    bench.registry.attach(_labels(_cut(batch, 0, 400), off=3.0))
    bench.registry.attach(_labels(_cut(batch, 0, 400)))
    bench.registry.attach(_labels(_cut(batch, 400, 1000)))
    assert _later(bench) == _later(taught)


def test_a_window_that_was_open_says_how_many_rows_it_speaks_of(taught: Bench) -> None:
    bench = Bench.of(_TABLES)
    batch, later = _regression(1000, 0), _regression(500, 1000, labelled=False)
    bench.registry.observe(unlabelled(batch))
    bench.registry.observe(_cut(later, 0, 200))
    bench.registry.attach(_labels(batch))
    bench = bench.restarted()
    bench.registry.observe(_cut(later, 200, 500))
    assert _estimated(bench)["rows"] == 300
    taught.registry.observe(later)
    assert _estimated(taught)["rows"] == 500


def test_labels_of_classes_teach_no_errors_and_free_the_rows() -> None:
    """A model of numbers whose labels show probabilities of a class."""
    bench = Bench.of(_TABLES)
    batch = rows(1000)
    score = np.linspace(0, 1, 1000)
    batch = replace(batch, task=None, label=None, value=score, truth=None)
    bench.registry.observe(batch)
    held = bench.model.quality.errors.state()
    assert held["reference"] is not None
    number = (score > 0.5).astype(float).tolist()
    bench.registry.attach(facts("label", batch.prediction_ids, number=number))
    assert bench.model.quality.errors.state()["reference"] is None
    assert bench.model.quality.errors.model is None
