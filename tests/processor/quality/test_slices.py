"""A failing slice is named first and alone; a fall of everything names none."""

from collections.abc import Mapping
from functools import reduce

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.quality.slice.budget import slice_weights
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.layout import SliceKey, SliceLayout
from barograph_processor.quality.slice.monitor import SliceMonitor
from barograph_processor.quality.slice.rest import slice_dispersion
from barograph_processor.quality.slice.status import SliceTransition
from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.stats.column import CategoricalColumn

DIMENSIONS = {"region": 8, "device": 4, "plan": 3}
TRACES = {f"trace.{name}": 25 for name in ("a", "b", "c", "d")}
BREAK = 10

Labels = tuple[Mapping[str, CategoricalColumn], npt.NDArray[np.float64]]


def _labels(
    rng: np.random.Generator,
    n: int,
    *,
    failing: SliceKey = (),
    extra: float = 0.0,
    traces: Mapping[str, int] | None = None,
) -> Labels:
    """Draw labels with 10% losses, and ``extra`` more in the failing slice."""
    columns = {}
    inside = np.ones(n, dtype=np.bool_)
    for name, size in DIMENSIONS.items():
        share = 1 / np.arange(1, size + 1)
        levels = tuple(f"{name}{level}" for level in range(size))
        codes = rng.choice(size, n, p=share / share.sum()).astype(np.int32)
        columns[name] = CategoricalColumn(codes, levels)
        for dimension, level in failing:
            if dimension == name:
                inside &= codes == levels.index(level)
    for name, size in (traces or {}).items():
        codes = rng.integers(0, size, n).astype(np.int32)
        columns[name] = CategoricalColumn(codes, tuple(f"level{level}" for level in range(size)))
    return columns, (rng.random(n) < 0.1 + extra * inside).astype(np.float64)


def _monitor(rng: np.random.Generator, traces: Mapping[str, int] | None = None) -> SliceMonitor:
    columns, losses = _labels(rng, 10_000, traces=traces)
    layout = SliceLayout.learn(columns, alone=traces or ())
    return SliceMonitor(layout, layout.count(columns, losses), tolerance=0.02, budget=40_000)


def _seen(
    monitor: SliceMonitor,
    columns: Mapping[str, CategoricalColumn],
    losses: npt.NDArray[np.float64],
) -> SliceCounts:
    return monitor.observe(columns, losses, np.zeros(len(losses), dtype=np.int64))


def _run(
    seed: int,
    *,
    failing: SliceKey = (),
    extra: float = 0.2,
    windows: int = 40,
    traces: Mapping[str, int] | None = None,
) -> list[tuple[int, SliceTransition]]:
    rng = np.random.default_rng(seed)
    monitor = _monitor(rng, traces)
    found = []
    for window in range(windows):
        now = extra if window >= BREAK else 0.0
        counts = _seen(monitor, *_labels(rng, 1000, failing=failing, extra=now, traces=traces))
        found += [(window, step) for step in monitor.update(counts, window=window)]
    return found


@pytest.mark.parametrize(
    "failing",
    [
        (("region", "region1"),),
        (("region", "region4"),),
        (("region", "region0"), ("device", "device1")),
    ],
)
def test_the_failing_slice_is_named_first(failing: SliceKey) -> None:
    """In 20 runs of 20; in 18 of them within 6 windows of its break, the median within 4."""
    runs = [_run(seed, failing=failing) for seed in range(20)]
    assert [run[0][1].status.key for run in runs] == [failing] * 20
    delays = [run[0][0] - BREAK + 1 for run in runs]
    assert min(delays) >= 1
    assert np.median(delays) <= 4
    assert sorted(delays)[17] <= 6
    since = [run[0][1].since_window for run in runs]
    assert sum(abs(window - BREAK) <= 1 for window in since) >= 18


def test_the_figure_is_of_the_time_since_it_is_told() -> None:
    """Of 20 runs the interval holds the risk since the break in 18, and the rest's in 18."""
    failing = (("region", "region1"),)
    steps = [_run(seed, failing=failing)[0][1] for seed in range(20)]
    told = [step.status for step in steps]
    assert sum(each.low <= 0.3 <= each.high for each in told) >= 18
    assert sum(abs((each.rest or 0) - 0.1) < 0.03 for each in told) >= 18


