"""One figure a window against those of the reference."""

import numpy as np
import pytest

from barograph_processor.quality.figure import FigureMonitor, FigureReference


def learnt(m: int = 30, *, seed: int = 1) -> FigureReference:
    values = np.random.default_rng(seed).normal(5.0, 1.0, size=m)
    return FigureReference.learn(values, np.full(m, 100.0))


def test_a_rise_is_latched_dated_and_over_when_it_is_over() -> None:
    rng = np.random.default_rng(2)
    monitor = FigureMonitor(learnt(), upwards=True, tolerance=0.0, budget=10_000)
    states = []
    for window in range(80):
        high = 20 <= window < 50
        monitor.update(float(rng.normal(8.0 if high else 5.0)), 100.0, window=window)
        states.append(monitor.harmed)
    opened = states.index(True)
    closed = states.index(False, opened)
    assert 22 <= opened <= 30
    assert 50 <= closed <= 60
    assert 19 <= monitor.since_window <= 22
    assert not any(states[closed:])


def test_the_other_direction_does_not_matter() -> None:
    monitor = FigureMonitor(learnt(), upwards=True, tolerance=0.0, budget=100)
    for window in range(200):
        monitor.update(-3.0, 100.0, window=window)
    assert not monitor.harmed


def test_a_small_window_says_little() -> None:
    """A move that full windows tell at once is not told by windows of a row."""
    full, small = (
        FigureMonitor(learnt(), upwards=False, tolerance=0.0, budget=10_000) for _ in "ab"
    )
    for window in range(12):
        full.update(1.0, 100.0, window=window)
        small.update(1.0, 1.0, window=window)
    assert full.harmed
    assert not small.harmed


def test_persistence_widens_the_spread() -> None:
    rng = np.random.default_rng(3)
    steps = rng.normal(size=40)
    walk = np.zeros(40)
    for t in range(1, 40):
        walk[t] = 0.8 * walk[t - 1] + 0.6 * steps[t]
    shuffled = rng.permutation(walk)
    size = np.full(40, 10.0)
    assert FigureReference.learn(walk, size).spread > FigureReference.learn(shuffled, size).spread


def test_what_never_varied_is_judged_all_the_same() -> None:
    monitor = FigureMonitor(
        FigureReference.learn(np.full(7, 2.0), np.full(7, 10.0)),
        upwards=True,
        tolerance=0.0,
        budget=100,
    )
    for window in range(10):
        monitor.update(2.0, 10.0, window=window)
    assert not monitor.harmed
    for window in range(10, 20):
        monitor.update(3.0, 10.0, window=window)
    assert monitor.harmed


def test_too_few_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 7 windows"):
        FigureReference.learn(np.zeros(6), np.ones(6))


@pytest.mark.parametrize("bad", [{"tolerance": -0.1}, {"budget": 0.5}, {"recovery": 0.0}])
def test_impossible_settings_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        FigureMonitor(learnt(), upwards=True, **({"tolerance": 0.0, "budget": 10.0} | bad))
