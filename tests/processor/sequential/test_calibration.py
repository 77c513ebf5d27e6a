"""Persistence between windows: neither believed in too easily nor overlooked."""

import numpy as np
import pytest

from barograph_processor.sequential.bets import CAP, TILTS, clipped_normal_log_mgf
from barograph_processor.sequential.calibration import (
    Calibration,
    guarded_normalizers,
    persistence_inflation,
)
from barograph_processor.stats.array import Floats

ONE_KIND = np.zeros(12, dtype=np.int64)


def persistent(rng: np.random.Generator, windows: int, r: float) -> Floats:
    z = rng.normal(size=(windows, len(ONE_KIND)))
    z[1:] *= np.sqrt(1 - r * r)
    for t in range(1, windows):
        z[t] += r * z[t - 1]
    return z


def typical(windows: int, r: float, *, runs: int = 40) -> list[float]:
    """Return median inflations of the series of each of several models."""
    found = []
    for seed in range(runs):
        z = persistent(np.random.default_rng([seed, windows]), windows, r)
        found.append(float(np.median(persistence_inflation(z, np.ones_like(z) > 0, ONE_KIND))))
    return found


def test_windows_without_persistence_are_taken_so() -> None:
    found = typical(60, 0.0)
    assert np.median(found) == 1
    assert max(found) < 2


@pytest.mark.parametrize("windows", [30, 60, 200])
def test_persistence_that_all_series_share_is_seen(windows: int) -> None:
    """The truth is 3; its upper estimate is below that in one model of six or less."""
    found = np.array(typical(windows, 0.5))
    assert (found < 2.4).mean() < 0.2
    assert np.median(found) < 6


def test_a_few_windows_are_doubted() -> None:
    """Eight windows cannot prove persistence: any sign of it counts."""
    assert min(typical(8, 0.5)) >= 1.5
    assert np.median(typical(8, 0.5)) > 2


def test_one_series_of_many_that_looks_persistent_is_shrunk() -> None:
    """A lag-1 correlation of .6 in 13 windows is what the largest of many has by chance."""
    largest = []
    for seed in range(60):
        z = np.random.default_rng(seed).normal(size=(13, len(ONE_KIND)))
        largest.append(persistence_inflation(z, np.ones_like(z) > 0, ONE_KIND).max())
    assert np.quantile(largest, 0.9) < 8


def test_persistence_of_large_windows_is_not_drowned_by_small_ones() -> None:
    """By day windows are large and go on like the ones before; at night they are noise."""
    rng = np.random.default_rng(3)
    calibration = Calibration(ONE_KIND)
    day = np.arange(120) % 24 < 12
    z = np.where(day[:, None], persistent(rng, 120, 0.7), rng.normal(size=(120, 12)))
    for nu, large in zip(z, day.tolist(), strict=True):
        calibration.remember(nu, np.ones(12) > 0, 5000.0 if large else 200.0, live=False)
    calibration.recompute()
    mixed = persistence_inflation(z, np.ones_like(z) > 0, ONE_KIND)
    assert np.median(calibration.inflation) > 1.4 * np.median(mixed)
    assert np.median(calibration.inflation) > 4


def test_windows_of_about_equal_size_are_judged_together() -> None:
    rng = np.random.default_rng(4)
    z = rng.normal(size=(60, 12))
    calibration = Calibration(ONE_KIND)
    for nu, rows in zip(z, rng.integers(950, 1050, size=60).tolist(), strict=True):
        calibration.remember(nu, np.ones(12) > 0, float(rows), live=False)
    calibration.recompute()
    coded = np.clip(np.rint(z * 40), -127, 127) / 40
    expected = persistence_inflation(coded, np.ones_like(z) > 0, ONE_KIND)
    assert calibration.inflation == pytest.approx(expected)


def test_the_guard_is_what_each_tilt_by_itself_has_cost() -> None:
    """However its powers are found: here each by its own exponential, series by series."""
    rng = np.random.default_rng(5)
    deviates, inflation = rng.standard_t(3, size=(40, 7)), rng.uniform(1, 3, size=7)
    present = rng.random(deviates.shape) < 0.9
    paid = []
    for series, there, root in zip(deviates.T, present.T, np.sqrt(inflation), strict=True):
        u = np.clip(series[there] / root, -CAP, CAP)
        paid.append([np.exp((u - u.mean()) * tilt) for tilt in TILTS])
    own = [[np.log(p.mean() - p.std() / np.sqrt(p.size)) for p in each] for each in paid]
    shared = [np.log(np.concatenate(each).mean()) for each in zip(*paid, strict=True)]
    expected = np.maximum(np.maximum(own, shared), clipped_normal_log_mgf(TILTS))
    assert (expected > clipped_normal_log_mgf(TILTS)).any()
    found = guarded_normalizers(deviates, present, inflation)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
