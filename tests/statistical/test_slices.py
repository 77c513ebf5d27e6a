"""Slices of which nothing is wrong keep to the budget of false alarms: by simulation."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats as oracle

from barograph_processor.quality.absence import AbsenceMonitor
from barograph_processor.quality.slice.layout import SliceLayout
from barograph_processor.quality.slice.monitor import SliceMonitor
from barograph_processor.quality.slice.rest import slice_dispersion
from barograph_processor.stats.column import CategoricalColumn

BUDGET, WINDOWS, RUNS, ROWS = 2, 200, 20, 500
OLD = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}
NEW = {"e": 0.02, "f": 0.1, "g": 0.3}


def _window(
    rng: np.random.Generator, shares: Mapping[str, float], swing: float
) -> tuple[dict[str, CategoricalColumn], npt.NDArray[np.float64]]:
    """Draw labels of levels whose log odds swing from window to window, each by itself."""
    total = sum(shares.values())
    codes = rng.choice(len(shares), ROWS, p=[share / total for share in shares.values()])
    odds = np.log(1 / 9) + rng.normal(0, swing, len(shares))
    losses = rng.random(ROWS) < (1 / (1 + np.exp(-odds)))[codes]
    levels = CategoricalColumn(codes.astype(np.int32), tuple(shares))
    return {"level": levels}, losses.astype(np.float64)


@pytest.mark.parametrize("swing", [0.0, 0.3])
def test_new_levels_as_good_as_the_rest_keep_to_the_budget(swing: float) -> None:
    """Without any tolerance that would hide an excess.

    The spare slots have a tenth of the budget; three of the 32 are in use. A budget of one
    false alarm in two windows makes the few that are promised many enough to be counted.
    """
    alarms = Counter[bool]()
    for seed in range(RUNS):
        rng = np.random.default_rng([10, seed])
        reference = [_window(rng, OLD, swing) for _ in range(20)]
        codes = np.concatenate([columns["level"].codes for columns, _ in reference])
        losses = np.concatenate([losses for _, losses in reference])
        whole = {"level": CategoricalColumn(codes, tuple(OLD))}
        layout = SliceLayout.learn(whole)
        monitor = SliceMonitor(
            layout,
            layout.count(whole, losses),
            tolerance=0.0,
            budget=BUDGET,
            dispersion=slice_dispersion(layout, [layout.count(*block) for block in reference]),
        )
        for window in range(WINDOWS):
            columns, losses = _window(rng, OLD | NEW, swing)
            times = np.full(ROWS, window, dtype=np.int64)
            steps = monitor.update(monitor.observe(columns, losses, times), window=window)
            alarms.update(step.status.reference is None for step in steps if step.kind == "open")
    promised = RUNS * WINDOWS / BUDGET
    assert alarms[False] <= 0.9 * promised
    assert alarms[True] <= oracle.poisson.ppf(0.999, 0.1 * promised * len(NEW) / 32)


@pytest.mark.parametrize("swing", [0.0, 1.0])
def test_parts_that_go_on_are_not_taken_for_absent(swing: float) -> None:
    """Small parts whose share swings from window to window; a bet is at its limit for each."""
    budget, windows, rows = 5, 300, 100
    absent = 0
    for seed in range(RUNS):
        rng = np.random.default_rng([11, seed])
        odds = np.log(0.02 / 0.98) + rng.normal(0, swing, (20 + windows, 5))
        counts = rng.binomial(rows, 1 / (1 + np.exp(-odds))).astype(np.float64)
        learnt, among = counts[:20], np.full(5, 20.0 * rows)
        share = np.maximum(learnt.sum(axis=0), 1) / among
        phi = ((learnt - rows * share) ** 2).sum(axis=0) / (19 * rows * share * (1 - share))
        monitor = AbsenceMonitor(share * among, among, np.maximum(phi, 1.0), budget=budget)
        before = monitor.absent
        for window in counts[20:]:
            monitor.update(window, np.full(5, float(rows)))
            absent += int((monitor.absent & ~before).sum())
            before = monitor.absent
    assert absent <= RUNS * windows / budget
