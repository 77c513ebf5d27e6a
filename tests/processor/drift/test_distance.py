"""Distances against scipy, on binned numbers and on shares."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from barograph_processor.drift import (
    DriftMonitor,
    ReferenceProfile,
    StreamKey,
    jensen_shannon,
    wasserstein,
)
from barograph_processor.stats import NumericColumn

KEY = StreamKey("input.drift", "x")


def test_jensen_shannon_equals_scipys() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, b = rng.integers(0, 20, size=(2, 7)) * (rng.uniform(size=(2, 7)) < 0.7)
        if a.sum() and b.sum():
            assert jensen_shannon(a, b) == pytest.approx(jensenshannon(a, b, base=2), abs=1e-7)


def test_nothing_has_no_distance() -> None:
    assert jensen_shannon(np.zeros(2), np.ones(2)) is None
    assert wasserstein(np.zeros(2), np.ones(2), np.arange(2.0), 1.0) is None


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0, 4.0, 50.0])
def test_the_binned_distance_is_close_to_the_exact_one(shift: float) -> None:
    rng = np.random.default_rng(2)
    reference, window = rng.normal(5, 2, size=20_000), rng.normal(5 + 2 * shift, 2, size=5000)
    profile = ReferenceProfile.learn(
        {KEY: NumericColumn(reference)}, np.arange(20_000) // 1000, np.zeros(20_000)
    )
    monitor = DriftMonitor(profile, budget=100)
    monitor.update(profile.count({KEY: NumericColumn(window)}), time=0, window=0)
    found = monitor.streams[0].distance
    exact = wasserstein_distance(reference, window) / reference.std()
    assert found == pytest.approx(exact, rel=0.03, abs=0.02)
