"""What came of predictions: by unit, beside quality, and what harm costs."""

import re
from typing import Any

import numpy as np
import pytest

from tests.processor.state.rows import Bench, facts, labels_of, plain, rows, unlabelled

TABLES: dict[str, Any] = {
    "reference": {"rows": 4000},
    "window": {"rows": 400},
    "alarm": {"windows_between_false_alarms": 500},
}


def feed(
    bench: Bench,
    windows: range,
    *,
    wrong: float = 0.1,
    level: float = 20.0,
    unit: str = "EUR",
    labels_first: bool = True,
) -> None:
    """Labelled windows; a good prediction is worth the level, a bad one 12 less."""
    for window in windows:
        batch = rows(400, start=400 * window, wrong=wrong)
        assert batch.label is not None
        truth = labels_of(batch)
        bad = np.array(batch.label.values()) != np.array(truth.text)
        noise = np.random.default_rng([3, window]).normal(0, 4, 400)
        worth = level - 12.0 * bad + noise
        outcome = facts("outcome", batch.prediction_ids, number=worth.tolist(), text=[unit] * 400)
        bench.registry.observe(unlabelled(batch))
        for events in (truth, outcome) if labels_first else (outcome, truth):
            bench.registry.attach(events)


def alarms(bench: Bench, signal: str) -> list[dict[str, Any]]:
    return [
        event["alarm"]
        for event in plain(bench.registry.drain())
        if event.get("change") == "open" and event["alarm"]["signal"] == signal
    ]


@pytest.mark.parametrize("labels_first", [True, False])
def test_value_goes_with_quality(labels_first: bool) -> None:
    bench = Bench.of(TABLES)
    feed(bench, range(30), labels_first=labels_first)
    found = bench.model.history[-1].signals["outcome"]["EUR"]
    apart = found["good_minus_bad"]
    assert apart["lower"] < 12 < apart["upper"]
    assert apart["value"] == pytest.approx(12, abs=0.6)
    assert found["correlation"] == pytest.approx(12 * 0.3 / np.hypot(4, 3.6), abs=0.06)
    assert found["mean"] == pytest.approx(20 - 1.2, abs=0.4)
    assert found["lower"] < 18.8 < found["upper"]
    assert found["count"] == 400
    assert alarms(bench, "outcome") == []
    points = {s.metric: s.value for s in bench.registry.signals() if s.attributes.get("unit")}
    assert points["barograph.outcome.mean"] == found["mean"]
    assert points["barograph.outcome.good_minus_bad"] == apart["value"]


def test_harm_says_what_it_costs() -> None:
    bench = Bench.of(TABLES)
    feed(bench, range(25))
    feed(bench, range(25, 45), wrong=0.4)
    assert alarms(bench, "risk")
    alarm = next(a for a in bench.model.verdicts.book.open if a.signal == "risk")
    found = re.search(r"It has cost about ([\d,]+) EUR so far", alarm.sentence)
    assert found is not None, alarm.sentence
    # 30 points more of wrong ones, 20 windows of 400, 12 EUR each.
    cost = float(found.group(1).replace(",", ""))
    assert cost == pytest.approx(0.3 * 20 * 400 * 12, rel=0.15)
    # It grows while it lasts, and is what the sentence says.
    courses = [record.signals["outcome"]["EUR"]["cost"] for record in bench.model.history]
    known = [found for found in courses if found is not None]
    assert known[-1]["value"] == pytest.approx(cost, abs=1)
    assert 10 < len(known) <= 20
    values = [found["value"] for found in known]
    assert values[0] < values[len(values) // 2] < values[-1]
    assert all(found["lower"] < found["value"] < found["upper"] for found in known)
    points = {s.metric: s.value for s in bench.registry.signals() if s.attributes.get("unit")}
    assert points["barograph.outcome.cost"] == known[-1]["value"]
    # Once it is over nothing costs any more.
    feed(bench, range(45, 60))
    assert bench.model.history[-1].signals["outcome"]["EUR"]["cost"] is None


def test_value_that_falls_is_told_with_the_predictions_that_show_it() -> None:
    bench = Bench.of(TABLES)
    feed(bench, range(25))
    feed(bench, range(25, 45), level=14.0)
    (alarm,) = alarms(bench, "outcome")
    assert (alarm["feature"], alarm["severity"]) == ("EUR", "page")
    assert "what a prediction is worth has fallen since" in alarm["sentence"]
    assert alarm["before"] == pytest.approx(18.8, abs=0.5)
    assert alarm["interval"][0] < alarm["now"] < alarm["interval"][1]
    assert len(alarm["trace_ids"]) == 5
    feed(bench, range(45, 70))
    assert not [a for a in bench.model.verdicts.book.open if a.signal == "outcome"]


def test_one_order_of_a_million_hides_nothing() -> None:
    bench = Bench.of(TABLES)
    feed(bench, range(25))
    for window in range(25, 45):
        feed(bench, range(window, window + 1), level=14.0)
        bench.registry.attach(facts("outcome", [f"p{400 * window}"], number=[1e12], text=["EUR"]))
    assert alarms(bench, "outcome")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_impossible_values_are_counted(value: float) -> None:
    bench = Bench.of(TABLES)
    bench.registry.observe(unlabelled(rows(10)))
    bench.registry.attach(facts("outcome", ["p1", "p2"], number=[value, 3.0], text=["EUR"] * 2))
    assert bench.counted("barograph.monitor.unjoined", kind="outcome", reason="wrong_type") == 1
    (signal,) = [s for s in bench.registry.signals() if s.metric == "barograph.outcome"]
    assert signal.value == 3.0


def test_units_are_bounded() -> None:
    bench = Bench.of(TABLES)
    batch = rows(400)
    bench.registry.observe(unlabelled(batch))
    units = [f"unit {k}" for k in range(400)]
    bench.registry.attach(facts("outcome", batch.prediction_ids, number=[1.0] * 400, text=units))
    assert len(bench.model.standing.aftermath.figures()["outcome"]) == 8
    summed = [s for s in bench.registry.signals() if s.metric == "barograph.outcome"]
    assert len(summed) == 51
    assert sum(s.value for s in summed if isinstance(s.value, float)) == 400


def test_restarts_make_no_difference() -> None:
    whole, other = Bench.of(TABLES), Bench.of(TABLES)
    for window in range(35):
        one = range(window, window + 1)
        for bench in (whole, other):
            feed(bench, one, wrong=0.1 if window < 25 else 0.4)
        other = other.restarted()
    first, second = (b.model.standing.aftermath.outcomes.state() for b in (whole, other))
    assert repr(first) == repr(second)
    assert whole.model.verdicts.book.open == other.model.verdicts.book.open
