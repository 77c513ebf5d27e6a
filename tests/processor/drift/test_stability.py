"""A reference that is not one state: it is learnt, and its owner is told."""

import numpy as np
import pytest

from barograph_processor.drift import DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.drift.season import Regressors
from barograph_processor.drift.stability import reference_change
from barograph_processor.stats import CategoricalColumn, Column, NumericColumn
from barograph_processor.stats.array import Floats

AGE, INCOME, CITY = (StreamKey("input.drift", name) for name in ("age", "income", "city"))
ROWS = 500


def learn(windows: int, level: Floats, seed: int, *, effect: float = 0.0) -> ReferenceProfile:
    """Learn from hourly windows of which ``level`` shifts age, in deviations."""
    rng = np.random.default_rng(seed)
    window = np.repeat(np.arange(windows), ROWS)
    n = len(window)
    moved = (level + effect * rng.normal(size=windows))[window]
    columns: dict[StreamKey, Column] = {
        AGE: NumericColumn(rng.normal(size=n) + moved),
        INCOME: NumericColumn(rng.normal(size=n)),
        CITY: CategoricalColumn((rng.normal(size=n) > 1).astype(np.int32), ("Bergen", "Oslo")),
    }
    return ReferenceProfile.learn(columns, window, np.asarray(3600.0 * window, dtype=np.float64))


def changed(profile: ReferenceProfile) -> tuple[StreamKey, int | None] | None:
    regressors = Regressors.learn(profile.log_rows, profile.time, None)
    found = reference_change(profile, regressors)
    return None if found is None else (found.key, found.window)


def test_a_change_near_the_end_is_dated() -> None:
    level = np.where(np.arange(50) >= 46, 0.4, 0.0)
    assert changed(learn(50, level, 1)) == (AGE, 46)


def test_a_slow_trend_is_found_without_a_date() -> None:
    assert changed(learn(20, np.linspace(0, 1, 20), 2)) == (AGE, None)


def test_the_monitor_says_so() -> None:
    level = np.where(np.arange(40) >= 30, 0.4, 0.0)
    (warning,) = DriftMonitor(learn(40, level, 3), budget=1000.0).warnings
    assert "age drifts inside the reference, from its window 30 on" in warning
    assert DriftMonitor(learn(40, np.zeros(40), 3), budget=1000.0).warnings == ()


def test_windows_that_differ_or_persist_are_no_change() -> None:
    """At 1% each, three of 40 references would be told to be bad once in 10,000 times."""
    found = [changed(learn(30, np.zeros(30), seed, effect=0.2)) for seed in range(20)]
    for seed in range(20):
        rng = np.random.default_rng([seed, 9])
        level = np.zeros(60)
        for t in range(1, 60):
            level[t] = 0.5 * level[t - 1] + 0.2 * rng.normal()
        found.append(changed(learn(60, level, seed)))
    assert sum(each is not None for each in found) <= 2


@pytest.mark.parametrize("windows", [1, 2, 6])
def test_too_few_windows_say_nothing(windows: int) -> None:
    assert changed(learn(windows, np.arange(windows, dtype=np.float64), 4)) is None


def test_windows_that_go_on_like_the_ones_before_are_told() -> None:
    rng = np.random.default_rng(5)
    level = np.zeros(80)
    for t in range(1, 80):
        level[t] = 0.85 * level[t - 1] + 0.3 * rng.normal()
    n, window = 80 * ROWS, np.repeat(np.arange(80), ROWS)
    columns: dict[StreamKey, Column] = {
        AGE: NumericColumn(rng.normal(size=n) + level[window]),
        INCOME: NumericColumn(rng.normal(size=n) + level[window]),
    }
    profile = ReferenceProfile.learn(columns, window, np.asarray(60.0 * window, dtype=np.float64))
    assert any("go on like" in text for text in DriftMonitor(profile, budget=1000.0).warnings)
