"""What is judged beside labels keeps its share of the budget: by simulation, seeds fixed."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats as oracle

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.figure import FigureMonitor, FigureReference
from barograph_processor.quality.rate import RateMonitor, RateReference
from barograph_processor.state.harm_budget import HARM_SHARES, harm_budget

Floats = npt.NDArray[np.float64]


def at_most(events: int, runs: int, probability: float) -> None:
    most = oracle.binom.ppf(0.999, runs, probability)
    assert events <= most, f"{events} of {runs} at a promised rate of {probability}"


def test_shares_of_the_harm_budget_spend_it_once() -> None:
    assert sum(HARM_SHARES.values()) == pytest.approx(1.0)
    alarm = AlarmConfig(windows_between_false_alarms=1000, harm_share=0.4)
    rate = sum(1 / harm_budget(alarm, name) for name in HARM_SHARES)
    assert rate == pytest.approx(0.4 / 1000)


def window_rates(kind: str, windows: int, rng: np.random.Generator) -> Floats:
    """The rate of each window around 10%: what makes reactions of one window go together."""
    effect = rng.normal(size=windows)
    if kind == "persistent":
        for t in range(1, windows):
            effect[t] = 0.5 * effect[t - 1] + np.sqrt(0.75) * effect[t]
    spread = {"independent": 0.0, "dependent": 0.03, "persistent": 0.03, "wild": 0.1}[kind]
    return np.clip(0.1 + spread * effect, 0.001, 0.9)


@pytest.mark.parametrize("kind", ["independent", "dependent", "persistent", "wild"])
@pytest.mark.parametrize("heard", [20, 200])
def test_a_rate_keeps_its_budget(kind: str, heard: int) -> None:
    """P(false alarm within T) <= T / A: 60 references of 10 windows, 300 windows each."""
    rng = np.random.default_rng([1, heard, len(kind)])
    runs, reference, live, budget = 60, 10, 300, 3000.0
    alarms = 0
    for _ in range(runs):
        bad = rng.binomial(heard, window_rates(kind, reference + live, rng)).astype(np.float64)
        learnt = RateReference.learn(bad[:reference], np.full(reference, float(heard)))
        monitor = RateMonitor(learnt, tolerance=0.02, budget=budget)
        for window in range(live):
            monitor.update(float(bad[reference + window]), heard, window=window)
            if monitor.harmed:
                alarms += 1
                break
    at_most(alarms, runs, live / budget)


@pytest.mark.parametrize("kind", ["normal", "heavy-tailed"])
@pytest.mark.parametrize("reference", [7, 30])
def test_a_figure_keeps_its_budget(kind: str, reference: int) -> None:
    rng = np.random.default_rng([2, reference, len(kind)])
    runs, live, budget = 60, 300, 3000.0
    alarms = 0
    for _ in range(runs):
        heavy = kind == "heavy-tailed"
        size = reference + live
        values = rng.standard_t(3, size=size) if heavy else rng.normal(size=size)
        learnt = FigureReference.learn(values[:reference], np.full(reference, 100.0))
        monitor = FigureMonitor(learnt, upwards=True, tolerance=0.0, budget=budget)
        for window, value in enumerate(values[reference:].tolist()):
            monitor.update(value, 100.0, window=window)
            if monitor.harmed:
                alarms += 1
                break
    at_most(alarms, runs, live / budget)
