"""Harm is found, dated, latched and over again; labels come in any batches."""

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.quality.risk import RiskMonitor, RiskTransition, tolerated_risk


def draw(rng: np.random.Generator, *parts: tuple[int, float]) -> npt.NDArray[np.float64]:
    return np.concatenate([rng.uniform(size=n) < risk for n, risk in parts]).astype(np.float64)


def moves(losses: npt.NDArray[np.float64], tolerated: float = 0.12) -> list[RiskTransition]:
    return list(RiskMonitor(tolerated, budget_labels=500_000).update(losses))


@pytest.mark.parametrize("seed", range(5))
def test_harm_begins_is_dated_and_ends(seed: int) -> None:
    rng = np.random.default_rng(seed)
    onset, recovery, *more = moves(draw(rng, (10_000, 0.1), (4000, 0.25), (10_000, 0.08)))
    assert onset.harmed
    assert 10_000 < onset.at_label <= 10_800
    assert onset.since_low <= 10_050
    assert onset.since_high >= 9_950
    assert onset.risk > 0.12
    assert not recovery.harmed
    assert 14_000 < recovery.at_label <= 17_000
    assert not more


def test_batches_do_not_matter() -> None:
    losses = draw(np.random.default_rng(9), (3000, 0.1), (2000, 0.3), (3000, 0.05))
    monitor = RiskMonitor(0.12, budget_labels=500_000)
    found: list[RiskTransition] = []
    for part in np.split(losses, np.cumsum([0, 1, 49, 51, 7, 1000, 3000])):
        found += monitor.update(part)
    assert found == moves(losses)
    assert found


@pytest.mark.parametrize("tolerated", [0.0, 1e-9, 0.5, 0.97, 0.9999])
def test_extreme_tolerated_risks_work(tolerated: float) -> None:
    monitor = RiskMonitor(tolerated, budget_labels=100_000)
    assert not monitor.update(np.zeros(1000))
    onsets = monitor.update(np.ones(20_000))
    assert len(onsets) == (tolerated < 0.99)


def test_fractions_of_losses_are_taken() -> None:
    monitor = RiskMonitor(0.2, budget_labels=100_000)
    assert not monitor.update(np.full(5000, 0.2))
    assert len(monitor.update(np.full(2000, 0.4))) == 1


def test_bets_on_yes_and_no_are_likelihood_ratios() -> None:
    losses = draw(np.random.default_rng(4), (1000, 0.25))
    monitor = RiskMonitor(0.2, budget_labels=1e9)
    monitor.update(losses)
    risks, ever = 0.2 + np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32]), np.zeros(6)
    for lost in losses.reshape(-1, 50).sum(axis=1):
        ever = (ever + 1) * (risks / 0.2) ** lost * ((1 - risks) / 0.8) ** (50 - lost)
    assert monitor.log10_evidence == pytest.approx(np.log10(ever.mean()))


@pytest.mark.parametrize("bad", [[1.5], [-0.1], [float("nan")], [0.1, float("inf")]])
def test_losses_are_bounded(bad: list[float]) -> None:
    monitor = RiskMonitor(0.2, budget_labels=1000)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        monitor.update(bad)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        tolerated_risk(bad)
    assert monitor.labels == 0


@pytest.mark.parametrize(
    ("tolerated", "budget", "block"), [(-0.1, 1e3, 50), (1.0, 1e3, 50), (0.1, 10, 50), (0.1, 9, 0)]
)
def test_settings_are_checked(tolerated: float, budget: float, block: int) -> None:
    with pytest.raises(ValueError, match=r"tolerated|budget_labels|block"):
        RiskMonitor(tolerated, budget_labels=budget, block=block)


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="schema"):
        RiskMonitor.restore({"schema": 0})


def test_the_tolerated_risk_carries_autocorrelation() -> None:
    rng = np.random.default_rng(3)
    free = draw(rng, (10_000, 0.2))
    tied = np.repeat(draw(rng, (100, 0.2)), 100)
    assert 0.2 < tolerated_risk(free) < 0.215
    assert tolerated_risk(tied) > tied.mean() + 0.03
    assert tolerated_risk(free, 0.05) == pytest.approx(tolerated_risk(free) + 0.05)


def test_the_tolerated_risk_of_few_labels_is_high() -> None:
    assert tolerated_risk([]) > 0.999
    assert tolerated_risk([0.0]) > 0.7
    assert tolerated_risk([0.0] * 100) < 0.06
    assert tolerated_risk([1.0] * 100, 0.5) < 1


@pytest.mark.parametrize(("tolerance", "confidence"), [(-0.1, 0.95), (0.0, 0.5), (0.0, 1.0)])
def test_the_bound_is_checked(tolerance: float, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"tolerance|confidence"):
        tolerated_risk([0.1], tolerance, confidence=confidence)


def test_stakes_do_not_know_what_they_are_staked_on() -> None:
    """The spread of a block's own losses counts from the next block on."""
    past, block = np.full(20, 0.2), np.random.default_rng(3).uniform(0.3, 0.5, 20)
    monitor = RiskMonitor(0.2, budget_labels=1e12, block=20)
    monitor.update(past)
    assert monitor.log10_evidence == pytest.approx(0.0), "nothing is won at what is tolerated"
    steps = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32])
    # Twenty losses without any spread, and five that are spread as yes and no.
    ratio, widest = 5 / 25, 0.2 * 0.8
    stakes = np.minimum(steps / (ratio * widest + (1 - ratio) * steps**2), 0.75 / 0.2)
    stakes = np.maximum(stakes, steps / widest)
    won = np.log1p(stakes[:, None] * (block - 0.2)).sum(axis=1)
    monitor.update(block)
    assert monitor.log10_evidence == pytest.approx(np.log10((2 * np.exp(won)).mean()))


def test_a_large_loss_after_small_ones_is_lost_and_no_more() -> None:
    """While harm lasts: no stake is more than what there is."""
    monitor = RiskMonitor(0.1, budget_labels=1000, recovery=1e200, block=20)
    monitor.update(np.ones(200))
    assert monitor.harmed
    monitor.update(np.full(20_000, 0.09))
    before = monitor.log10_evidence
    monitor.update(np.ones(20))
    assert -300 < monitor.log10_evidence < before
