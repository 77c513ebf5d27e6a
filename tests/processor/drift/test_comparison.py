"""All streams at once are compared as each of them alone."""

import numpy as np
import pytest

from barograph_processor.drift import ReferenceProfile, StreamKey, jensen_shannon, wasserstein
from barograph_processor.drift.binning import NumericBinning
from barograph_processor.drift.pooled import Pooled
from barograph_processor.stats import CategoricalColumn, NumericColumn
from barograph_processor.stats.column import Column

N = 4000


def _columns(rng: np.random.Generator, n: int) -> dict[StreamKey, Column]:
    columns: dict[str, Column] = {
        "normal": NumericColumn(rng.normal(size=n).clip(-1.0, 1.0)),
        "gaps": NumericColumn(np.where(rng.random(n) < 0.4, np.nan, rng.integers(0, 9, n))),
        "names": CategoricalColumn(rng.integers(-1, 5, n).astype(np.int32), tuple("abcde")),
        "constant": NumericColumn(np.full(n, 7.0)),
        "empty": NumericColumn(np.full(n, np.nan)),
        "other names": CategoricalColumn(rng.integers(0, 2, n).astype(np.int32), ("x", "y")),
    }
    return {StreamKey("input.drift", name): column for name, column in columns.items()}


@pytest.fixture
def profile() -> ReferenceProfile:
    columns = _columns(np.random.default_rng(1), N)
    return ReferenceProfile.learn(columns, np.arange(N) // 500, np.arange(float(N)))


@pytest.mark.parametrize("rows", [1, 7, 500])
def test_distances_are_those_of_each_stream_alone(profile: ReferenceProfile, rows: int) -> None:
    """No value is beyond the reference, whose centres then stay where they are."""
    counts = profile.count(_columns(np.random.default_rng(rows), rows))
    window = Pooled.of(counts)
    found = profile.comparison.distances(window, profile.bank.correlations(window))
    assert len(found) == len(profile.bank.keys) == len(profile.layout.keys) + 1
    for s, binning in enumerate(profile.layout.binnings):
        at = profile.layout.of(s)
        held, base = (each.slots[at].astype(np.float64) for each in (counts, profile.total))
        if isinstance(binning, NumericBinning):
            k = binning.value_slots
            assert not held[0]
            assert not held[k - 1]
            alone = wasserstein(held[:k], base[:k], binning.centres, binning.scale)
        else:
            k = binning.missing_slot
            alone = jensen_shannon(held[:k], base[:k])
        assert found[s] == pytest.approx(np.nan if alone is None else alone, nan_ok=True)


def test_shares_are_of_all_rows(profile: ReferenceProfile) -> None:
    window: dict[str, Column] = {
        "normal": NumericColumn(np.array([0.0, 5.0, -np.inf, np.nan])),
        "gaps": CategoricalColumn(np.array([-1, -1, 0, 0], np.int32), ("name",)),
        "names": CategoricalColumn(np.array([-1, 0, 1, 2], np.int32), ("a", "new", "newer")),
    }
    columns = {StreamKey("input.drift", name): column for name, column in window.items()}
    shares = profile.comparison.shares(Pooled.of(profile.count(columns)))
    assert shares.missing.tolist() == [0.25, 1.0, 0.25, 1.0, 1.0, 1.0, 0.0]
    assert shares.unseen.tolist() == [0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0]
    assert shares.out_of_range.tolist() == [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_no_row_has_neither(profile: ReferenceProfile) -> None:
    nothing = Pooled.of(profile.empty())
    correlations = profile.bank.correlations(nothing)
    assert (correlations == profile.bank.reference).all()
    assert np.isnan(profile.comparison.distances(nothing, correlations)).all()
    assert not profile.comparison.shares(nothing).missing.any()