def test_a_state_with_one_sum_for_all_slices_is_read() -> None:
    """As those were before a slice under an alarm had its own."""
    rng = np.random.default_rng(3)
    monitor = _monitor(rng)
    monitor.update(_seen(monitor, *_labels(rng, 1000)), window=0)
    state = monitor.state()
    state["recent_all"] = state["recent_all"].reshape(2, -1)[:, 0]
    again = SliceMonitor.restore(state)
    assert again.statuses() == monitor.statuses()


@pytest.mark.parametrize(
    "failing", [(("region", "region1"),), (("region", "region0"), ("device", "device1"))]
)
def test_a_hundred_slices_of_traces_do_not_hide_it(failing: SliceKey) -> None:
    """It is named first, within 4 windows, in 9 runs of 10: with 28 points more errors.

    That is what 35% of flipped labels make of 10%, as in ``benchmarks/detection``.
    """
    runs = [
        _run(seed, failing=failing, extra=0.28, windows=20, traces=TRACES) for seed in range(20)
    ]
    first = [run[0] for run in runs if run and run[0][1].status.key == failing]
    assert sum(window - BREAK < 4 for window, _ in first) >= 18


def test_nothing_is_named_while_nothing_fails() -> None:
    assert [_run(seed, extra=0.0, windows=100) for seed in range(10)] == [[]] * 10


def test_a_fall_of_everything_names_no_slice() -> None:
    """The slices move with the rest, so that the model's own alarm is the only one."""
    assert [_run(seed, extra=0.15) for seed in range(10)] == [[]] * 10


def test_a_slice_may_be_worse_by_the_tolerance_or_by_what_is_not_known_of_it() -> None:
    """The larger of both, not their sum, which would hide small slices' failures for long."""
    rng = np.random.default_rng(12)
    monitor = _monitor(rng)
    counts = monitor.reference
    known = counts.losses / counts.labels
    few, many = int(counts.labels.argmin()), int(counts.labels.argmax())
    tolerated = {status.key: status.tolerated for status in monitor.statuses()}
    slices = monitor.layout.slices
    bound = wilson_interval(float(counts.losses[few]), float(counts.labels[few]), alpha=0.1)[1]
    assert bound > known[few] + 0.02
    assert tolerated[slices[few]] == pytest.approx(bound)
    assert tolerated[slices[many]] == pytest.approx(known[many] + 0.02)


def test_weights_of_slices_keep_to_the_budget() -> None:
    """Levels of one dimension have as much of it together as pairs of levels, which are more."""
    layout = SliceLayout.learn(_labels(np.random.default_rng(3), 10_000, traces=TRACES)[0])
    two = np.array([len(key) == 2 for key in layout.slices])
    weights = slice_weights(layout, 32, 8)
    assert weights.sum() == pytest.approx(1)
    known = weights[:-40]
    assert known[two].sum() == pytest.approx(known[~two].sum())
    assert known[~two].min() > known[two].max()


def test_others_that_improve_are_no_harm_of_a_slice() -> None:
    """All lose 30% in the reference; later most lose 10%, and one slice what it always did."""
    stays: SliceKey = (("region", "region1"),)
    rng = np.random.default_rng(3)
    columns, losses = _labels(rng, 10_000, failing=(), extra=0.2)
    layout = SliceLayout.learn(columns)
    monitor = SliceMonitor(layout, layout.count(columns, losses), tolerance=0.02, budget=40_000)
    steps = []
    for window in range(60):
        counts = _seen(monitor, *_labels(rng, 1000, failing=stays, extra=0.2))
        steps += monitor.update(counts, window=window)
    assert steps == []


def test_a_slice_recovers() -> None:
    rng = np.random.default_rng(1)
    monitor, failing = _monitor(rng), (("device", "device1"),)
    states = []
    for window in range(60):
        extra = 0.3 if 10 <= window < 30 else 0.0
        counts = _seen(monitor, *_labels(rng, 1000, failing=failing, extra=extra))
        states += [(step.kind, window) for step in monitor.update(counts, window=window)]
    (opened, start), (closed, end) = states
    assert (opened, closed) == ("open", "resolved")
    assert 10 <= start <= 13
    assert 30 <= end <= 40


