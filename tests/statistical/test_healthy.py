"""Whole models to which nothing happens raise no more alarms than their budget says."""

from collections import Counter

from scipy import stats as oracle

from benchmarks.healthy.run import false_alarms
from benchmarks.healthy.traffic import KINDS

DAYS, BUDGET = 26, 100.0


def test_all_signals_together_keep_the_budget_of_the_model() -> None:
    """One model of each kind, days that swing, each with all that is sent beside predictions.

    ``benchmarks/healthy`` does the same for longer and with more models.
    """
    opened: Counter[str] = Counter()
    promised = 0.0
    for seed, kind in enumerate(KINDS):
        alarms, windows = false_alarms(kind, seed, days=DAYS, swing=0.15, budget=BUDGET)
        opened += alarms
        promised += windows / BUDGET
    assert promised > 3
    assert opened.total() <= oracle.poisson.ppf(0.999, promised), opened
    assert not [name for name in opened if name.startswith("blind")]
