"""What all models take together: the largest give way, and what they lose is counted."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph_processor import codec
from barograph_processor.observation import ModelKey
from barograph_processor.state.shares import level
from tests.processor.state.rows import Bench, labels_of, rows, snapshot, unlabelled

_SMALL: dict[str, Any] = {
    "reference": {"rows": 500},
    "window": {"rows": 100},
    "alarm": {"windows_between_false_alarms": 200},
}


@given(st.lists(st.integers(0, 1000)), st.integers(0, 5000))
def test_level_is_the_highest_that_fits(sizes: list[int], most: int) -> None:
    found = level(sizes, most)
    assert sum(min(size, found) for size in sizes) <= most
    if sum(sizes) > most:
        assert sum(min(size, found + 1) for size in sizes) > most


def _model(number: int) -> ModelKey:
    return ModelKey(f"m{number}", "1")


def _waiting(bench: Bench) -> dict[str, int]:
    return {key.name: len(model.pending) for key, model in bench.registry.models.items()}


def test_largest_give_way_and_small_ones_lose_nothing() -> None:
    bench = Bench.of({**_SMALL, "limits": {"pending_labels": 900, "total_pending_labels": 1600}})
    for number, count in enumerate((50, 850, 60, 840)):
        bench.registry.observe(unlabelled(rows(count, model=_model(number))))
    bench.registry.settle()
    found = _waiting(bench)
    assert (found["m0"], found["m2"]) == (50, 60)
    assert sum(found.values()) <= 1600
    assert min(found["m1"], found["m3"]) > 300
    lost = 50 + 850 + 60 + 840 - sum(found.values())
    assert bench.counted("barograph.monitor.evicted", what="total_pending_labels") == lost
    before = snapshot(bench.registry)
    bench.registry.settle()
    assert snapshot(bench.registry) == before


def test_labelled_predictions_make_room_first() -> None:
    bench = Bench.of({**_SMALL, "limits": {"total_pending_labels": 1000}})
    for number in range(3):
        batch = rows(400, model=_model(number))
        bench.registry.observe(unlabelled(batch))
        if number < 2:
            bench.registry.attach(labels_of(batch, model=f"m{number}"))
    bench.registry.settle()
    assert _waiting(bench) == {"m0": 0, "m1": 0, "m2": 400}
    assert bench.counted("barograph.monitor.evicted", what="total_pending_labels") == 0


def test_a_new_model_with_each_row_and_one_with_very_many_stay_within_the_bounds() -> None:
    """An attack on both at once; sizes of what is held, as the limits count them."""
    limits = {
        "models": 100,
        "pending_labels": 4000,
        "total_pending_labels": 5000,
        "total_history_bytes": 200_000,
    }
    bench = Bench.of({**_SMALL, "limits": limits})
    for number in range(300):
        bench.registry.observe(unlabelled(rows(5, model=_model(number))))
    for start in range(0, 20_000, 1000):
        for number in range(20):
            bench.registry.observe(rows(1000, start=start, model=_model(number), truth=False))
            bench.registry.settle()
            held = bench.registry.models.values()
            assert sum(len(model.pending) for model in held) <= 5000
            assert sum(model.history.size_bytes for model in held) <= 200_000
    assert len(bench.registry.models) == 100
    assert all(_waiting(bench)[f"m{number}"] == 5 for number in range(20, 100))
    assert bench.counted("barograph.monitor.evicted", what="models") == 200 * 5
    assert bench.counted("barograph.monitor.evicted", what="total_history_bytes") > 0
    assert all(
        len(model.history) >= 1
        for key, model in bench.registry.models.items()
        if int(key.name[1:]) < 20
    )
    assert snapshot(bench.restarted().registry) == snapshot(bench.registry)


class TestRecovery:
    """After a burst all predictions are kept again, and it leaves no bias behind."""

    def _after_a_burst(self, sizes: tuple[int, ...] = (500,)) -> Bench:
        """6000 rows of which half are wrong, then 2000 with a tenth; labels come after each."""
        bench = Bench.of({"reference": {"rows": 8000}, "limits": {"pending_labels": 1000}})
        burst, calm = rows(6000, wrong=0.5), rows(2000, start=6000, wrong=0.1)
        for batch in (burst, calm):
            for start in range(0, len(batch), 500):
                some = unlabelled(batch.take(np.arange(start, start + 500)))
                at = 0
                while at < 500:
                    size = sizes[at % len(sizes)]
                    bench.registry.observe(some.take(np.arange(at, min(at + size, 500))))
                    at += size
                if batch is calm:
                    bench.registry.attach(labels_of(batch.take(np.arange(start, start + 500))))
            if batch is burst:
                assert bench.model.pending.keep_rate <= 1 / 4
                bench.registry.attach(labels_of(batch))
        return bench

    def test_all_are_kept_again(self) -> None:
        assert self._after_a_burst().model.pending.keep_rate == 1.0

    def test_estimates_are_those_of_all_predictions(self) -> None:
        """Wrong is (6000 * 0.5 + 2000 * 0.1) / 8000; those kept alone would say about 0.2."""
        bench = self._after_a_burst()
        found, low, high = bench.model.quality.baseline.estimates()["accuracy"]
        assert found == pytest.approx(0.6, abs=0.04)
        assert low is not None
        assert high is not None
        assert low < 0.6 < high

    def test_each_stands_for_those_that_were_not_kept(self) -> None:
        bench = Bench.of({**_SMALL, "limits": {"pending_labels": 1000}})
        batch = unlabelled(rows(8000))
        bench.registry.observe(batch)
        pending = bench.model.pending
        slots = pending.find(batch.prediction_ids)
        weights = pending.weights(slots[slots >= 0])
        assert weights.sum() == pytest.approx(8000, rel=0.1)

    def test_batches_do_not_matter(self) -> None:
        found = [
            list(codec.packed([self._after_a_burst(sizes).model.state()["joiner"]]))
            for sizes in ((500,), (7,), (3, 40, 125, 1))
        ]
        assert found[0] == found[1] == found[2]