def test_splitting_a_window_changes_nothing() -> None:
    """Counts merge to the counts of the whole, and survive bytes."""
    rng = np.random.default_rng(2)
    columns, losses = _labels(rng, 3000)
    layout = SliceLayout.learn(columns)
    whole = layout.count(columns, losses)
    merged: SliceCounts | None = None
    for rows in np.array_split(np.arange(3000), 7):
        part = layout.count({n: c.take(rows) for n, c in columns.items()}, losses[rows])
        merged = part if merged is None else merged.merge(part)
    assert merged is not None
    assert merged.to_bytes() == whole.to_bytes()
    assert SliceCounts.from_bytes(whole.to_bytes()).to_bytes() == whole.to_bytes()


def test_a_restored_monitor_goes_on_as_if_it_had_never_stopped() -> None:
    rng = np.random.default_rng(4)
    steady, failing = _monitor(rng), (("region", "region2"),)
    restored = SliceMonitor.restore(steady.state())
    for window in range(20):
        labels = _labels(rng, 1000, failing=failing, extra=0.2)
        after = [m.update(_seen(m, *labels), window=window) for m in (steady, restored)]
        assert after[0] == after[1]
        restored = SliceMonitor.restore(restored.state())
    assert steady.statuses() == restored.statuses()
    assert steady.statuses()[0].harmed


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_too_few_labels_make_no_slices(rows: int) -> None:
    columns, losses = _labels(np.random.default_rng(0), rows)
    layout = SliceLayout.learn(columns)
    monitor = SliceMonitor(layout, layout.count(columns, losses), tolerance=0.02, budget=100)
    assert layout.slices == ()
    assert monitor.update(_seen(monitor, columns, losses), window=0) == []
    assert SliceLayout.learn({}).slices == ()


def test_unknown_levels_and_missing_dimensions_are_in_no_slice() -> None:
    layout = SliceLayout.learn(_labels(np.random.default_rng(3), 10_000)[0])
    unknown = {"region": CategoricalColumn.of(["elsewhere", None, "region0"])}
    counts = layout.count(unknown, np.ones(3))
    assert counts.all_labels == 3
    assert counts.labels.sum() == 1


def test_independent_labels_are_not_dispersed() -> None:
    """So to allow for swings costs next to nothing where nothing swings.

    Nor is a slice of half the traffic, beside a rest that is as noisy as itself: that noise
    is counted when it is bet on, and must not count for the small slices of its dimension.
    """
    rng = np.random.default_rng(6)
    columns, losses = _labels(rng, 20_000)
    layout = SliceLayout.learn(columns)
    blocks = [
        layout.count({n: c.take(rows) for n, c in columns.items()}, losses[rows])
        for rows in np.array_split(np.arange(20_000), 20)
    ]
    dispersion = slice_dispersion(layout, blocks)
    assert np.median(dispersion) < 1.1
    assert dispersion.max() < 1.35


def test_swings_of_the_reference_raise_no_alarm_later() -> None:
    """A slice that had bad days in the reference may have such days again."""

    def days(rng: np.random.Generator, count: int) -> list[Labels]:
        return [
            _labels(rng, 1000, failing=slice_, extra=float(rng.choice([0, 0.2])))
            for _ in range(count)
        ]

    slice_: SliceKey = (("device", "device1"),)
    layout = SliceLayout.learn(_labels(np.random.default_rng(0), 10_000)[0])
    alarms = {True: 0, False: 0}
    for seed in range(10):
        rng = np.random.default_rng([8, seed])
        reference, live = days(rng, 20), days(rng, 100)
        blocks = [layout.count(*labels) for labels in reference]
        whole = reduce(SliceCounts.merge, blocks)
        for allowed in (True, False):
            phi = slice_dispersion(layout, blocks) if allowed else None
            monitor = SliceMonitor(layout, whole, tolerance=0.02, budget=40_000, dispersion=phi)
            steps = [
                s for w, c in enumerate(live) for s in monitor.update(_seen(monitor, *c), window=w)
            ]
            alarms[allowed] += sum(step.kind == "open" for step in steps)
    assert alarms[True] <= 1
    assert alarms[False] > 10


def test_bad_options_are_refused() -> None:
    layout = SliceLayout.learn({})
    counts = layout.count({}, np.zeros(0))
    with pytest.raises(ValueError, match="tolerance"):
        SliceMonitor(layout, counts, tolerance=-0.1, budget=100)
    with pytest.raises(ValueError, match="budget"):
        SliceMonitor(layout, counts, tolerance=0.1, budget=0)
    with pytest.raises(ValueError, match="cut off"):
        SliceCounts.from_bytes(b"short")
