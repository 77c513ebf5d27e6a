"""What is proven must hold in simulation: bounds are exact binomial ones, seeds are fixed."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats as oracle

from barograph_processor.quality.risk import RiskMonitor, RiskTransition, tolerated_risk
from barograph_processor.sequential import (
    TILT_WEIGHTS,
    TILTS,
    BettingProcess,
    BettingSequence,
    EmpiricalBernsteinSequence,
    clipped_normal_log_mgf,
    sequential_p_values,
    shiryaev_roberts,
    wilson_interval,
)

Floats = npt.NDArray[np.float64]
CONFIDENCE = 0.999


def at_most(events: int, runs: int, probability: float) -> None:
    """Fail if so many events were seen that a rate of ``probability`` is not credible."""
    most = oracle.binom.ppf(CONFIDENCE, runs, probability)
    assert events <= most, f"{events} of {runs} at a promised rate of {probability}"


@pytest.mark.parametrize("steps", [200, 1000])
def test_a_shiryaev_roberts_process_keeps_its_budget(steps: int) -> None:
    """P(alarm within T) <= T / A, for clipped normal deviates and the mixture of tilts."""
    rng, budget, runs = np.random.default_rng(1), 2000.0, 400
    normalizers = clipped_normal_log_mgf(TILTS)
    evidence, ever = np.zeros((runs, len(TILTS))), np.zeros(runs, dtype=np.bool_)
    for _ in range(steps):
        u = np.clip(rng.normal(size=(runs, 1)), -3, 3)
        evidence = shiryaev_roberts(evidence, u * TILTS - normalizers)
        ever |= evidence @ TILT_WEIGHTS >= budget
    at_most(int(ever.sum()), runs, steps / budget)


def test_evidence_grows_as_time_while_nothing_changes() -> None:
    """E[M_t] = t: the mean over many runs, with small tilts, so that it is not ruled by one run."""
    rng, steps, runs = np.random.default_rng(2), 50, 20_000
    tilts = np.array([0.1, -0.1])
    evidence = np.zeros((runs, 2))
    for _ in range(steps):
        evidence = shiryaev_roberts(evidence, rng.normal(size=(runs, 1)) * tilts - tilts**2 / 2)
    found = evidence.mean(axis=1)
    error = found.std() / np.sqrt(runs)
    assert abs(found.mean() - steps) < 4 * error


def test_a_betting_process_is_rarely_large() -> None:
    """Ville: P(ever >= 1 / alpha) <= alpha, whatever the distribution with that mean."""
    rng, runs = np.random.default_rng(3), 400
    ever = 0
    for _ in range(runs):
        process, high = BettingProcess(0.2), False
        for part in np.split((rng.uniform(size=1000) < 0.2).astype(np.float64), 50):
            process.update(part)
            high |= process.evidence >= 20
        ever += high
    at_most(ever, runs, 0.05)


def _draws(kind: str, rng: np.random.Generator, n: int) -> tuple[Floats, float]:
    if kind == "rare":
        return (rng.uniform(size=n) < 0.03).astype(np.float64), 0.03
    if kind == "even":
        return (rng.uniform(size=n) < 0.5).astype(np.float64), 0.5
    return rng.beta(2, 6, size=n), 0.25


@pytest.mark.parametrize("kind", ["rare", "even", "beta"])
def test_confidence_sequences_cover_at_all_times(kind: str) -> None:
    rng, runs, alpha = np.random.default_rng(4), 300, 0.1
    missed = {"bernstein": 0, "betting": 0}
    for _ in range(runs):
        x, mean = _draws(kind, rng, 400)
        bernstein, betting = (
            EmpiricalBernsteinSequence(alpha=alpha),
            BettingSequence(alpha=alpha),
        )
        bernstein.update(x)
        betting.update(x)
        # The bounds are intersected over time, so the last interval tells about all times.
        missed["bernstein"] += not bernstein.interval[0] <= mean <= bernstein.interval[1]
        missed["betting"] += not betting.interval[0] <= mean <= betting.interval[1]
    for events in missed.values():
        at_most(events, runs, alpha)


def test_wilsons_interval_covers_about_nominally() -> None:
    rng = np.random.default_rng(5)
    for p in (0.05, 0.3, 0.9):
        k = rng.binomial(200, p, size=3000)
        inside = [low <= p <= high for low, high in (wilson_interval(x, 200) for x in k.tolist())]
        assert 0.92 < np.mean(inside) < 0.98


@pytest.mark.parametrize("reference", [0, 30, 1000])
def test_conformal_p_values_are_uniform_with_ties(reference: int) -> None:
    """Exactly, for any reference, with a third of all records in one bin."""
    rng, p = np.random.default_rng(6), np.array([0.35, 0.05, 0.2, 0.1, 0.3])
    found = np.concatenate(
        [
            sequential_p_values(rng.choice(5, size=40, p=p), rng.multinomial(reference, p), rng)
            for _ in range(150)
        ]
    )
    assert oracle.kstest(found, "uniform").pvalue > 0.001
    pairs = found.reshape(150, 40)
    assert abs(np.corrcoef(pairs[:, :-1].ravel(), pairs[:, 1:].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("risk", [0.02, 0.11, 0.4])
def test_the_risk_monitor_keeps_its_budget(risk: float) -> None:
    """At a risk of exactly what is tolerated, with losses that come in runs."""
    rng, runs, labels, budget = np.random.default_rng(7), 150, 20_000, 100_000.0
    onsets = 0
    for _ in range(runs):
        losses = (rng.uniform(size=labels) < risk).astype(np.float64)
        onsets += any(m.harmed for m in RiskMonitor(risk, budget_labels=budget).update(losses))
    at_most(onsets, runs, labels / budget)


def _scores(kind: str, rng: np.random.Generator, n: int) -> Floats:
    """Return scores whose mean given the past is always .2, however they are spread."""
    tight, coins = rng.beta(16, 64, size=n), (rng.uniform(size=n) < 0.2).astype(np.float64)
    if kind == "tight":
        return tight
    if kind == "tight, then coins":
        # The stakes that tight scores allow are lost to coins, or won.
        return np.where(np.arange(n) % 4000 < 3000, tight, coins)
    # After a bad hundred the next is tight, after a good one it is of coins.
    parts = [coins[:100]]
    for at in range(100, n, 100):
        parts.append((tight if parts[-1].mean() > 0.2 else coins)[at : at + 100])
    return np.concatenate(parts)


@pytest.mark.parametrize("kind", ["tight", "tight, then coins", "by the past"])
def test_the_risk_monitor_keeps_its_budget_at_any_spread(kind: str) -> None:
    """At a risk of exactly what is tolerated, with stakes that follow the spread of the past."""
    rng, runs, labels, budget = np.random.default_rng(17), 150, 8000, 40_000.0
    onsets = 0
    for _ in range(runs):
        losses = _scores(kind, rng, labels)
        onsets += any(m.harmed for m in RiskMonitor(0.2, budget_labels=budget).update(losses))
    at_most(onsets, runs, labels / budget)


@pytest.mark.parametrize(("fall", "delay"), [(0.05, 600), (0.1, 150)])
def test_falls_of_scores_are_found_by_their_own_spread(fall: float, delay: int) -> None:
    """Of a standard deviation of .1; as if of yes and no it took more than 20,000 and 1,400."""
    delays = []
    for seed in range(20):
        rng = np.random.default_rng([18, seed])
        monitor = RiskMonitor(
            tolerated_risk(_beta(0.2, rng, 2000), 0.02), budget_labels=5e7, block=20
        )
        assert not monitor.update(_beta(0.2, rng, 2000))
        onset, *_ = monitor.update(_beta(0.2 + fall, rng, 4000))
        delays.append(onset.at_label - 2000)
        assert abs(onset.since_label - 2000) <= 500
    assert np.median(delays) <= delay


def _beta(mean: float, rng: np.random.Generator, n: int) -> Floats:
    size = mean * (1 - mean) / 0.01 - 1
    return rng.beta(mean * size, (1 - mean) * size, size=n)


def test_the_tolerated_risk_bounds_scores() -> None:
    """As nominally as of yes and no, though it is as much closer as they are."""
    rng, runs, missed, bounds = np.random.default_rng(19), 400, 0, []
    for _ in range(runs):
        bounds.append(tolerated_risk(_beta(0.2, rng, 150)))
        missed += bounds[-1] < 0.2
    at_most(missed, runs, 0.05)
    assert np.mean(bounds) < 0.22


def test_harm_is_found_within_500_labels() -> None:
    delays = []
    for seed in range(40):
        rng = np.random.default_rng([8, seed])
        monitor = RiskMonitor(0.15, budget_labels=1e6)
        assert not monitor.update((rng.uniform(size=5000) < 0.12).astype(np.float64))
        onset, *_ = monitor.update((rng.uniform(size=3000) < 0.25).astype(np.float64))
        delays.append(onset.at_label - 5000)
    assert np.median(delays) <= 500


@pytest.mark.parametrize(
    ("before", "after", "tolerated", "labels"),
    [
        (0.1, 0.15, 0.125, 5010),
        (0.1, 0.2, 0.125, 5010),
        (0.1, 0.3, 0.125, 5010),
        (0.1, 0.15, 0.125, 500),
        (0.1, 0.13, 0.11, 5000),
        (0.02, 0.05, 0.03, 5000),
        (0.4, 0.5, 0.43, 5000),
    ],
)
def test_the_stated_onset_holds_the_truth(
    before: float, after: float, tolerated: float, labels: int
) -> None:
    """In 90% of runs, each side in 95%: also if found late, and if it began inside a block."""
    runs, early, late = 100, 0, 0
    for run in range(runs):
        rng = np.random.default_rng([23, run])
        monitor = RiskMonitor(tolerated, budget_labels=1e6, block=20, recovery=1e4)
        assert not monitor.update((rng.uniform(size=labels) < before).astype(np.float64))
        onsets: tuple[RiskTransition, ...] = ()
        while not onsets:
            onsets = monitor.update((rng.uniform(size=100) < after).astype(np.float64))
        early += onsets[0].since_low > labels
        late += onsets[0].since_high < labels
    at_most(early, runs, 0.05)
    at_most(late, runs, 0.05)
    at_most(early + late, runs, 0.1)


@pytest.mark.parametrize("block", [1, 20])
def test_the_tolerated_risk_bounds_the_reference(block: int) -> None:
    """The upper bound misses the true risk at most about nominally, also for losses in runs."""
    rng, runs, missed = np.random.default_rng(9), 400, 0
    for _ in range(runs):
        losses = np.repeat(rng.uniform(size=10_000 // block) < 0.2, block).astype(np.float64)
        missed += tolerated_risk(losses) < 0.2
    at_most(missed, runs, 0.06)
