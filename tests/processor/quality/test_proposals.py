"""Slices that are found in the inputs, beside those that are registered."""

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.layout import SliceLayout
from barograph_processor.quality.slice.monitor import SliceMonitor
from barograph_processor.quality.slice.proposals import SliceProposals
from barograph_processor.quality.slice.searched_inputs import SearchedInputs
from barograph_processor.stats.column import CategoricalColumn, NumericColumn

_N = 2000
_REGION = {"region": CategoricalColumn(np.arange(_N, dtype=np.int32) % 4, tuple("nesw"))}
_AGE = {"age": NumericColumn(np.linspace(18, 78, _N))}
_TIMES = np.arange(_N)


def _losses(seed: int, *, north: float) -> npt.NDArray[np.float64]:
    """Losses of which a tenth are 1, and of the north so many."""
    risk = np.where(_REGION["region"].codes == 0, north, 0.1)
    return (np.random.default_rng(seed).random(_N) < risk).astype(np.float64)


def test_a_registered_slice_that_has_a_place_is_told_once_and_as_registered() -> None:
    """It keeps parts of it from a place, and is told of by its own evidence alone."""
    losses = _losses(0, north=0.1)
    layout = SliceLayout.learn(_REGION)
    searched = SearchedInputs.learn(layout, _REGION, _AGE, losses, blocks=1)
    assert searched is not None
    proposals, north = SliceProposals(searched), layout.place("region", "n")
    proposals.load([[[["region", north, north]], 0, 0], *[None] * 7])
    reference = layout.count(_REGION, losses)
    monitor = SliceMonitor(layout, reference, tolerance=0.02, budget=100, proposals=proposals)
    counts = monitor.observe(_REGION, _losses(1, north=0.5), _TIMES, _AGE)
    (step,) = monitor.update(counts, window=0)
    assert step.status.key == (("region", "n"),)
    assert not step.status.proposed
    shown = [status.proposed for status in monitor.statuses() if status.key == step.status.key]
    assert shown == [False]
