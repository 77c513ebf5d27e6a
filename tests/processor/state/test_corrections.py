"""Labels that correct earlier ones: each prediction counts once, by the label to be believed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.stats.column import CategoricalColumn
from tests.processor.state.rows import (
    SECOND,
    START,
    Bench,
    facts,
    labels_of,
    rows,
    snapshot,
    unlabelled,
)

_SMALL: dict[str, Any] = {
    "reference": {"rows": 1000},
    "window": {"rows": 200},
    "alarm": {"windows_between_false_alarms": 200},
}


def _flipped(n: int, start: int) -> list[str]:
    truth = rows(n, start=start).truth
    assert isinstance(truth, CategoricalColumn)
    return ["1" if value == "0" else "0" for value in truth.values()]


def _watched() -> Bench:
    """A model whose baseline is fixed, with 150 labelled predictions in an open window."""
    bench = Bench.of(_SMALL)
    batch = rows(1000)
    bench.registry.observe(unlabelled(batch))
    bench.registry.attach(labels_of(batch))
    assert bench.model.quality.frozen
    later = rows(150, start=1000, wrong=0.0)
    bench.registry.observe(unlabelled(later))
    bench.registry.attach(labels_of(later))
    return bench


def _wrong(bench: Bench) -> tuple[float, float]:
    """Wrong labels since the last window, and among the recent ones."""
    risk, recent = bench.model.quality.risk_now(), bench.model.quality.recent.performance
    assert risk is not None
    return risk[0] * 150, recent.wrong


def _corrected(bench: Bench) -> tuple[int, int]:
    found = bench.model.counters.corrected
    return found["figures"], found["none"]


class TestReplacing:
    def test_later_label_replaces_the_earlier_in_the_open_window(self) -> None:
        bench = _watched()
        assert _wrong(bench) == (0, 0)
        names = [f"p{i}" for i in range(1000, 1010)]
        bench.registry.attach(facts("label", names, text=_flipped(150, 1000)[:10]))
        assert _wrong(bench) == pytest.approx((10, 10))
        assert bench.model.quality.recent.performance.n == 150
        assert bench.model.counters.labels == 1150
        assert _corrected(bench) == (10, 0)

    @pytest.mark.parametrize("closed", [False, True])
    def test_errors_of_a_regression_are_corrected_too(self, closed: bool) -> None:
        """Its risk now is a mean of bounded losses, of which the sums of errors know nothing."""
        bench, right = Bench.of(_SMALL), Bench.of(_SMALL)
        batch = replace(unlabelled(rows(1600)), task="regression", label=None, value=np.ones(1600))
        errors = np.random.default_rng(0).exponential(1.0, 1150)
        for each, error in ((bench, 20.0), (right, 2.0)):
            errors[1000:] = error
            each.registry.observe(batch.take(np.arange(1150)))
            each.registry.attach(
                facts("label", batch.prediction_ids[:1150], number=(1 + errors).tolist())
            )
            if closed:
                each.registry.observe(batch.take(np.arange(1150, 1600)))
        worse = bench.model.quality.risk_now()
        bench.registry.attach(facts("label", batch.prediction_ids[1000:1150], number=[3.0] * 150))
        assert bench.model.quality.risk_now() == right.model.quality.risk_now() != worse

    def test_correction_of_a_correction(self) -> None:
        bench = _watched()
        flipped = _flipped(150, 1000)[0]
        for text in (flipped, "1" if flipped == "0" else "0", flipped):
            bench.registry.attach(facts("label", ["p1000"], text=[text]))
        assert _wrong(bench) == pytest.approx((1, 1))

    def test_all_in_one_request_is_one_after_the_other(self) -> None:
        one, many = _watched(), _watched()
        names = ["p1000", "p1001", "p1000", "p1000", "p1002"]
        texts = [*_flipped(2, 1000), "0", "1", "1"]
        one.registry.attach(facts("label", names, text=texts))
        for name, text in zip(names, texts, strict=True):
            many.registry.attach(facts("label", [name], text=[text]))
        assert snapshot(one.registry) == snapshot(many.registry)

    def test_baseline_is_corrected_until_it_is_fixed(self) -> None:
        bench = Bench.of(_SMALL)
        batch = rows(1000, wrong=0.0)
        bench.registry.observe(unlabelled(batch))
        bench.registry.attach(
            facts("label", batch.prediction_ids[:100], text=_flipped(1000, 0)[:100])
        )
        bench = bench.restarted()
        bench.registry.attach(labels_of(batch, delay=2e6))
        assert bench.model.quality.baseline.n == 1000
        assert bench.model.quality.baseline_risk == 0.0
        assert _corrected(bench) == (100, 0)
        later = np.array([(START + 3 * 10**6) * SECOND])
        bench.registry.attach(facts("label", ["p5"], text=[_flipped(1000, 0)[5]], time_ns=later))
        assert bench.model.quality.baseline.wrong == 0.0
        assert _corrected(bench) == (100, 1)

    def test_figures_of_closed_windows_stay(self) -> None:
        bench = _watched()
        bench.registry.observe(unlabelled(rows(250, start=1150)))
        before = bench.records()[0]["signals"]["performance"]
        names = [f"p{i}" for i in range(1000, 1150)]
        bench.registry.attach(facts("label", names, text=_flipped(150, 1000)))
        assert bench.model.history[0].signals["performance"] == before
        # What is shown of now is right all the same.
        assert bench.model.quality.recent.performance.wrong == 150

    def test_evidence_is_not_taken_twice(self) -> None:
        """A corrected label is not bet on again: flipping one back and forth is no evidence."""
        bench = _watched()
        assert bench.model.quality.risk is not None
        before = bench.model.quality.risk.labels, bench.model.quality.risk.log10_evidence
        for text in ("0", "1") * 50:
            bench.registry.attach(facts("label", ["p1000"], text=[text]))
        after = bench.model.quality.risk.labels, bench.model.quality.risk.log10_evidence
        assert before == after

    def test_a_name_corrects_a_number(self) -> None:
        bench = _watched()
        flipped = _flipped(150, 1000)[:3]
        for values in ({"number": [float(text) for text in flipped]}, {"text": flipped}):
            bench.registry.attach(facts("label", ["p1000", "p1001", "p1002"], **values))
        assert _wrong(bench) == pytest.approx((3, 3))

    def test_example_that_was_right_after_all_is_none(self) -> None:
        bench = _watched()
        bench.registry.observe(unlabelled(rows(1, start=5000, wrong=1.0)))
        bench.registry.attach(labels_of(rows(1, start=5000, wrong=1.0)))
        assert len(bench.model.quality.wrong.traces(0)) == 1
        bench.registry.attach(facts("label", ["p5000"], text=_flipped(1, 5000)))
        assert bench.model.quality.wrong.traces(0) == ()


class TestPrecedence:
    @pytest.mark.parametrize(
        ("first", "second", "wins"),
        [
            ("model", "human", True),
            ("human", "model", False),
            ("human", None, False),
            ("model", None, True),
            (None, "system", True),
            ("system", None, True),
            ("human", "human", True),
        ],
    )
    def test_of_sources(self, first: str | None, second: str | None, wins: bool) -> None:
        """People over systems over models; among equals the later."""
        bench = _watched()
        bench.registry.observe(unlabelled(rows(1, start=1150, wrong=0.0)))
        right = labels_of(rows(1, start=1150, wrong=0.0), source=first)
        bench.registry.attach(right)
        bench.registry.attach(facts("label", ["p1150"], text=_flipped(1, 1150), source=second))
        assert _wrong(bench)[1] == pytest.approx(float(wins))
        superseded = bench.counted("barograph.monitor.unjoined", kind="label", reason="superseded")
        assert superseded == (not wins)

    def test_older_label_that_arrives_later_corrects_nothing(self) -> None:
        bench = _watched()
        time = np.array([(START + 1001) * SECOND])
        bench.registry.attach(facts("label", ["p1000"], text=_flipped(1, 1000), time_ns=time))
        assert _wrong(bench)[1] == 0.0


class TestImpossibleTimes:
    def test_from_before_the_prediction(self) -> None:
        bench = _watched()
        batch = rows(1, start=1150)
        bench.registry.observe(unlabelled(batch))
        bench.registry.attach(labels_of(batch, delay=-1e6))
        assert bench.model.counters.labels == 1151
        reason = {"reason": "label_before_prediction"}
        assert bench.counted("barograph.monitor.warnings", **reason) == 1

    def test_from_the_far_future(self) -> None:
        """It is used, does not spoil the delays, and does not outlast later labels."""
        bench = _watched()
        batch = rows(1, start=1150, wrong=0.0)
        bench.registry.observe(unlabelled(batch))
        bench.registry.attach(labels_of(batch, delay=3e9))
        reason = {"reason": "label_long_after_prediction"}
        assert bench.counted("barograph.monitor.warnings", **reason) == 1
        (delay,) = (s.value for s in bench.registry.signals() if s.metric.endswith("delay"))
        assert delay.total < 1e6  # type: ignore[union-attr] # a histogram
        bench.registry.attach(facts("label", ["p1150"], text=_flipped(1, 1150)))
        assert _wrong(bench)[1] == pytest.approx(1)


def test_endless_ids_meet_and_take_no_more_room() -> None:
    """Ids of 10 kB are kept by a hash, in the predictions and in the facts that wait."""
    bench = Bench.of(_SMALL)
    batch = unlabelled(rows(200))
    long = tuple("x" * 10_000 + name for name in batch.prediction_ids)
    bench.registry.attach(facts("label", long[:100], text=["1"] * 100))
    bench.registry.observe(replace(batch, prediction_ids=long))
    bench.registry.attach(facts("label", long[100:], text=["1"] * 100))
    assert bench.model.counters.labels == 200
    assert sum(map(len, snapshot(bench.registry))) < 200_000


def test_label_that_came_with_its_prediction_is_corrected_in_no_figure() -> None:
    bench = Bench.of(_SMALL)
    bench.registry.observe(rows(1400))
    before = bench.model.quality.recent.performance.wrong
    text = _flipped(1400, 0)[1300]
    bench.registry.attach(facts("label", ["p1300"], text=[text], source="human"))
    assert bench.model.quality.recent.performance.wrong == before
    assert _corrected(bench) == (0, 1)
