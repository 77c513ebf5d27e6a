"""Feedback loops: outputs that narrow, labels of its own, cases that it selected."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.observation import ObservationBatch
from barograph_processor.semconv import HOLDOUT
from barograph_processor.stats.column import CategoricalColumn
from tests.processor.state.rows import Bench, labels_of, pieces, plain, rows, unlabelled

TABLES: dict[str, Any] = {
    "reference": {"rows": 4000},
    "window": {"rows": 400},
    "alarm": {"windows_between_false_alarms": 500},
}
ITEMS = tuple(f"item {k}" for k in range(40))


def opened(bench: Bench) -> list[dict[str, Any]]:
    return [
        event["alarm"]
        for event in plain(bench.registry.drain())
        if event.get("change") == "open" and event["alarm"]["signal"] == "loop"
    ]


def recommended(window: int, *, favour: float, items: tuple[str, ...] = ITEMS) -> ObservationBatch:
    """A window of recommendations, of which a share is always one of the first four items."""
    rng = np.random.default_rng([7, window])
    n = 400
    codes = rng.integers(0, len(items), n)
    codes = np.where(rng.random(n) < favour, rng.integers(0, min(4, len(items)), n), codes)
    batch = rows(n, start=n * window, truth=False)
    label = CategoricalColumn(codes.astype(np.int32), items)
    return replace(batch, task="ranking", label=label)


class TestConcentration:
    def test_a_recommender_that_narrows(self) -> None:
        bench = Bench.of(TABLES)
        for window in range(20):
            bench.registry.observe(recommended(window, favour=0.1))
        assert opened(bench) == []
        for window in range(20, 50):
            bench.registry.observe(recommended(window, favour=0.1 + 0.02 * (window - 20)))
        (alarm,) = opened(bench)
        assert (alarm["feature"], alarm["severity"]) == ("concentration", "ticket")
        assert "what it gives narrows since" in alarm["sentence"]
        assert alarm["before"] < alarm["now"]
        assert bench.model.condition.state in {"drifting", "blind"}
        loop = bench.model.history[-1].signals["loop"]["concentration"]
        assert loop["gini"] > 0.5
        points = {
            s.attributes["measure"]: s.value
            for s in bench.registry.signals()
            if s.metric == "barograph.loop.concentration"
        }
        assert points["gini"] == loop["gini"]

    def test_a_model_of_few_classes_is_measured_and_not_judged(self) -> None:
        bench = Bench.of(TABLES)
        for window in range(40):
            favour = 0.1 if window < 20 else 0.9
            bench.registry.observe(recommended(window, favour=favour, items=("a", "b", "c")))
        assert opened(bench) == []
        assert "concentration" in bench.model.history[-1].signals["loop"]

    def test_a_million_items_are_bounded(self) -> None:
        bench = Bench.of(TABLES | {"window": {"rows": 40_000}})
        names = tuple(f"i{k}" for k in range(30_000))
        batch = rows(30_000, truth=False)
        label = CategoricalColumn(np.arange(30_000, dtype=np.int32), names)
        bench.registry.observe(replace(batch, task="ranking", label=label))
        state = bench.model.standing.aftermath.loops.outputs.state()
        assert len(state["window"]) <= 10_000
        assert len(state["known"]) <= 10_000


class TestSelfLabels:
    def feed(self, bench: Bench, windows: range, by_model: float) -> None:
        for window in windows:
            batch = rows(400, start=400 * window)
            bench.registry.observe(unlabelled(batch))
            events = labels_of(batch)
            draw = np.random.default_rng([8, window]).random(400)
            source = tuple("model" if d < by_model else "human" for d in draw.tolist())
            bench.registry.attach(replace(events, source=source))

    def test_labels_that_the_model_gives_itself(self) -> None:
        bench = Bench.of(TABLES)
        self.feed(bench, range(25), 0.05)
        assert opened(bench) == []
        self.feed(bench, range(25, 40), 0.4)
        (alarm,) = opened(bench)
        assert alarm["feature"] == "self_label_share"
        assert "more of its labels come from a model" in alarm["sentence"]
        share = bench.model.history[-1].signals["loop"]["self_label_share"]
        assert share["lower"] < share["value"] < share["upper"]


class TestPolicyGap:
    def feed(
        self, bench: Bench, windows: range, *, selected: float, held_out: float, cut: int = 400
    ) -> None:
        """Labelled windows that are wrong on shares of what it selected and of the hold-out."""
        for window in windows:
            batch = rows(400, start=400 * window, wrong=0.0)
            assert isinstance(batch.truth, CategoricalColumn)
            rng = np.random.default_rng([9, window])
            held = rng.random(400) < 0.1
            wrong = rng.random(400) < np.where(held, held_out, selected)
            label = CategoricalColumn((batch.truth.codes ^ wrong).astype(np.int32), ("0", "1"))
            slices = {
                **batch.slices,
                HOLDOUT: CategoricalColumn(held.astype(np.int32), ("false", "true")),
            }
            for piece in pieces(replace(batch, label=label, slices=slices), [cut]):
                bench.registry.observe(unlabelled(piece))
                bench.registry.attach(labels_of(piece))

    def test_the_selected_cases_flatter_it(self) -> None:
        bench = Bench.of(TABLES)
        self.feed(bench, range(40), selected=0.05, held_out=0.25)
        (alarm,) = opened(bench)
        assert alarm["feature"] == "policy_gap"
        assert "labels of the cases that it selected make it look better" in alarm["sentence"]
        assert alarm["now"] == pytest.approx(-0.2, abs=0.05)
        assert alarm["interval"][0] < alarm["now"] < alarm["interval"][1] < 0
        loop = bench.model.history[-1].signals["loop"]
        assert loop["policy_gap"]["alarm"]
        assert loop["agreement"] == pytest.approx(0.95, abs=0.02)
        assert loop["holdout_accuracy"] == pytest.approx(0.75, abs=0.06)

    def test_without_a_gap_there_is_none(self) -> None:
        bench = Bench.of(TABLES)
        self.feed(bench, range(60), selected=0.1, held_out=0.1)
        assert opened(bench) == []

    def test_a_bad_day_is_bad_for_both(self) -> None:
        bench = Bench.of(TABLES)
        for window in range(60):
            share = 0.3 if window % 10 == 0 else 0.08
            self.feed(bench, range(window, window + 1), selected=share, held_out=share)
        assert opened(bench) == []

    def test_the_hold_out_is_no_slice(self) -> None:
        bench = Bench.of(TABLES)
        self.feed(bench, range(20), selected=0.05, held_out=0.25)
        monitor = bench.model.quality.slices.monitor
        assert monitor is not None
        assert HOLDOUT not in monitor.layout.levels
        assert "region" in monitor.layout.levels

    def test_batches_and_restarts_make_no_difference(self) -> None:
        whole, other = Bench.of(TABLES), Bench.of(TABLES)
        for window in range(25):
            one = range(window, window + 1)
            self.feed(whole, one, selected=0.05, held_out=0.25, cut=100)
            self.feed(other, one, selected=0.05, held_out=0.25, cut=100)
            other = other.restarted()
        states = [repr(b.model.standing.aftermath.loops.state()) for b in (whole, other)]
        assert states[0] == states[1]
        assert whole.model.verdicts.book.open == other.model.verdicts.book.open
