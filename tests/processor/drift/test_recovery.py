"""Drift is reported while it lasts, and is over soon after it ended."""

import numpy as np
import pytest

from barograph_processor.drift.recovery import Recovery

RUNS = 60


def recovered_after(rng: np.random.Generator, recovery: Recovery, mean: float, most: int) -> int:
    """Feed deviates until recovery, at most so many."""
    for t in range(most):
        recovery.update(float(rng.normal(mean)))
        if recovery.recovered:
            return t + 1
    return most + 1


@pytest.mark.parametrize(("level", "share"), [(0.8, 0.2), (1.5, 0.05), (3.0, 0.05)])
def test_drift_that_lasts_is_kept(level: float, share: float) -> None:
    """Even one that was barely found is not resolved by noise in 100 windows."""
    rng = np.random.default_rng(1)
    found = [recovered_after(rng, Recovery(0, 1.0, level), level, 100) for _ in range(RUNS)]
    assert np.mean(np.array(found) <= 100) <= share


@pytest.mark.parametrize(("level", "windows"), [(0.8, 22), (1.5, 13), (3.0, 8)])
def test_drift_that_ended_is_resolved(level: float, windows: int) -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(RUNS):
        recovery = Recovery(0, -1.0, level)
        recovered_after(rng, recovery, -level, 30)
        found.append(recovered_after(rng, recovery, 0.0, 100))
    assert np.median(found) <= windows


def test_drift_that_grew_has_more_to_undo() -> None:
    """Back at the level at which it was found is not back: it had gone further."""
    recovery = Recovery(0, 1.0, 1.5)
    for _ in range(40):
        recovery.update(6.0)
    for _ in range(60):
        recovery.update(1.5 + 0.5)
    assert not recovery.recovered
    for _ in range(10):
        recovery.update(0.0)
    assert recovery.recovered
