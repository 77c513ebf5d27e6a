"""Levels that the reference did not hold are watched, and so are the dimensions of traces."""

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.layout import SliceLayout
from barograph_processor.quality.slice.monitor import SliceMonitor
from barograph_processor.quality.slice.status import SliceTransition
from barograph_processor.stats.array import Floats
from barograph_processor.stats.column import CategoricalColumn

VERSION, REGION, HOST = "trace.service.version", "region", "trace.host.name"
TRACE = (VERSION, HOST)
ROWS = 1000


def _columns(
    rng: np.random.Generator, n: int, *, versions: Mapping[str, float], hosts: int = 4
) -> dict[str, CategoricalColumn]:
    """Draw regions, the host of each (there is one a region), and versions by their share."""
    region = rng.integers(0, hosts, n)
    version = rng.choice(len(versions), n, p=[*versions.values()])
    return {
        REGION: CategoricalColumn.of([f"r{code}" for code in region]),
        HOST: CategoricalColumn.of([f"h{code}" for code in region]),
        VERSION: CategoricalColumn.of([[*versions][code] for code in version]),
    }


def _monitor(rng: np.random.Generator, columns: dict[str, CategoricalColumn]) -> SliceMonitor:
    n = len(columns[REGION])
    layout = SliceLayout.learn(columns, alone=TRACE)
    losses = (rng.random(n) < 0.1).astype(np.float64)
    return SliceMonitor(layout, layout.count(columns, losses), tolerance=0.02, budget=40_000)


def _close(
    monitor: SliceMonitor, columns: Mapping[str, CategoricalColumn], losses: Floats, window: int
) -> list[SliceTransition]:
    times = np.full(len(losses), window, dtype=np.int64)
    return monitor.update(monitor.observe(columns, losses, times), window=window)


def _risk(columns: Mapping[str, CategoricalColumn], key: Iterable[tuple[str, str]]) -> Floats:
    """Return a risk of 10%, and of 40% where a row is in the slice."""
    inside = np.ones(len(columns[REGION]), dtype=np.bool_)
    for name, level in key:
        inside &= np.array(columns[name].values()) == level
    return np.asarray(0.1 + 0.3 * inside, dtype=np.float64)


def test_a_new_release_that_fails_is_named_at_once() -> None:
    """A canary with a tenth of the traffic is named alone, within 4 windows in 9 runs of 10."""
    delays = []
    for seed in range(10):
        rng = np.random.default_rng([1, seed])
        monitor = _monitor(rng, _columns(rng, 10_000, versions={"2.0": 1.0}))
        steps = []
        for window in range(20):
            versions = {"2.0": 1.0} if window < 10 else {"2.0": 0.9, "2.1": 0.1}
            columns = _columns(rng, ROWS, versions=versions)
            losses = (rng.random(ROWS) < _risk(columns, [(VERSION, "2.1")])).astype(np.float64)
            steps += [(window, step) for step in _close(monitor, columns, losses, window)]
        ((window, step),) = steps
        assert step.status.key == ((VERSION, "2.1"),)
        assert step.status.reference is None
        assert step.status.came_ns == 10
        delays.append(window - 9)
    assert min(delays) >= 1
    assert sorted(delays)[8] <= 4


def test_a_full_deployment_is_held_against_nothing() -> None:
    """Where all traffic has moved there is no rest to do worse than."""
    for seed in range(10):
        rng = np.random.default_rng([2, seed])
        monitor = _monitor(rng, _columns(rng, 10_000, versions={"2.0": 1.0}))
        for window in range(30):
            columns = _columns(rng, ROWS, versions={"2.0" if window < 10 else "2.1": 1.0})
            losses = (rng.random(ROWS) < _risk(columns, [(VERSION, "2.1")])).astype(np.float64)
            assert _close(monitor, columns, losses, window) == []


def test_new_levels_leave_and_others_take_their_slots() -> None:
    """One dimension has 8 slots; a level without labels for 20 windows gives its own back."""
    rng = np.random.default_rng(3)
    monitor = _monitor(rng, _columns(rng, 10_000, versions={"2.0": 1.0}))
    versions = {f"3.{minor}": 0.1 for minor in range(10)}
    columns = _columns(rng, ROWS, versions=versions)
    _close(monitor, columns, np.zeros(ROWS), 0)
    first = {key[0][1] for key in monitor.places.spare.keys if key}
    assert len(first) == 8
    assert 150 < monitor.places.spare.refused < 250
    later = _columns(rng, ROWS, versions={"2.0": 0.9, "4.0": 0.1})
    for window in range(1, 22):
        _close(monitor, later, np.zeros(ROWS), window)
    assert [key for key in monitor.places.spare.keys if key] == [((VERSION, "4.0"),)]


