"""Rates by window: what the reference says, what is tolerated, what is latched."""

import numpy as np
import pytest

from barograph_processor.quality.rate import RateMonitor, RateReference, RecentRate


def learnt(rate: float = 0.1, *, trials: float = 100.0, blocks: int = 10) -> RateReference:
    return RateReference.learn(np.full(blocks, rate * trials), np.full(blocks, trials))


def test_blocks_that_differ_no_more_than_chance_are_uncorrelated() -> None:
    rng = np.random.default_rng(1)
    alike = RateReference.learn(rng.binomial(200, 0.1, 50).astype(float), np.full(50, 200.0))
    swinging = rng.binomial(200, np.clip(0.1 + 0.05 * rng.normal(size=50), 0, 1))
    different = RateReference.learn(swinging.astype(float), np.full(50, 200.0))
    assert alike.correlation < 0.002
    # Var p / (p (1 - p)) = 0.0025 / 0.09.
    assert different.correlation == pytest.approx(0.028, abs=0.012)
    assert different.bound - different.rate > 1.5 * (alike.bound - alike.rate)


def test_a_rate_that_never_occurred_has_a_bound() -> None:
    reference = RateReference.learn(np.zeros(10), np.full(10, 100.0))
    assert reference.rate == 0
    assert 0 < reference.bound < 0.005


def test_a_reference_needs_trials() -> None:
    with pytest.raises(ValueError, match="needs trials"):
        RateReference.learn(np.zeros(3), np.zeros(3))


def test_a_rise_is_latched_dated_and_over_when_it_is_over() -> None:
    monitor = RateMonitor(learnt(), tolerance=0.02, budget=10_000)
    states = []
    for window in range(60):
        monitor.update(25.0 if 10 <= window < 30 else 10.0, 100.0, window=window)
        states.append(monitor.harmed)
    opened, closed = states.index(True), states.index(False, states.index(True))
    assert 11 <= opened <= 14
    assert 30 <= closed <= 36
    assert not any(states[closed:])
    assert monitor.since_window == 10


def test_the_evidence_that_latched_it_is_kept_while_that_of_its_end_grows() -> None:
    monitor = RateMonitor(learnt(), tolerance=0.02, budget=10_000)
    assert monitor.decision == (0.0, 0.0)
    window = 0
    while not monitor.harmed:
        last = monitor.log10_evidence
        monitor.update(25.0, 100.0, window=window)
        window += 1
    evidence, threshold = monitor.decision
    assert threshold == pytest.approx(4.0)
    assert last < threshold <= evidence < threshold + 4
    monitor.update(25.0, 100.0, window=window)
    assert monitor.log10_evidence < evidence
    assert (
        RateMonitor.restore(monitor.state()).decision == monitor.decision == (evidence, threshold)
    )


def test_what_is_tolerated_is_no_rise() -> None:
    monitor = RateMonitor(learnt(), tolerance=0.05, budget=1000)
    for window in range(500):
        monitor.update(15.0, 100.0, window=window)
    assert not monitor.harmed


def test_a_window_without_trials_tells_nothing() -> None:
    monitor = RateMonitor(learnt(), tolerance=0.0, budget=100)
    before = monitor.state()
    for window in range(1000):
        monitor.update(0.0, 0.0, window=window)
    assert monitor.state() == before


def test_more_successes_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="successes must be in"):
        RateMonitor(learnt(), tolerance=0.0, budget=100).update(3.0, 2.0, window=0)


@pytest.mark.parametrize("bad", [{"tolerance": -0.1}, {"budget": 0.5}, {"recovery": 0.0}])
def test_impossible_settings_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        RateMonitor(learnt(), **({"tolerance": 0.0, "budget": 10.0} | bad))


def test_a_recent_rate_is_about_now() -> None:
    recent = RecentRate(3)
    assert recent.estimate() is None
    for _ in range(20):
        recent.update(50.0, 50.0)
    for _ in range(6):
        recent.update(0.0, 50.0)
    found = recent.estimate()
    assert found is not None
    assert found[0] == 0
    assert found[2] < 0.06
    assert 100 <= recent.trials <= 250
