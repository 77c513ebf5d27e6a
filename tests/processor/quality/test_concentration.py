"""How uneven counts are."""

import numpy as np
import pytest
from scipy import stats as oracle

from barograph_processor.quality.concentration import Concentration


def test_measures_are_those_of_their_definitions() -> None:
    """Gini by mean absolute difference, entropy by scipy."""
    counts = np.random.default_rng(1).integers(0, 50, size=30).astype(np.float64)
    found = Concentration.of(counts)
    assert found is not None
    apart = np.abs(counts[:, None] - counts[None, :]).mean()
    assert found.gini == pytest.approx(apart / (2 * counts.mean()))
    assert found.entropy == pytest.approx(float(oracle.entropy(counts)) / np.log(30))
    assert found.top_share == counts.max() / counts.sum()


def test_collision_does_not_hang_on_the_rows() -> None:
    """Its mean over small windows is that of the distribution, where entropy's is not."""
    rng = np.random.default_rng(2)
    shares = np.full(20, 0.05)
    small = [Concentration.of(rng.multinomial(30, shares).astype(float)) for _ in range(2000)]
    assert np.mean([c.collision for c in small if c]) == pytest.approx(0.05, rel=0.03)
    assert np.mean([c.entropy for c in small if c]) < 0.93


@pytest.mark.parametrize("counts", [[], [0.0, 0.0], [1.0]])
def test_fewer_than_two_rows_have_none(counts: list[float]) -> None:
    assert Concentration.of(np.array(counts)) is None


def test_one_level_alone() -> None:
    found = Concentration.of(np.array([5.0]))
    assert found == Concentration(0.0, 1.0, 0.0, 1.0)
