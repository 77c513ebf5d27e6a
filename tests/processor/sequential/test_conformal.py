"""Conformal p-values against crepes, and against their definition."""

from typing import Any

import numpy as np
import pytest
from crepes.base import p_values_batch

from barograph_processor.sequential import conformal_p_values, sequential_p_values


def test_p_values_equal_those_of_crepes() -> None:
    """crepes draws its tie breakers from numpy's global state; the same numbers are given here."""
    rng = np.random.default_rng(1)
    reference, scores = rng.integers(0, 20, size=200), rng.integers(0, 25, size=500)
    expected = p_values_batch(reference.astype(float), scores.astype(float), seed=7)

    class Same(np.random.Generator):
        def uniform(self, *_: Any, **given: Any) -> Any:
            return np.random.RandomState(7).rand(given["size"])

    found = conformal_p_values(scores, reference, Same(np.random.PCG64(0)))
    assert np.allclose(found, expected, rtol=1e-12)


def test_a_sequence_grows_its_own_pool() -> None:
    rng = np.random.default_rng(2)
    bins = rng.integers(0, 6, size=300)
    pool = np.bincount(rng.integers(0, 6, size=50), minlength=6)
    found = sequential_p_values(bins, pool, np.random.default_rng(3))
    u = np.random.default_rng(3).uniform(size=300)
    held = pool.copy()
    for i, b in enumerate(bins.tolist()):
        expected = (held[b + 1 :].sum() + u[i] * (held[b] + 1)) / (held.sum() + 1)
        assert found[i] == pytest.approx(expected)
        held[b] += 1


def test_without_a_reference_the_p_value_is_the_tie_breaker() -> None:
    found = conformal_p_values([3.0], [], np.random.default_rng(4))
    assert found[0] == np.random.default_rng(4).uniform()
    assert len(conformal_p_values([], [1.0], np.random.default_rng(4))) == 0
    assert (
        len(
            sequential_p_values(
                np.empty(0, dtype=np.int64), np.ones(3, dtype=np.int64), np.random.default_rng(4)
            )
        )
        == 0
    )


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        conformal_p_values([np.nan], [1.0], np.random.default_rng(1))
