"""Which scores a stream is watched by."""

import numpy as np
import pytest

from barograph_processor.drift.binning import CategoricalBinning
from barograph_processor.drift.score import categorical_scores
from barograph_processor.stats import CategoricalColumn


def test_names_are_ordered_as_people_order_them() -> None:
    names = ["size 10", "size 9", "size 9.5", "none"]
    column = CategoricalColumn.of(np.repeat(names, [40, 30, 20, 10]).tolist())
    binning = CategoricalBinning.learn(column, 100)
    counts = np.bincount(binning.index(column), minlength=binning.slots)
    (order,) = (s for s in categorical_scores(binning, counts, 0.0, 100.0) if s.name == "order")
    assert [binning.levels[slot] for slot in order.slots] == [
        "none",
        "size 9",
        "size 9.5",
        "size 10",
    ]
    assert (np.diff(order.values) > 0).all()
    assert counts[order.slots] @ order.values == pytest.approx(0)
    assert counts[order.slots] @ order.values**2 / 100 == pytest.approx(1)


@pytest.mark.parametrize(("levels", "ordered"), [(1, False), (2, False), (3, True), (60, True)])
def test_weights_are_shares_of_one(levels: int, ordered: bool) -> None:
    column = CategoricalColumn(
        np.arange(6000, dtype=np.int32) % levels, tuple(f"l{i}" for i in range(levels))
    )
    binning = CategoricalBinning.learn(column, 100)
    counts = np.bincount(binning.index(column), minlength=binning.slots)
    scores = categorical_scores(binning, counts, 0.0, 1000.0)
    assert sum(score.weight for score in scores) == pytest.approx(1)
    assert all(score.weight > 0 for score in scores)
    assert ("order" in {score.name for score in scores}) == ordered
