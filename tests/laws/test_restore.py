"""Every monitor continues exactly where its state was taken: split run equals whole run.

The classes are found by introspection: whatever has ``state``, ``restore`` and ``update``.
"""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import barograph_processor.drift
import barograph_processor.quality
import barograph_processor.sequential
from barograph_processor.drift import DriftMonitor, ReferenceProfile, StreamKey
from barograph_processor.quality.absence import AbsenceMonitor
from barograph_processor.quality.calibration_monitor import CalibrationMonitor
from barograph_processor.quality.coverage import CoverageMonitor
from barograph_processor.quality.figure import FigureMonitor, FigureReference
from barograph_processor.quality.rate import RateMonitor, RateReference
from barograph_processor.quality.risk import RiskMonitor
from barograph_processor.quality.score_histogram import ScoreHistogram
from barograph_processor.quality.slice.layout import SliceLayout
from barograph_processor.quality.slice.monitor import SliceMonitor
from barograph_processor.quality.slice.proposals import SliceProposals
from barograph_processor.quality.slice.searched_inputs import SearchedInputs
from barograph_processor.sequential import ShiryaevRoberts
from barograph_processor.sequential.betting_sequence import BettingSequence
from barograph_processor.sequential.cumulative import CumulativeSums
from barograph_processor.stats import CategoricalColumn, NumericColumn

KEY = StreamKey("input.drift", "x")


def _drift_profile() -> ReferenceProfile:
    x = np.random.default_rng(3).normal(size=4000)
    return ReferenceProfile.learn(
        {KEY: NumericColumn(x)}, np.arange(4000) // 200, np.arange(4000, dtype=np.float64)
    )


PROFILE = _drift_profile()


def _drift(monitor: DriftMonitor, step: int) -> Any:
    x = np.random.default_rng([4, step]).normal(
        0.4 * (step > 20), 1.0, size=150 if step % 3 else 40
    )
    counts = PROFILE.count({KEY: NumericColumn(x)})
    return monitor.update(counts, time=4000.0 + 200 * step, window=step)


def _risk(monitor: RiskMonitor, step: int) -> Any:
    rate = 0.1 + 0.3 * (15 < step < 30)
    losses = (np.random.default_rng([5, step]).uniform(size=70) < rate).astype(np.float64)
    return monitor.update(losses), monitor.log10_evidence


def _rate_monitor() -> RateMonitor:
    blocks = np.random.default_rng(10).binomial(100, 0.1, size=10).astype(np.float64)
    reference = RateReference.learn(blocks, np.full(10, 100.0))
    return RateMonitor(reference, tolerance=0.02, budget=1000.0)


def _rate(monitor: RateMonitor, step: int) -> Any:
    rate = 0.1 + 0.3 * (8 < step < 25)
    successes = float(np.random.default_rng([11, step]).binomial(100, rate))
    monitor.update(successes, 100.0, window=step)
    return monitor.harmed, monitor.since_window, monitor.log10_evidence


def _figure_monitor() -> FigureMonitor:
    values = np.random.default_rng(12).normal(size=20)
    reference = FigureReference.learn(values, np.full(20, 100.0))
    return FigureMonitor(reference, upwards=True, tolerance=0.1, budget=1000.0)


def _figure(monitor: FigureMonitor, step: int) -> Any:
    value = float(np.random.default_rng([13, step]).normal(4.0 * (8 < step < 25)))
    monitor.update(value, 100.0, window=step)
    return monitor.harmed, monitor.since_window, monitor.log10_evidence, monitor.interval


def _cities(seed: int, n: int) -> dict[str, CategoricalColumn]:
    codes = np.random.default_rng([7, seed]).integers(0, 4, size=n).astype(np.int32)
    return {"city": CategoricalColumn(codes, ("a", "b", "c", "d"))}


def _absence_monitor() -> AbsenceMonitor:
    rows, among = np.array([100.0, 300.0]), np.array([1000.0, 1000.0])
    return AbsenceMonitor(rows, among, np.array([1.0, 2.0]), budget=1000)


def _absence(monitor: AbsenceMonitor, step: int) -> Any:
    among = np.full(2, 20.0)
    share = np.array([0.0 if step > 8 else 0.1, 0.3])
    monitor.update(np.random.default_rng([14, step]).binomial(20, share).astype(np.float64), among)
    return monitor.absent.tolist(), monitor.log10_evidence(0), monitor.log10_threshold


def _slice_monitor() -> SliceMonitor:
    columns, rng = _cities(0, 4000), np.random.default_rng(8)
    layout, age = SliceLayout.learn(columns), NumericColumn(rng.normal(40, 10, 4000))
    losses = (rng.uniform(size=4000) < 0.1).astype(np.float64)
    counts = layout.count(columns, losses)
    searched = SearchedInputs.learn(layout, columns, {"age": age}, losses, blocks=10)
    assert searched is not None
    proposals = SliceProposals(searched)
    return SliceMonitor(layout, counts, tolerance=0.02, budget=100, proposals=proposals)


def _slice(monitor: SliceMonitor, step: int) -> Any:
    columns, rng = _cities(step + 1, 400), np.random.default_rng([9, step])
    age = rng.normal(40, 10, 400)
    failing = (columns["city"].codes == 2) * (15 < step < 30) + (age > 45) * (5 < step < 25)
    losses = (rng.uniform(size=400) < 0.1 + 0.3 * failing).astype(np.float64)
    counts = monitor.observe(columns, losses, np.full(400, step), {"age": NumericColumn(age)})
    return monitor.update(counts, window=step), monitor.statuses()


