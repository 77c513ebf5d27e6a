"""The monitor as the service uses it: restored exactly, latched, resolved, merged windows."""

import json
from collections.abc import Mapping

import numpy as np
import pytest

from barograph_processor.drift import DriftMonitor, DriftUpdate, ReferenceProfile, StreamKey
from barograph_processor.stats import CategoricalColumn, Column, NumericColumn

KEYS = [
    StreamKey("input.drift", "age"),
    StreamKey("input.drift", "income"),
    StreamKey("input.drift", "city"),
    StreamKey("confidence.drift", None),
]


def rows(
    rng: np.random.Generator, n: int, *, shift: float = 0.0, city: float = 0.5
) -> dict[StreamKey, Column]:
    names = np.where(rng.uniform(size=n) < city, "Oslo", "Bergen").tolist()
    age = rng.normal(40.0 + 10 * shift, 10.0, size=n)
    return {
        KEYS[0]: NumericColumn(age),
        KEYS[1]: NumericColumn(rng.lognormal(size=n)),
        KEYS[2]: CategoricalColumn.of(names),
        KEYS[3]: NumericColumn(rng.beta(5, 2, size=n)),
    }


def learn(columns: Mapping[StreamKey, Column], *, window: int = 500) -> ReferenceProfile:
    n = len(next(iter(columns.values())))
    return ReferenceProfile.learn(columns, np.arange(n) // window, np.arange(n, dtype=np.float64))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def profile(rng: np.random.Generator) -> ReferenceProfile:
    return learn(rows(rng, 10_000))


def run(
    monitor: DriftMonitor,
    profile: ReferenceProfile,
    batches: list[dict[StreamKey, Column]],
    at: int,
) -> list[DriftUpdate]:
    return [
        monitor.update(profile.count(batch), time=10_000 + 500.0 * (at + w), window=at + w)
        for w, batch in enumerate(batches)
    ]


def test_a_restored_monitor_goes_on_as_if_never_stopped(
    rng: np.random.Generator, profile: ReferenceProfile
) -> None:
    shifts = [0.0] * 10 + [0.6] * 15 + [0.0] * 25
    sizes = [500, 40, 30, 500, 60] * 10
    batches = [rows(rng, n, shift=s) for n, s in zip(sizes, shifts, strict=True)]
    whole = DriftMonitor(profile, budget=1000.0)
    expected = run(whole, profile, batches, 0)
    assert {what for update in expected for _, what, _ in update.transitions} >= {
        "open",
        "resolved",
    }
    for stop in (1, 2, 14, 20, 33):
        first = DriftMonitor(profile, budget=1000.0)
        run(first, profile, batches[:stop], 0)
        text = json.dumps(profile.to_json())
        again = ReferenceProfile.from_json(json.loads(text))
        second = DriftMonitor.restore(again, first.state())
        assert second.streams == first.streams
        assert run(second, again, batches[stop:], stop) == expected[stop:]


def test_a_step_is_found_dated_and_resolved(
    rng: np.random.Generator, profile: ReferenceProfile
) -> None:
    monitor = DriftMonitor(profile, budget=10_000.0)
    shifts = [0.0] * 20 + [0.5] * 20 + [0.0] * 30
    updates = run(monitor, profile, [rows(rng, 500, shift=s) for s in shifts], 0)
    moves = [
        (w, key.feature, what, alarm)
        for w, update in enumerate(updates)
        for key, what, alarm in update.transitions
        if what != "updated"
    ]
    (opened, feature, first, alarm), (resolved, _, second, _) = moves
    assert (feature, first, second) == ("age", "open", "resolved")
    assert 20 <= opened <= 26
    assert 40 <= resolved <= 60
    assert alarm.since_low <= 20 <= alarm.since_high
    assert alarm.effect.kind == "mean"
    assert 42 < alarm.effect.now < 48
    assert "age rose" in alarm.description


def test_a_window_of_few_rows_waits_for_the_next(
    rng: np.random.Generator, profile: ReferenceProfile
) -> None:
    monitor = DriftMonitor(profile, budget=1000.0)
    before = monitor.streams
    update = monitor.update(profile.count(rows(rng, 99)), time=0.0, window=0)
    assert update.streams == before
    assert monitor.update(profile.empty(), time=0.0, window=1).streams == before
    assert monitor.update(profile.count(rows(rng, 1)), time=0.0, window=2).streams != before


def test_counts_of_another_profile_are_refused(
    rng: np.random.Generator, profile: ReferenceProfile
) -> None:
    other = learn(rows(rng, 1000))
    with pytest.raises(ValueError, match="another reference profile"):
        DriftMonitor(profile, budget=10.0).update(other.empty(), time=0.0, window=0)


def test_a_short_reference_is_reported(rng: np.random.Generator) -> None:
    monitor = DriftMonitor(learn(rows(rng, 1000)), budget=1000.0)
    assert "2 windows" in monitor.warnings[0]


def test_an_unknown_schema_is_refused(profile: ReferenceProfile) -> None:
    data = profile.to_json() | {"schema": 99}
    with pytest.raises(ValueError, match="schema"):
        ReferenceProfile.from_json(data)
    state = DriftMonitor(profile, budget=10.0).state() | {"schema": 99}
    with pytest.raises(ValueError, match="schema"):
        DriftMonitor.restore(profile, state)


@pytest.mark.parametrize("budget", [0.0, -1.0, float("nan"), float("inf")])
def test_a_budget_is_a_number_of_windows(profile: ReferenceProfile, budget: float) -> None:
    with pytest.raises(ValueError, match="budget"):
        DriftMonitor(profile, budget=budget)