def test_an_alarm_about_a_release_that_was_rolled_back_is_over() -> None:
    rng = np.random.default_rng(4)
    monitor = _monitor(rng, _columns(rng, 10_000, versions={"2.0": 1.0}))
    changes = []
    for window in range(40):
        versions = {"2.0": 0.8, "2.1": 0.2} if window < 10 else {"2.0": 1.0}
        columns = _columns(rng, ROWS, versions=versions)
        losses = (rng.random(ROWS) < _risk(columns, [(VERSION, "2.1")])).astype(np.float64)
        changes += [(step.kind, window) for step in _close(monitor, columns, losses, window)]
    (opened, start), (resolved, end) = changes
    assert (opened, resolved, end) == ("open", "resolved", 29)
    assert start <= 4


def test_batches_make_no_difference_to_who_gets_a_slot() -> None:
    rng = np.random.default_rng(5)
    reference = _columns(rng, 10_000, versions={"2.0": 1.0})
    versions = {f"3.{minor}": 0.02 for minor in range(50)}
    columns = _columns(rng, ROWS, versions=versions)
    losses, times = rng.random(ROWS), np.arange(ROWS)
    states = []
    for parts in (1, 7, ROWS):
        monitor = _monitor(np.random.default_rng(6), reference)
        whole: SliceCounts | None = None
        for rows in np.array_split(np.arange(ROWS), parts):
            some = {name: column.take(rows) for name, column in columns.items()}
            counts = monitor.observe(some, losses[rows], times[rows])
            whole = counts if whole is None else whole.merge(counts)
        assert whole is not None
        states.append((monitor.places.spare.state(), whole.labels.tolist()))
    assert states[0] == states[1] == states[2]


def test_a_region_and_its_host_are_one_alarm() -> None:
    """The registered dimension is named, the trace's is told with it."""
    for seed in range(10):
        rng = np.random.default_rng([7, seed])
        monitor = _monitor(rng, _columns(rng, 10_000, versions={"2.0": 1.0}))
        steps = []
        for window in range(20):
            columns = _columns(rng, ROWS, versions={"2.0": 1.0})
            losses = (rng.random(ROWS) < _risk(columns, [(REGION, "r2")])).astype(np.float64)
            steps += _close(monitor, columns, losses, window)
        (step,) = steps
        assert step.status.key == ((REGION, "r2"),)
        assert step.alike == (((HOST, "h2"),),)


def test_dimensions_of_traces_are_not_crossed() -> None:
    rng = np.random.default_rng(8)
    columns = _columns(rng, 10_000, versions={"2.0": 0.5, "2.1": 0.5})
    columns["plan"] = CategoricalColumn.of([f"p{code}" for code in rng.integers(0, 2, 10_000)])
    pairs = {
        tuple(name for name, _ in key) for key in SliceLayout.learn(columns, alone=TRACE).slices
    }
    assert pairs == {(REGION,), (HOST,), (VERSION,), ("plan",), (REGION, "plan")}


@pytest.mark.parametrize("traces", [0, 100])
def test_slices_of_traces_take_little_from_the_others(traces: int) -> None:
    """However many there are, a registered slice has two thirds of its budget."""
    rng = np.random.default_rng(9)
    columns = {REGION: CategoricalColumn.of([f"r{code}" for code in rng.integers(0, 10, 30_000)])}
    if traces:
        levels = [f"s{code}" for code in rng.integers(0, traces, 30_000)]
        columns["trace.span.a"] = CategoricalColumn.of(levels)
        layout = SliceLayout.learn(columns, alone=["trace.span.a"], max_levels=traces)
    else:
        layout = SliceLayout.learn(columns)
    counts = layout.count(columns, np.zeros(30_000))
    monitor = SliceMonitor(layout, counts, tolerance=0.02, budget=1000)
    found = {status.key[0][0]: 10**status.log10_threshold for status in monitor.statuses()}
    assert len(layout.slices) == 10 + traces
    assert found[REGION] == pytest.approx(1000 * 10 / (0.6 if traces else 0.9))


@pytest.mark.parametrize(("risk", "named"), [(0.5, True), (0.1, False)])
def test_a_level_that_was_rare_in_the_reference_is_watched(risk: float, named: bool) -> None:
    """Slow calls are rare as long as all is well; they are a tenth, and may fail, later."""
    for seed in range(5):
        rng = np.random.default_rng([9, seed])
        monitor = _monitor(rng, _columns(rng, 2000, versions={"1.0": 0.985, "slow": 0.015}))
        steps = []
        for window in range(20):
            columns = _columns(rng, ROWS, versions={"1.0": 0.9, "slow": 0.1})
            slow = np.array([level == "slow" for level in columns[VERSION].values()])
            losses = (rng.random(ROWS) < np.where(slow, risk, 0.1)).astype(np.float64)
            steps += _close(monitor, columns, losses, window)
        assert [step.status.key for step in steps] == [((VERSION, "slow"),)] * named
