"""The drift monitor on streams without drift and with it: seeds fixed, bounds not."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats as oracle

from barograph_processor.drift import DriftAlarm, DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.stats import CategoricalColumn, NumericColumn
from benchmarks.detection.ours import columns_of, detect
from benchmarks.detection.streams import DRIFTED, ONSET, Stream, make_run

RUNS = 8
BUDGET = 20_000.0

QUIET = (
    Stream("independent rows", windows=150),
    Stream("independent rows, reference of 50", windows=150, reference=50),
    Stream("autocorrelated rows .5", windows=150, ar=0.5),
    Stream("autocorrelated rows .98", windows=150, ar=0.98),
    Stream("random window effects", windows=150, effect=0.1),
    Stream("heavy-tailed window effects", windows=150, effect=0.1, heavy=True),
    Stream("persistent window effects", windows=150, effect=0.1, persistence=0.5, reference=50),
    Stream("unequal windows, traffic with the score", windows=150, rows=None, traffic=0.15),
    Stream("season", windows=150, reference=50, season=0.3, season_declared="hour_of_day"),
)


def opened(stream: Stream, seed: int) -> list[tuple[int, str | None]]:
    alarms = detect(make_run(stream, seed), budget=BUDGET, season=stream.season_declared)
    return [(alarm.window, alarm.feature) for alarm in alarms if alarm.state == "open"]


@pytest.mark.parametrize("stream", QUIET, ids=[stream.name for stream in QUIET])
def test_false_alarms_are_rare(stream: Stream) -> None:
    """At most about one alarm in 20 runs of ten features and 200 windows, at 99.9%."""
    events = sum(len(opened(stream, seed)) for seed in range(RUNS))
    most = oracle.poisson.ppf(0.999, RUNS * stream.windows / 200 / 20)
    assert events <= most


def names_found(tail: float, levels: int, seed: int, renamed: float = 0.0) -> list[int]:
    """Windows in which an alarm was opened on names of which the reference lacks many."""
    rng, key = np.random.default_rng(seed), StreamKey("input.drift", "street")
    share = 1 / np.arange(1, levels + 1) ** tail
    codes = rng.choice(levels, 20_000, p=share / share.sum())
    codes[rng.random(20_000) < np.where(np.arange(20_000) < 12_500, 0.0, renamed)] += levels
    column = CategoricalColumn.of([f"s{code}" for code in codes.tolist()])
    rows = np.arange(5000)
    profile = ReferenceProfile.learn({key: column.take(rows)}, rows // 500, rows.astype(float))
    monitor = DriftMonitor(profile, budget=BUDGET)
    found = []
    for w in range(30):
        counts = profile.count({key: column.take(np.arange(5000 + 500 * w, 5500 + 500 * w))})
        update = monitor.update(counts, time=5000.0 + 500 * w, window=w)
        found += [w for _, what, _ in update.transitions if what == "open"]
    return found


@pytest.mark.parametrize(("tail", "levels"), [(0.0, 1000), (1.2, 20_000)])
def test_names_that_a_reference_cannot_hold_all_of_raise_nothing(tail: float, levels: int) -> None:
    """Addresses, products, words: a part of the rows after a reference is always new to it."""
    assert [names_found(tail, levels, seed) for seed in range(6)] == [[]] * 6
    for seed in range(3):
        first = min(names_found(tail, levels, seed, renamed=0.15), default=10**6)
        assert 15 <= first <= 20


def delays(stream: Stream, features: Sequence[str], runs: int) -> list[int]:
    found = []
    for seed in range(runs):
        first: dict[str | None, int] = {}
        for window, feature in opened(stream, seed):
            assert window >= ONSET
            assert feature in DRIFTED
            first.setdefault(feature, window - ONSET + 1)
        found += [first.get(feature, 10**6) for feature in features]
    return found


def test_gradual_drift_is_found_in_every_feature() -> None:
    stream = Stream("ramp", windows=60, drift=lambda t: 0.5 * min(t / 50, 1))
    found = delays(stream, DRIFTED, RUNS)
    assert max(found) < 10**6
    assert np.median(found) <= 12


def test_a_small_step_is_found_under_a_reference_of_50() -> None:
    stream = Stream("step", windows=100, reference=50, drift=lambda _: 0.05)
    found = delays(stream, ("f0", "f5"), 6)
    assert sum(delay <= 80 for delay in found) >= len(found) - 1
    assert np.median(found) <= 20


def test_a_step_amid_dependent_rows_is_found_within_5_windows() -> None:
    stream = Stream("step", windows=35, ar=0.9, drift=lambda _: 0.5)
    assert np.median(delays(stream, DRIFTED, RUNS)) <= 5


def test_drift_is_reported_while_it_lasts_and_resolved_after_it() -> None:
    stream = Stream("pulse", windows=100, drift=lambda t: 0.5 if t <= 40 else 0.0)
    for seed in range(4):
        alarms = detect(make_run(stream, seed), budget=BUDGET)
        for feature in DRIFTED:
            own = [(a.window, a.state) for a in alarms if a.feature == feature]
            moves = [(window, state) for window, state in own if state != "updated"]
            (start, first), (end, second) = moves
            assert (first, second) == ("open", "resolved")
            assert ONSET <= start < ONSET + 8
            assert ONSET + 40 < end < ONSET + 65


def test_slow_contamination_is_found_and_kept() -> None:
    """Drift of .5 sigma over 150 windows, which the pool of earlier windows takes in."""
    stream = Stream("contamination", windows=200, drift=lambda t: 0.5 * min(t / 150, 1))
    for seed in range(3):
        alarms = detect(make_run(stream, seed), budget=BUDGET)
        for feature in ("f0", "f5"):
            states = [a.state for a in alarms if a.feature == feature and a.state != "updated"]
            assert states == ["open"]


def test_drift_within_tolerance_raises_nothing() -> None:
    """Covered by the distance: a tolerance above it keeps even a clear step quiet."""

    run = make_run(Stream("step", windows=50, drift=lambda _: 0.2), 1)
    rows = run.reference_rows
    profile = ReferenceProfile.learn(columns_of(run, rows), run.window[rows], run.time[rows])
    raised = {}
    for tolerance in (0.0, 0.5):
        monitor = DriftMonitor(profile, budget=BUDGET, tolerance=tolerance)
        raised[tolerance] = 0
        for live in range(50):
            at = run.rows(run.reference + live)
            counts = profile.count(columns_of(run, at))
            update = monitor.update(counts, time=float(run.time[at].mean()), window=live)
            raised[tolerance] += sum(what == "open" for _, what, _ in update.transitions)
    assert raised[0.0] >= 2
    assert raised[0.5] == 0


def test_the_interval_of_the_change_point_holds_the_truth() -> None:
    """Nominally in 90% of runs, for a step that is found after about ten windows."""
    key, rows, onset, runs = StreamKey("input.drift", "x"), 300, 25, 30
    inside = 0
    for seed in range(runs):
        rng = np.random.default_rng([seed, 5])
        profile = ReferenceProfile.learn(
            {key: NumericColumn(rng.normal(size=30 * rows))},
            np.arange(30 * rows) // rows,
            np.zeros(30 * rows),
        )
        monitor = DriftMonitor(profile, budget=5000)
        alarms: list[DriftAlarm] = []
        for window in range(90):
            shift = 0.15 * (window >= onset)
            counts = profile.count({key: NumericColumn(rng.normal(shift, 1, size=rows))})
            update = monitor.update(counts, time=0.0, window=window)
            alarms += [alarm for _, what, alarm in update.transitions if what == "open"]
            if alarms:
                break
        inside += alarms[0].since_low <= onset <= alarms[0].since_high
    assert runs - inside <= oracle.binom.ppf(0.999, runs, 0.1)
