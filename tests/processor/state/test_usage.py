"""Predictions a day against those of the same weekdays before."""

import numpy as np
import pytest

from barograph_processor.config import AlarmConfig
from barograph_processor.state.aftermath.usage import Usage

DAY = 86_400_000_000_000
MONDAY = 18_000 * DAY


def window(time_ns: int) -> int:
    """Return the window that a time falls into: four a day."""
    return (time_ns - MONDAY) * 4 // DAY


def run(
    days: list[float], *, usage: Usage | None = None, first: int = 0, restart: bool = False
) -> Usage:
    """Feed days of so many predictions each, spread over the day."""
    usage = usage or Usage(AlarmConfig(windows_between_false_alarms=50))
    for day, count in enumerate(days, first):
        start = MONDAY + day * DAY
        times = start + np.linspace(0, DAY - 1, round(count)).astype(np.int64)
        usage.see(times)
        usage.close(start + DAY, reference_end_ns=MONDAY, windows_per_day=5.0)
        if restart:
            fresh = Usage(AlarmConfig(windows_between_false_alarms=50))
            fresh.load(usage.state())
            usage = fresh
    return usage


def weeks(n: int, *, seed: int = 1, level: float = 1000.0) -> list[float]:
    """Office weeks: hardly anything at the weekend."""
    noise = np.exp(np.random.default_rng(seed).normal(0, 0.03, size=7 * n))
    return [level * noise[d] * (0.05 if d % 7 >= 5 else 1.0) for d in range(7 * n)]


def test_weekends_are_no_fall() -> None:
    assert run(weeks(30)).finding(window, quality_harmed=False) is None


@pytest.mark.parametrize("restart", [False, True])
def test_users_who_leave_are_told(restart: bool) -> None:
    usage = run(weeks(4), restart=restart)
    usage = run(weeks(6, level=500.0, seed=2), usage=usage, first=28, restart=restart)
    finding = usage.finding(window, quality_harmed=False)
    assert finding is not None
    assert (finding.signal, finding.feature, finding.severity) == ("trust", "usage", "ticket")
    assert "users adapt: they use it less" in finding.sentence
    assert finding.now == pytest.approx(0.5, abs=0.05)
    assert abs(finding.since_ns - (MONDAY + 28 * DAY)) <= 3 * DAY
    assert finding.since_window == window(finding.since_ns)


def test_it_is_no_news_while_labels_say_that_predictions_are_wrong() -> None:
    usage = run(weeks(6, level=500.0, seed=2), usage=run(weeks(4)), first=28)
    assert usage.finding(window, quality_harmed=True) is None


def test_users_who_come_back_end_it() -> None:
    usage = run(weeks(6, level=500.0, seed=2), usage=run(weeks(4)), first=28)
    usage = run(weeks(6, seed=3), usage=usage, first=70)
    assert usage.finding(window, quality_harmed=False) is None


def test_a_tenth_less_is_tolerated() -> None:
    usage = run(weeks(40, level=930.0, seed=2), usage=run(weeks(4)), first=28)
    assert usage.finding(window, quality_harmed=False) is None


def test_months_without_any_are_left_to_silence() -> None:
    usage = run(weeks(4))
    usage = run(weeks(3, seed=4), usage=usage, first=28 + 7 * 10)
    assert usage.finding(window, quality_harmed=False) is None


def learnt_for(days: list[float], *, at_once: bool) -> Usage:
    """Feed days that are the reference, and half a year more of the last level."""
    usage = Usage(AlarmConfig(windows_between_false_alarms=50))
    counts = [*days, *([days[-1]] * 180)]
    times = MONDAY + np.repeat(np.arange(len(counts)) * DAY, np.array(counts, dtype=np.int64))
    for batch in [times] if at_once else np.array_split(times, 40):
        usage.see(batch)
    for day in range(len(days), len(counts)):
        usage.close(
            MONDAY + (day + 1) * DAY,
            reference_end_ns=MONDAY + len(days) * DAY,
            windows_per_day=1.0,
        )
    return usage


@pytest.mark.parametrize("at_once", [True, False])
def test_a_reference_of_years_says_what_is_normal_by_its_last_weeks(at_once: bool) -> None:
    """However many days come before the first window closes, and in one batch."""
    years = [40.0] * 700 + [20.0] * 60
    usage = learnt_for(years, at_once=at_once)
    assert usage.finding(window, quality_harmed=False) is None
    left = run([10.0] * 60, usage=usage, first=len(years) + 180)
    finding = left.finding(window, quality_harmed=False)
    assert finding is not None
    assert finding.now == pytest.approx(0.5, abs=0.05)


def test_days_that_are_open_are_bounded() -> None:
    usage = Usage(AlarmConfig())
    for day in range(5000):
        usage.see(np.array([MONDAY + DAY * day]))
    assert len(usage.state()["open"]) <= 401