def _scores(seed: int, n: int, *, steeper: bool = False) -> ScoreHistogram:
    rng = np.random.default_rng([10, seed])
    chance = rng.uniform(size=n)
    score = chance**2 / (chance**2 + (1 - chance) ** 2) if steeper else chance
    return ScoreHistogram.of(score, score > 0.5, rng.uniform(size=n) < chance)


def _calibration(monitor: CalibrationMonitor, step: int) -> Any:
    moved = monitor.update(_scores(step + 1, 300, steeper=15 < step < 25), window=step)
    return moved, monitor.log10_evidence, monitor.broken


def _coverage(monitor: CoverageMonitor, step: int) -> Any:
    predictions = np.array([1000.0, 300.0, 200.0] if step > 3 else [1000.0, 300.0])
    share = np.array([0.5, 0.9 if 10 < step < 20 else 0.5, 0.5])[: len(predictions)]
    labels = np.random.default_rng([11, step]).binomial(predictions.astype(int), share)
    monitor.update(predictions, labels.astype(float))
    return monitor.biased


def _sum(detector: ShiryaevRoberts, step: int) -> Any:
    detector.update(np.random.default_rng([6, step]).normal(size=2))
    return detector.evidence


def _began(sums: CumulativeSums, step: int) -> Any:
    sums.update(np.random.default_rng([14, step]).normal(-0.5 + (step > 20), size=3), step)
    if step == 30:
        sums.reset()
    return sums.began


def _restored_sums(state: Any) -> CumulativeSums:
    sums = CumulativeSums(3)
    sums.restore(state)
    return sums


def _weighted(sequence: BettingSequence, step: int) -> Any:
    rng = np.random.default_rng([10, step])
    for _ in range(5):
        sequence.update(float(rng.random() < 0.2), weight=float(rng.uniform(0.1, 1.0)))
    return sequence.interval, sequence.mean


def _restored_sum(state: Any) -> ShiryaevRoberts:
    detector = ShiryaevRoberts(2, threshold=100.0)
    detector.restore(state)
    return detector


Case = tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any, int], Any]]
CASES: dict[type[Any], Case] = {
    DriftMonitor: (
        lambda: DriftMonitor(PROFILE, budget=100.0),
        lambda state: DriftMonitor.restore(PROFILE, state),
        _drift,
    ),
    RiskMonitor: (
        lambda: RiskMonitor(0.12, budget_labels=5000),
        lambda state: RiskMonitor.restore(json.loads(json.dumps(state))),
        _risk,
    ),
    RateMonitor: (
        _rate_monitor,
        lambda state: RateMonitor.restore(json.loads(json.dumps(state))),
        _rate,
    ),
    FigureMonitor: (
        _figure_monitor,
        lambda state: FigureMonitor.restore(json.loads(json.dumps(state))),
        _figure,
    ),
    CalibrationMonitor: (
        lambda: CalibrationMonitor(_scores(0, 5000), tolerance=0.02, budget=1000.0),
        CalibrationMonitor.restore,
        _calibration,
    ),
    CoverageMonitor: (
        lambda: CoverageMonitor(budget=100.0),
        lambda state: CoverageMonitor.restore(json.loads(json.dumps(state))),
        _coverage,
    ),
    AbsenceMonitor: (_absence_monitor, AbsenceMonitor.restore, _absence),
    SliceMonitor: (_slice_monitor, SliceMonitor.restore, _slice),
    BettingSequence: (
        BettingSequence,
        BettingSequence.restore,
        _weighted,
    ),
    ShiryaevRoberts: (
        lambda: ShiryaevRoberts(2, threshold=100.0),
        lambda state: _restored_sum(json.loads(json.dumps(state))),
        _sum,
    ),
    CumulativeSums: (
        lambda: CumulativeSums(3),
        lambda state: _restored_sums(json.loads(json.dumps(state))),
        _began,
    ),
}


def monitors() -> list[type[Any]]:
    found: dict[str, type[Any]] = {}
    for package in (
        barograph_processor.sequential,
        barograph_processor.drift,
        barograph_processor.quality,
    ):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            module = importlib.import_module(info.name)
            for _, each in inspect.getmembers(module, inspect.isclass):
                own = each.__module__ == info.name
                if own and all(hasattr(each, name) for name in ("state", "restore", "update")):
                    found[f"{info.name}.{each.__name__}"] = each
    return [found[name] for name in sorted(found)]


MONITORS = monitors()


def test_monitors_are_found() -> None:
    assert {"DriftMonitor", "RiskMonitor"} <= {cls.__name__ for cls in MONITORS}


@pytest.mark.parametrize("cls", MONITORS, ids=[cls.__name__ for cls in MONITORS])
@pytest.mark.parametrize("stop", [0, 1, 7, 18, 27])
def test_split_run_equals_whole_run(cls: type[Any], stop: int) -> None:
    assert cls in CASES, "add a case to CASES, so that the law is checked for it too"
    start, restore, step = CASES[cls]
    whole = start()
    expected = [step(whole, i) for i in range(40)]
    first = start()
    assert [step(first, i) for i in range(stop)] == expected[:stop]
    second = restore(first.state())
    # What runs on afterwards must not reach into the state that was taken.
    for i in range(stop, min(stop + 3, 40)):
        step(first, i)
    assert [step(second, i) for i in range(stop, 40)] == expected[stop:]
