"""What is judged beside labels keeps its share of the budget: by simulation, seeds fixed."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats as oracle

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.figure import FigureMonitor, FigureReference
from barograph_processor.quality.rate import RateMonitor, RateReference
from barograph_processor.state.aftermath.reactions import Reactions
from barograph_processor.state.alarm.harm_budget import HARM_SHARES, harm_budget
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.stats.column import CategoricalColumn

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


class _Users:
    """Users who react to predictions, more or less kindly from day to day."""

    def __init__(self, seed: int, *, spread: float) -> None:
        self._rng = np.random.default_rng([3, seed])
        self._spread = spread
        self.pending = PendingPredictions(capacity=100_000, max_age_ns=10**18)
        self.reactions = Reactions(AlarmConfig(windows_between_false_alarms=100), block=PREDICTIONS)

    def day(self, number: int) -> bool:
        """Live through a window; return whether there is an alarm after it."""
        rng, n = self._rng, PREDICTIONS
        mood = float(np.exp(rng.normal(0, self._spread)))
        names = [f"{number}:{row}" for row in range(n)]
        region = CategoricalColumn(rng.integers(0, 4, n).astype(np.int32), tuple("nesw"))
        self.pending.add(
            names,
            ids=np.zeros((n, 3), dtype=np.uint64),
            time=np.full(n, number, dtype=np.int64),
            reference=False,
            predicted=None,
            value=None,
            slices={"region": region},
        )
        self.reactions.see(n)
        shares = np.array([0.05, 0.08, 0.04, 0.02]) * mood
        edges = np.cumsum([*shares, 0.3])
        kind = np.searchsorted(edges, rng.random(n))
        reacted = np.flatnonzero(kind < len(KINDS))
        self.reactions.take(
            self.pending,
            self.pending.find([names[row] for row in reacted.tolist()]),
            [KINDS[k] for k in kind[reacted].tolist()],
            rng.random(len(reacted)).tolist(),
        )
        self.reactions.close(number)
        return bool(self.reactions.findings(lambda _: 0, quality_harmed=False))


KINDS = ("rejected", "edited", "verified", "abandoned", "accepted")
PREDICTIONS = 200


@pytest.mark.parametrize("spread", [0.0, 0.25])
def test_all_that_is_judged_of_reactions_keeps_its_budget(spread: float) -> None:
    """Index, edits, slices and adapting users together, of 12 models over 150 windows.

    Their share of the budget is 0.12 of half of one alarm in 100 windows.
    """
    models, windows = 12, 150
    alarms = 0
    for seed in range(models):
        users = _Users(seed, spread=spread)
        alarms += any(users.day(number) for number in range(windows))
    at_most(alarms, models, 0.12 * 0.5 * windows / 100)
