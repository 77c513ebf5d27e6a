"""Categorical drift that is spread over many levels: by the order of names, or by no order."""

import numpy as np
import pytest

from barograph_processor.drift import DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.drift.trend import Trends
from barograph_processor.stats import CategoricalColumn
from barograph_processor.stats.array import Floats, Ints

CITY = StreamKey("input.drift", "city")
LEVELS = 16
REFERENCE, ONSET = 50, 20


def column(rng: np.random.Generator, n: int, p: Floats) -> CategoricalColumn:
    codes = np.repeat(np.arange(len(p), dtype=np.int32), rng.multinomial(n, p))
    return CategoricalColumn(codes, tuple(f"level {i}" for i in range(len(p))))


def first_alarm(seed: int, sizes: Ints, direction: Floats, *, effect: float = 0.0) -> int | None:
    """Return the first window with an alarm, from the onset of drift along ``direction``."""
    rng = np.random.default_rng(seed)
    base = rng.dirichlet(np.full(LEVELS, 20.0))
    wobble = rng.normal(size=LEVELS)

    def shares(drift: float) -> Floats:
        p = base * np.exp(drift * direction + effect * rng.normal() * wobble)
        return np.asarray(p / p.sum())

    held = [column(rng, n, shares(0.0)) for n in sizes[:REFERENCE].tolist()]
    codes = np.concatenate([each.codes for each in held])
    window = np.repeat(np.arange(REFERENCE), sizes[:REFERENCE])
    reference = {CITY: CategoricalColumn(codes, held[0].levels)}
    time = np.asarray(3600.0 * window, dtype=np.float64)
    profile = ReferenceProfile.learn(reference, window, time)
    monitor = DriftMonitor(profile, budget=2_000.0)
    for w, n in enumerate(sizes[REFERENCE:].tolist()):
        counts = profile.count({CITY: column(rng, n, shares(float(w >= ONSET)))})
        update = monitor.update(counts, time=3600.0 * (REFERENCE + w), window=w)
        if update.transitions:
            return w - ONSET
    return None


def scattered(size: float) -> Floats:
    """Return a direction without any order, of ``size`` standard deviations a row."""
    signs = np.tile([1.0, -1.0, -1.0, 1.0], LEVELS // 4)
    return size * signs


@pytest.mark.parametrize("rows", [(1000, 1001), (400, 2500)], ids=["equal", "unequal"])
def test_drift_spread_over_levels_without_order_is_found(rows: tuple[int, int]) -> None:
    """A shift of .06 a row moves no level by more than its noise in a window."""
    for seed in range(4):
        sizes = np.random.default_rng(seed).integers(*rows, size=REFERENCE + ONSET + 50)
        found = first_alarm(seed, sizes, scattered(0.06))
        assert found is not None
        assert 5 <= found < 50


def test_a_shift_along_the_order_of_names_is_found_sooner() -> None:
    sizes = np.full(REFERENCE + ONSET + 50, 1000)
    order = np.linspace(-1.0, 1.0, LEVELS)
    order /= np.sqrt((order**2).mean())
    found = [first_alarm(seed, sizes, 0.06 * order) for seed in range(6)]
    late = [first_alarm(seed, sizes, scattered(0.06)) for seed in range(6)]
    assert np.median([50 if f is None else f for f in found]) <= 14
    assert np.median([50 if f is None else f for f in found]) < np.median(
        [50 if f is None else f for f in late]
    )


def test_windows_that_swing_along_one_direction_are_no_trend() -> None:
    """Random effects share a direction; what matters is that they do not go on."""
    sizes = np.full(REFERENCE + 300, 1000)
    found = [first_alarm(seed, sizes, np.zeros(LEVELS), effect=0.1) for seed in range(3)]
    assert found == [None, None, None]


def test_the_parts_of_a_trend_are_the_levels_of_its_stream() -> None:
    rng = np.random.default_rng(1)
    p = np.array([0.5, 0.3, 0.195, 0.005])
    window = np.arange(5000) // 100
    names = {
        CITY: column(rng, 5000, p),
        StreamKey("input.drift", "yes"): column(rng, 5000, np.array([0.4, 0.6])),
    }
    bank = ReferenceProfile.learn(names, window, np.zeros(5000)).bank
    trends = Trends.build(bank.scores, bank.owner)
    assert [bank.scores[j].name for j in trends.series] == ["trend"]
    parts = [(bank.scores[j].name, bank.scores[j].level) for j in trends.parts]
    assert parts == [
        ("level", "level 0"),
        ("level", "level 1"),
        ("level", "level 2"),
        ("rare", None),
    ]
    assert trends.scale == pytest.approx(np.sqrt(1 - p), abs=0.05)
