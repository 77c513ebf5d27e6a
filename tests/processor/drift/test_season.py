"""Seasons: declared, proposed, refused."""

import numpy as np
import pytest

from barograph_processor.drift import (
    DriftMonitor,
    ReferenceProfile,
    StreamKey,
    propose_season,
)
from barograph_processor.drift.season import DAY, WEEK, Regressors
from barograph_processor.stats import NumericColumn

KEY = StreamKey("input.drift", "x")


def profile(seed: int, windows: int, amplitude: float, period: float = DAY) -> ReferenceProfile:
    rng = np.random.default_rng(seed)
    window = np.repeat(np.arange(windows), 200)
    time = (np.arange(len(window)) + 0.5) * 3600 / 200
    x = rng.normal(size=len(window)) + amplitude * np.sin(2 * np.pi * time / period)
    return ReferenceProfile.learn({KEY: NumericColumn(x)}, window, time)


def test_a_daily_season_is_proposed() -> None:
    monitor = DriftMonitor(profile(1, 72, 0.4), budget=1000)
    assert propose_season(monitor.profile) == "hour_of_day"
    assert any("hour_of_day" in text for text in monitor.warnings)
    declared = DriftMonitor(monitor.profile, budget=1000, season="hour_of_day")
    assert not any("season" in text for text in declared.warnings)


def test_a_weekly_season_is_proposed() -> None:
    assert propose_season(profile(2, 400, 0.4, WEEK)) == "day_of_week"


def test_no_season_is_rarely_proposed() -> None:
    assert sum(propose_season(profile(seed, 60, 0.0)) is not None for seed in range(30)) <= 2


def test_half_a_day_tells_nothing_about_days() -> None:
    assert propose_season(profile(3, 12, 0.5)) is None


@pytest.mark.parametrize("season", ["hour_of_day", "day_of_week", "hour_of_week"])
def test_a_season_needs_two_periods(season: str) -> None:
    short = profile(4, 20, 0.0)
    with pytest.raises(ValueError, match="two periods"):
        DriftMonitor(short, budget=1000, season=season)


def test_an_unknown_season_is_refused() -> None:
    with pytest.raises(ValueError, match="season must be one of"):
        DriftMonitor(profile(5, 10, 0.0), budget=1000, season="moon_phase")


def test_regressors_repeat_with_the_season() -> None:
    logs, time = np.full(72, 4.6), 3600 * np.arange(72, dtype=np.float64)
    regressors = Regressors.learn(logs, time, "hour_of_day")
    assert np.allclose(regressors.of(4.6, 7200.0), regressors.of(4.6, 7200.0 + 5 * DAY))
    assert len(regressors.of(4.6, 0.0)) == regressors.models.prior.shape[1]


def test_a_declared_season_raises_nothing_and_hides_no_drift() -> None:
    found: list[int] = []
    for seed in range(5):
        learnt = profile(10 + seed, 72, 0.4)
        monitor = DriftMonitor(learnt, budget=10_000, season="hour_of_day")
        rng = np.random.default_rng(100 + seed)
        opened = []
        for w in range(100):
            time = (72 + w + 0.5) * 3600.0
            mean = 0.4 * np.sin(2 * np.pi * time / DAY) + 0.5 * (w >= 80)
            counts = learnt.count({KEY: NumericColumn(rng.normal(mean, 1, size=200))})
            update = monitor.update(counts, time=time, window=w)
            opened += [w for _, what, _ in update.transitions if what == "open"]
        assert opened
        assert opened[0] >= 80
        found.append(opened[0])
    assert np.median(found) <= 86
