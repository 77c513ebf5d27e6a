"""A slice that nobody registered is found in the inputs, named, and shown with its traces."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from barograph_processor.observation import ObservationBatch, trace_hex
from barograph_processor.quality.slice.layout import SliceKey
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.registry import Happening
from barograph_processor.stats.column import CategoricalColumn, NumericColumn
from tests.processor.state.rows import Bench, labels_of, plain, rows, unlabelled

TABLES: dict[str, Any] = {
    "reference": {"rows": 6000},
    "window": {"rows": 500},
    "alarm": {"windows_between_false_alarms": 1000},
}
BREAK, ROWS, YOUNG = 9000, 24_000, 28
NAMES = [{"age": f"up to {age}", "device": "old phone"} for age in range(26, 32)]
"""Bins end where an equal part of the reference does, which need not be where the failure ends."""
DEVICES = ("new phone", "old phone", "desktop")


def _traffic(start: int, *, registered: bool = False, oldest: int = YOUNG) -> ObservationBatch:
    """500 rows, of which those of old phones and young people are wrong from ``BREAK`` on."""
    n, rng = 500, np.random.default_rng([3, start])
    age, device = np.floor(rng.gamma(9, 4.5, n)), rng.integers(0, 3, n).astype(np.int32)
    inside = (age <= oldest) & (device == 1)
    batch = rows(n, start=start)
    assert batch.label is not None
    assert isinstance(batch.truth, CategoricalColumn)
    flipped = inside & (rng.random(n) < 0.5) & (start >= BREAK)
    codes = np.where(flipped, 1 - batch.truth.codes, batch.truth.codes).astype(np.int32)
    devices = CategoricalColumn(device, DEVICES)
    return replace(
        batch,
        inputs={"age": NumericColumn(age), "device": devices, **batch.inputs},
        slices={**batch.slices, **({"device": devices} if registered else {})},
        truth=replace(batch.truth, codes=codes),
    )


def _run(bench: Bench, *, late: bool, **options: Any) -> Iterator[Happening]:
    for start in range(0, ROWS, 500):
        batch = _traffic(start, **options)
        bench.registry.observe(unlabelled(batch) if late else batch)
        if late:
            bench.registry.attach(labels_of(batch))
        yield from bench.registry.drain()


def _opened(happened: Iterator[Happening]) -> list[Any]:
    return [
        event.alarm
        for _, event in happened
        if isinstance(event, AlarmChange)
        and event.change == "open"
        and event.alarm.signal == "slice"
    ]


@pytest.mark.parametrize("late", [True, False])
def test_a_failing_range_of_an_input_is_found_and_named(late: bool) -> None:
    bench = Bench.of(TABLES)
    first, *_ = _opened(_run(bench, late=late))
    assert first.slice in NAMES
    age = first.slice["age"]
    assert f"for age {age} and device old phone (found in the inputs) are worse" in first.sentence
    assert abs(first.since_window - (BREAK - 6000) // 500) <= 1
    assert len(first.trace_ids) == 5
    inside = set()
    for start in range(BREAK, ROWS, 500):
        batch = _traffic(start)
        age, device = batch.inputs["age"], batch.inputs["device"]
        assert isinstance(age, NumericColumn)
        assert isinstance(device, CategoricalColumn)
        failing = np.flatnonzero((age.values <= 31) & (device.codes == 1))
        inside |= {trace_hex(batch.ids, row) for row in failing.tolist()}
    assert set(first.trace_ids) <= inside
    shown = bench.model.history[-1].signals["slice"]
    assert shown[0]["slice"] == dict(first.slice)
    assert shown[0]["proposed"] is True
    assert shown[0]["alarm"] is True
    assert all(each["proposed"] is False for each in shown if each["slice"].keys() == {"region"})


def test_it_is_named_in_the_alarm_about_all_while_there_is_one() -> None:
    """A failure that is large enough for that is one alarm, not two."""
    bench = Bench.of(TABLES)
    happened = list(_run(bench, late=True, oldest=45))
    assert _opened(iter(happened)) == []
    alarms = [event.alarm for _, event in happened if isinstance(event, AlarmChange)]
    last = [alarm for alarm in alarms if alarm.signal == "risk"][-1]
    assert last.apart[0].slice["device"] == "old phone"
    assert set(last.apart[0].slice) <= {"device", "age"}
    monitor = bench.model.quality.slices.monitor
    assert monitor is not None
    assert any(status.proposed and status.harmed for status in monitor.statuses())


def test_what_is_registered_is_no_input() -> None:
    """An input that is a dimension as well is searched as one, and named as one."""
    bench = Bench.of(TABLES)
    first, *_ = _opened(_run(bench, late=True, registered=True))
    assert first.slice in ({"device": "old phone"}, *NAMES)
    monitor = bench.model.quality.slices.monitor
    assert monitor is not None
    assert "device" not in monitor.places.inputs
    assert "age" in monitor.places.inputs


def test_it_can_be_switched_off_and_then_keeps_nothing() -> None:
    tables = {**TABLES, "alarm": {**TABLES["alarm"], "propose_slices": False}}
    bench = Bench.of(tables)
    assert _opened(_run(bench, late=True)) == []
    assert bench.model.pending.inputs(np.arange(1)) == {}
    monitor = bench.model.quality.slices.monitor
    assert monitor is not None
    assert monitor.places.proposals is None


@pytest.mark.parametrize("late", [True, False])
def test_it_makes_no_difference_how_rows_come_nor_where_a_restart_falls(late: bool) -> None:
    whole, parts = Bench.of(TABLES), Bench.of(TABLES)
    one, other = plain(_run(whole, late=late)), []
    for start in range(0, ROWS, 500):
        batch = _traffic(start)
        for at in np.array_split(np.arange(500), 3):
            some = batch.take(at)
            parts.registry.observe(unlabelled(some) if late else some)
        if late:
            for at in np.array_split(np.arange(500), 2):
                parts.registry.attach(labels_of(batch.take(at)))
        other += plain(parts.registry.drain())
        if start in (3000, 8000, 9500, 12_000):
            parts = parts.restarted()
    assert _told(other) == _told(one)
    assert any("found in the inputs" in each.get("sentence", "") for each in _told(one))
    assert any(_keys(whole))
    assert _keys(parts) == _keys(whole)


def _told(happened: list[Any]) -> list[dict[str, Any]]:
    """What is told of slices: the alarm about the model as a whole is told of with each request."""
    alarms = [each["alarm"] for each in happened if "alarm" in each]
    windows = [each["signals"].get("slice", []) for each in happened if "signals" in each]
    named = [alarm for alarm in alarms if alarm["signal"] == "slice"]
    return named + [status for window in windows for status in window]


def _keys(bench: Bench) -> tuple[SliceKey, ...]:
    monitor = bench.model.quality.slices.monitor
    assert monitor is not None
    assert monitor.places.proposals is not None
    return monitor.places.proposals.keys


def test_a_baseline_carries_what_was_usual_of_the_inputs() -> None:
    learnt = Bench.of(TABLES)
    for start in range(0, BREAK, 500):
        learnt.registry.observe(_traffic(start))
    reference = learnt.model.reference
    assert reference is not None
    document = msgspec.json.decode(msgspec.json.encode(reference.to_json()))
    bench = Bench.of(TABLES, baselines={"m": type(reference).from_json(document)})
    found = []
    for start in range(BREAK, ROWS, 500):
        bench.registry.observe(_traffic(start))
        found += _opened(iter(bench.registry.drain()))
    assert found[0].slice in NAMES
