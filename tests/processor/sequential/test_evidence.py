"""E-detectors, budgets and change points: what they promise, in small cases."""

import numpy as np
import pytest

from barograph_processor.sequential import (
    TILT_WEIGHTS,
    TILTS,
    BettingProcess,
    ShiryaevRoberts,
    bonferroni_thresholds,
    change_point,
    clipped_normal_log_mgf,
    false_discovery_set,
    shiryaev_roberts,
)


def test_a_shiryaev_roberts_process_sums_over_all_starts() -> None:
    bets = np.random.default_rng(1).normal(size=12)
    evidence = np.zeros(1)
    for bet in bets:
        evidence = shiryaev_roberts(evidence, np.array([bet]))
    starts = [np.exp(bets[start:].sum()) for start in range(len(bets))]
    assert evidence[0] == pytest.approx(sum(starts))


def test_evidence_cannot_overflow() -> None:
    detector = ShiryaevRoberts(1, threshold=10.0)
    for _ in range(5):
        detector.update(np.array([1e6]))
    assert detector.alarmed
    assert np.isfinite(detector.evidence)
    detector.reset()
    assert detector.evidence == 0
    assert detector.log10_evidence == -300


@pytest.mark.parametrize(("bets", "threshold"), [(0, 10.0), (1, 0.5), (1, float("nan"))])
def test_a_detector_checks_its_settings(bets: int, threshold: float) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        ShiryaevRoberts(bets, threshold=threshold)


def test_a_bet_on_a_clipped_normal_is_fair() -> None:
    z = np.clip(np.random.default_rng(2).normal(size=2_000_000), -3, 3)
    fair = np.array([np.exp(z * tilt).mean() for tilt in TILTS])
    assert np.allclose(np.log(fair), clipped_normal_log_mgf(TILTS), atol=0.03)
    assert (clipped_normal_log_mgf(TILTS) <= TILTS**2 / 2).all()
    assert TILT_WEIGHTS.sum() == pytest.approx(1.0)


def test_bonferroni_thresholds_share_one_budget() -> None:
    thresholds = bonferroni_thresholds(1000.0, np.array([1.0, 1.0, 2.0]))
    assert thresholds.tolist() == [4000.0, 4000.0, 2000.0]
    assert (1 / thresholds).sum() == pytest.approx(1 / 1000)


@pytest.mark.parametrize(("budget", "shares"), [(0.0, [1.0]), (10.0, [0.0]), (10.0, [])])
def test_budgets_are_checked(budget: float, shares: list[float]) -> None:
    with pytest.raises(ValueError, match=r"budget|shares"):
        bonferroni_thresholds(budget, np.array(shares))


def test_false_discovery_sets_equal_the_plain_definition() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        e = np.exp(rng.normal(3, 3, size=9))
        sizes = [m for m in range(1, 10) if (e >= 9 * 100 / m).sum() >= m]
        most = max(sizes, default=0)
        expected = e >= 9 * 100 / most if most else np.zeros(9, dtype=np.bool_)
        assert false_discovery_set(e, 100.0).tolist() == expected.tolist()


def test_one_stream_alone_needs_the_bonferroni_evidence() -> None:
    assert not false_discovery_set(np.array([399.0, 0.0, 0.0, 0.0]), 100.0).any()
    assert false_discovery_set(np.array([400.0, 0.0, 0.0, 0.0]), 100.0).sum() == 1


def test_nothing_is_found_without_streams() -> None:
    assert not len(false_discovery_set(np.empty(0), 10.0))
    with pytest.raises(ValueError, match="budget"):
        false_discovery_set(np.ones(2), 0.0)


def test_a_change_point_needs_a_step() -> None:
    with pytest.raises(ValueError, match="at least one"):
        change_point(np.empty((0, 3)))
    assert change_point(np.array([[0.3]])).at == 0


def test_a_betting_process_is_checked() -> None:
    with pytest.raises(ValueError, match="null"):
        BettingProcess(1.0)
    process = BettingProcess(0.3)
    with pytest.raises(ValueError, match="observations"):
        process.update([0.2, 1.2])
    assert process.evidence == 1
    process.update([])
    assert process.log_evidence == 0
