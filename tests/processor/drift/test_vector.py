"""Vectors become a few columns, and drift of their domain is found there."""

import json

import numpy as np
import pytest

from barograph_processor.drift import DriftMonitor, ReferenceProfile, StreamKey, VectorSummary
from barograph_processor.stats import Column


def columns(summary: VectorSummary, vectors: np.ndarray) -> dict[StreamKey, Column]:
    return {
        StreamKey("input.drift", f"text.{name}"): column
        for name, column in summary.columns(vectors).items()
    }


def test_columns_are_the_formulas() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(2.0, 3.0, size=(500, 16))
    summary = VectorSummary.learn(vectors, projections=3, seed=4)
    found = summary.columns(vectors)
    assert list(found) == ["norm", "projection.0", "projection.1", "projection.2", "distance"]
    assert np.allclose(found["norm"].values, np.linalg.norm(vectors, axis=1))
    z = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    assert np.allclose(found["distance"].values, np.sqrt((z**2).mean(axis=1)))
    again = VectorSummary.from_json(json.loads(json.dumps(summary.to_json())))
    for name, column in again.columns(vectors).items():
        assert np.array_equal(column.values, found[name].values)


def test_a_vector_that_is_not_finite_is_missing() -> None:
    summary = VectorSummary.learn(np.eye(4))
    vectors = np.ones((3, 4))
    vectors[1, 2], vectors[2, 0] = np.nan, np.inf
    for column in summary.columns(vectors).values():
        assert np.isnan(column.values).tolist() == [False, True, True]


def test_another_domain_is_found() -> None:
    """Vectors with the same mean, but from two clusters instead of one."""
    rng = np.random.default_rng(2)
    summary = VectorSummary.learn(rng.normal(size=(2000, 32)))

    def draw(n: int, gap: float) -> np.ndarray:
        return rng.normal(size=(n, 32)) + gap * rng.choice([-1, 1], size=(n, 1))

    window = np.arange(5000) // 500
    profile = ReferenceProfile.learn(
        columns(summary, draw(5000, 0.0)), window, np.arange(5000, dtype=np.float64)
    )
    monitor = DriftMonitor(profile, budget=10_000)
    opened = []
    for w in range(20):
        counts = profile.count(columns(summary, draw(500, 0.5 * (w >= 10))))
        update = monitor.update(counts, time=5000.0 + 500 * w, window=w)
        opened += [(w, key.feature) for key, what, _ in update.transitions if what == "open"]
    assert min(w for w, _ in opened) in range(10, 15)
    assert "text.distance" in {feature for _, feature in opened}


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="shape"):
        VectorSummary.learn(np.zeros(3))
    with pytest.raises(ValueError, match="projections"):
        VectorSummary.learn(np.eye(3), projections=-1)
    with pytest.raises(ValueError, match="expected vectors of 3"):
        VectorSummary.learn(np.eye(3)).columns(np.eye(4))
    with pytest.raises(ValueError, match="schema"):
        VectorSummary.from_json({"schema": 2})
