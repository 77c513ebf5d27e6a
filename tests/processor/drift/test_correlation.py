"""What no single input shows: the correlation of two of them changes."""

import numpy as np

from barograph_processor.drift import DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.stats import Column, NumericColumn

N = 1000


def rows(rng: np.random.Generator, n: int, r: float) -> dict[StreamKey, Column]:
    x = rng.normal(size=(6, n))
    x[4] = r * x[1] + np.sqrt(1 - r * r) * x[4]
    return {StreamKey("input.drift", f"f{i}"): NumericColumn(np.exp(x[i])) for i in range(6)}


def run(seed: int, before: float, after: float) -> list[tuple[int, str | None, str]]:
    rng = np.random.default_rng(seed)
    profile = ReferenceProfile.learn(
        rows(rng, 20 * N, before), np.arange(20 * N) // N, np.arange(20 * N, dtype=np.float64)
    )
    monitor = DriftMonitor(profile, budget=10_000)
    found = []
    for w in range(40):
        counts = profile.count(rows(rng, N, before if w < 20 else after))
        update = monitor.update(counts, time=20_000.0 + N * w, window=w)
        found += [
            (w, key.feature, alarm.description)
            for key, what, alarm in update.transitions
            if what == "open"
        ]
    return found


def test_a_correlation_that_appears_is_found_and_named() -> None:
    for seed in range(3):
        ((window, feature, text),) = run(seed, 0.0, 0.3)
        assert 20 <= window < 26
        assert feature is None
        assert "rank correlation of f" in text
        assert "f1" in text
        assert "f4" in text


def test_a_correlation_that_weakens_is_found() -> None:
    ((window, feature, _),) = run(7, 0.8, 0.6)
    assert 20 <= window < 26
    assert feature is None


def test_correlations_that_stay_raise_nothing() -> None:
    assert not run(8, 0.8, 0.8)
