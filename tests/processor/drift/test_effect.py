"""A drift alarm names what clearly moved."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.drift import DriftAlarm, DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.drift.alarm import Effect
from barograph_processor.drift.latch import Recent
from barograph_processor.state.shown_rows import showing
from barograph_processor.stats import NumericColumn

X = StreamKey("input.drift", "x")
N = 1000

Values = npt.NDArray[np.float64]


def changes(reference: Values, later: Values) -> Iterator[tuple[str, DriftAlarm]]:
    """Yield what is said of windows of the one after a reference of the other."""
    n = len(reference)
    profile = ReferenceProfile.learn(
        {X: NumericColumn(reference)}, np.arange(n) // N, np.arange(n, dtype=np.float64)
    )
    monitor = DriftMonitor(profile, budget=10_000.0)
    for window, values in enumerate(later.reshape(-1, N)):
        counts = profile.count({X: NumericColumn(values)})
        update = monitor.update(counts, time=n + N * window, window=window)
        yield from ((what, alarm) for _, what, alarm in update.transitions)


def raised(reference: Values, later: Values) -> DriftAlarm:
    """Return the alarm that is raised."""
    what, alarm = next(changes(reference, later))
    assert what == "open"
    return alarm


def doors(rng: np.random.Generator, n: int, shares: tuple[float, ...]) -> Values:
    return rng.choice([2.0, 3.0, 4.0, 5.0], n, p=shares)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_of_a_shift_it_is_the_mean(rng: np.random.Generator) -> None:
    effect = raised(rng.normal(0, 1, 20 * N), rng.normal(0.3, 1, 20 * N)).effect
    assert effect.kind == "mean"
    assert effect.clear
    assert effect.now == pytest.approx(0.3, abs=0.1)


def test_where_the_mean_stays_it_is_the_spread(rng: np.random.Generator) -> None:
    effect = raised(rng.normal(0, 1, 20 * N), rng.normal(0, 1.4, 20 * N)).effect
    assert effect.kind == "spread"
    assert effect.now == pytest.approx(1.4, abs=0.1)


def test_where_both_stay_it_is_the_range_that_moved(rng: np.random.Generator) -> None:
    """Mean and variance are the same; only the shares of the four values are not."""
    before, now = (0.2, 0.3, 0.3, 0.2), (0.265, 0.105, 0.495, 0.135)
    alarm = raised(doors(rng, 20 * N, before), doors(rng, 20 * N, now))
    effect = alarm.effect
    assert (effect.kind, effect.above, effect.up_to) == ("range", 3.0, 4.0)
    assert effect.before == pytest.approx(0.3, abs=0.02)
    assert effect.low < 0.495 < effect.high
    assert alarm.description.startswith("the share of x above 3 and up to 4 rose from 0.")
    values = doors(rng, 50, now)
    assert set(values[showing(NumericColumn(values), effect)]) == {4.0}


def test_of_a_constant_the_value_is_named_and_rows_that_left_it_are_shown() -> None:
    """Also where most of them did, as answers that begin to be refused."""
    later = np.tile([0.0, 1.0, 1.0], 7 * N)[: 20 * N]
    alarm = raised(np.zeros(20 * N), later)
    assert (alarm.effect.kind, alarm.effect.subject) == ("outside", "0")
    assert alarm.description.startswith("the share of x that is not 0 rose from 0")
    first = showing(NumericColumn(later[:30]), alarm.effect)[:5]
    assert set(later[first]) == {1.0}


@pytest.mark.parametrize(
    ("what", "anew"),
    [
        ({}, False),
        ({"now": 0.7}, True),
        ({"kind": "share"}, True),
        ({"subject": "level"}, True),
        ({"above": 2.0}, True),
        ({"up_to": 5.0}, True),
    ],
)
def test_what_was_not_told_is_told_anew(
    what: dict[str, Any], anew: bool, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many rows in another range say nothing of those in the range that was told."""
    told = Effect("range", None, 0.3, 0.5, 0.4, 0.6, above=3.0, up_to=4.0)
    monkeypatch.setattr(Recent, "effect", lambda *_: told)
    found = changes(rng.normal(0, 1, 20 * N), rng.normal(0.3, 1, 20 * N))
    assert next(found)[0] == "open"
    monkeypatch.setattr(Recent, "effect", lambda *_: replace(told, **what))
    monkeypatch.setattr(Recent, "distance", lambda *_: 10.0)
    assert [change for change, _ in found][:1] == (["updated"] if anew else [])
