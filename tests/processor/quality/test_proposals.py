"""Slices that are found in the inputs, beside those that are registered."""

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.slice.layout import SliceLayout
from barograph_processor.quality.slice.monitor import SliceMonitor
from barograph_processor.quality.slice.proposals import SliceProposals
from barograph_processor.quality.slice.rest import noise_of_rest
from barograph_processor.quality.slice.sample import SliceSample
from barograph_processor.quality.slice.searched_inputs import KnownSlice, SearchedInputs
from barograph_processor.state.label.sliced import SlicedQuality
from barograph_processor.stats.column import CategoricalColumn, NumericColumn

_N = 2000
_REGION = {"region": CategoricalColumn(np.arange(_N, dtype=np.int32) % 4, tuple("nesw"))}
_AGE = {"age": NumericColumn(np.linspace(18, 78, _N))}
_TIMES = np.arange(_N)
_NORTH = _REGION["region"].codes == 0
_YOUNG = np.arange(_N) < _N // 4


def _losses(seed: int, *, of: npt.NDArray[np.bool_], risk: float = 0.5) -> npt.NDArray[np.float64]:
    """Losses of which a tenth are 1, and of some rows so many."""
    risks = np.where(of, risk, 0.1)
    return (np.random.default_rng(seed).random(_N) < risks).astype(np.float64)


def _monitor(name: str, first: int, last: int) -> SliceMonitor:
    """A monitor that has a slice of one dimension or input in a place from the start."""
    losses = _losses(0, of=_NORTH, risk=0.1)
    layout = SliceLayout.learn(_REGION)
    searched = SearchedInputs.learn(layout, _REGION, _AGE, losses, blocks=100)
    assert searched is not None
    proposals = SliceProposals(searched)
    proposals.load([[[[name, first, last]], 0, 0], *[None] * 7])
    reference = layout.count(_REGION, losses)
    return SliceMonitor(layout, reference, tolerance=0.02, budget=1, proposals=proposals)


def test_a_registered_slice_that_has_a_place_is_told_once_and_as_registered() -> None:
    """It keeps parts of it from a place, and is told of by its own evidence alone."""
    monitor = _monitor("region", 0, 0)
    counts = monitor.observe(_REGION, _losses(1, of=_NORTH), _TIMES, _AGE)
    (step,) = monitor.update(counts, window=0)
    assert step.status.key == (("region", "n"),)
    assert not step.status.proposed
    shown = [status.proposed for status in monitor.statuses() if status.key == step.status.key]
    assert shown == [False]


@pytest.mark.parametrize("restart", [False, True])
def test_what_was_held_back_is_told_once_all_is_no_longer_bad(restart: bool) -> None:
    monitor = _monitor("age", 0, 2)
    told = []
    for window, since in enumerate((0, 0, None, None)):
        counts = monitor.observe(_REGION, _losses(window + 1, of=_YOUNG), _TIMES, _AGE)
        told.append(monitor.update(counts, window=window, quiet_since=since))
        if restart:
            monitor = SliceMonitor.restore(monitor.state())
    assert [len(steps) for steps in told] == [0, 0, 1, 0]
    (step,) = told[2]
    assert (step.kind, step.since_window, step.status.proposed) == ("open", 0, True)
    assert [name for name, _ in step.status.key] == ["age"]


def test_what_fails_after_the_alarm_about_all_was_raised_does_not_wait() -> None:
    monitor = _monitor("age", 0, 2)
    told = []
    for window in range(3, 9):
        of = _YOUNG if window >= 7 else np.zeros(_N, dtype=np.bool_)
        counts = monitor.observe(_REGION, _losses(window, of=of), _TIMES, _AGE)
        told += monitor.update(counts, window=window, quiet_since=4)
    (step,) = told
    assert (step.since_window, step.status.proposed) == (7, True)


def test_what_is_watched_in_a_place_swings_as_its_slice_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SearchedInputs, "known", lambda *_: KnownSlice(500, 50.0, 0.02))
    monitor = _monitor("age", 0, 2)
    now = monitor.observe(_REGION, _losses(1, of=_YOUNG), _TIMES, _AGE)
    first = monitor.places.proposed
    swings = monitor.usual.swings(now)[first] / noise_of_rest(now)[first]
    assert swings == pytest.approx(1 + (now.labels[first] - 1) * 0.02)


@pytest.mark.parametrize(("risk", "keys"), [(0.1, ()), (0.5, ("age",))])
def test_what_no_longer_looks_bad_leaves_its_place(risk: float, keys: tuple[str, ...]) -> None:
    monitor = _monitor("age", 0, 2)
    counts = monitor.observe(_REGION, _losses(1, of=_YOUNG, risk=risk), _TIMES, _AGE)
    monitor.update(counts, window=0)
    proposals = monitor.places.proposals
    assert proposals is not None
    assert tuple(name for name, _ in proposals.keys[0]) == keys


def test_what_does_worse_in_all_labels_held_did_so_since_it_came_to_its_place() -> None:
    """But if it did well in some of them since then, that is known better."""
    proposals = _monitor("age", 0, 2).places.proposals
    assert proposals is not None
    codes = proposals.searched.bins.codes(_AGE, _N)
    for bad, since in (((5, 6), 0), ((6,), 6)):
        sample = SliceSample(SliceLayout.learn({}), ["age"])
        for window in (5, 6):
            risk = 0.6 if window in bad else 0.1
            sample.add(codes, _losses(window, of=_YOUNG, risk=risk), window=window)
        assert proposals.began(0, sample) == since


def test_one_window_proves_no_more_than_as_many_of_the_reference_could_refute() -> None:
    """However bad it is: a storm that comes once in 100 windows may have been in none of them."""
    monitor = _monitor("age", 0, 2)
    counts = monitor.observe(_REGION, _losses(1, of=_YOUNG, risk=1.0), _TIMES, _AGE)
    monitor.update(counts, window=0)
    (found,) = [each for each in monitor.statuses() if each.proposed]
    assert 10**found.log10_evidence == pytest.approx(101)


@pytest.mark.parametrize("corrected", [False, True])
def test_labels_that_are_corrected_are_no_evidence_of_what_was_found(corrected: bool) -> None:
    quality = SlicedQuality(AlarmConfig(), budget_windows=1)
    quality.monitor = _monitor("age", 0, 2)
    wrong, right = _losses(1, of=_YOUNG), _losses(1, of=_YOUNG, risk=0.1)
    quality.observe(_REGION, _AGE, wrong, _TIMES)
    if corrected:
        quality.correct(np.zeros(_N, dtype=np.int64), _REGION, _AGE, wrong, right)
    assert len(quality.close_window(0)) == (0 if corrected else 1)
