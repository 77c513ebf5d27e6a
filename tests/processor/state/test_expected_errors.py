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


@pytest.mark.parametrize(("task", "kept"), [("binary", False), ("regression", True), (None, True)])
def test_rows_are_kept_only_where_labels_may_show_a_regression(
    task: str | None, kept: bool
) -> None:
    bench = Bench.of(_TABLES)
    score = np.linspace(0, 1, 1000)
    bench.registry.observe(replace(rows(1000), task=task, label=None, value=score, truth=None))
    assert (bench.model.quality.errors.state()["reference"] is not None) == kept


def test_where_inputs_tell_nothing_of_errors_no_cells_are_kept() -> None:
    """Until the labels of the reference say so they are, since they might."""
    bench = Bench.of(_TABLES)
    batch = replace(_regression(1000, 0), value=np.ones(1000))
    bench.registry.observe(unlabelled(batch))
    assert bench.model.quality.errors.slots > 0
    bench.registry.attach(_labels(batch))
    assert bench.model.quality.errors.model is not None
    assert bench.model.quality.errors.slots == 0
    bench.registry.observe(unlabelled(_regression(500, 1000)))
    assert bench.model.quality.errors.cells({}, 500) is None
    assert bench.records()[-1]["signals"].get("estimated") is None


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


def _larger(n: int, start: int, *, factor: float = 1.0) -> Any:
    """Rows with larger inputs, within the reference's range, and errors so many times as large."""
    batch = _regression(n, start)
    a = batch.inputs["a"]
    assert isinstance(a, NumericColumn)
    assert batch.value is not None
    larger = np.sqrt(a.values)
    inputs = {**batch.inputs, "a": NumericColumn(larger)}
    return replace(batch, inputs=inputs, value=factor * np.sign(batch.value) * larger)


def _gaps(bench: Bench, *, factor: float, late: bool) -> list[Any]:
    """Feed four labelled windows after the reference, and return the gaps of each."""
    for start in range(1000, 3000, 500):
        batch = _larger(500, start, factor=factor)
        bench.registry.observe(unlabelled(batch) if late else batch)
        if late:
            bench.registry.attach(_labels(batch))
    return [record["signals"].get("gap", {}).get("estimated") for record in bench.records()]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("metric", ["mae", "rmse"])
class TestGap:
    def test_larger_inputs_leave_none(self, taught: Bench, late: bool, metric: str) -> None:
        *_, gap = _gaps(taught, factor=1.0, late=late)
        assert gap[metric]["lower"] < 0 < gap[metric]["upper"]
        assert abs(gap[metric]["value"]) < 0.05

    def test_larger_errors_on_the_same_inputs_do(
        self, taught: Bench, late: bool, metric: str
    ) -> None:
        *_, gap = _gaps(taught, factor=1.5, late=late)
        assert gap[metric]["lower"] > 0.2


def test_the_gap_is_the_same_after_restarts_and_in_any_batches(taught: Bench) -> None:
    begun = taught.restarted()
    whole = _gaps(taught, factor=1.5, late=True)
    parts: list[Any] = []
    for start in range(1000, 3000, 500):
        batch = _larger(500, start, factor=1.5)
        for first, end in ((0, 7), (7, 500)):
            begun.registry.observe(unlabelled(_cut(batch, first, end)))
            begun = begun.restarted()
        for first, end in ((0, 1), (1, 500)):
            begun.registry.attach(_labels(_cut(batch, first, end)))
        parts += begun.records()
    assert [part["signals"].get("gap", {}).get("estimated") for part in parts] == [
        pytest.approx(gap) if gap is None else {name: pytest.approx(it) for name, it in gap.items()}
        for gap in whole
    ]


def test_a_prediction_that_is_no_number_takes_no_gap_away(taught: Bench) -> None:
    batch = _larger(400, 1000)
    batch.value[7] = np.nan
    taught.registry.observe(unlabelled(batch))
    taught.registry.attach(_labels(batch))
    quality = taught.model.quality
    assert quality.recent.performance.n == 399
    assert abs(quality.errors.gap(quality.recent.performance)["mae"][0]) < 0.05


def test_the_gap_carries_what_folds_do_not_agree_on(taught: Bench) -> None:
    batch = _larger(400, 1000)
    taught.registry.observe(unlabelled(batch))
    taught.registry.attach(_labels(batch))
    recent = taught.model.quality.recent
    for name, gap in taught.model.quality.errors.gap(recent.performance).items():
        widths = [
            high - low
            for _, low, high in (recent.estimates()[name], gap)
            if low is not None and high is not None
        ]
        assert widths[0] < widths[1]


def test_a_corrected_label_keeps_the_promise(taught: Bench) -> None:
    batch = _larger(400, 1000)
    taught.registry.observe(unlabelled(batch))
    taught.registry.attach(_labels(batch, off=2.0))
    quality = taught.model.quality
    before = quality.errors.gap(quality.recent.performance)["mae"][0]
    taught.registry.attach(_labels(batch))
    after = quality.errors.gap(quality.recent.performance)["mae"][0]
    assert abs(after) < 0.05 < before
