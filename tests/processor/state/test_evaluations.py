"""Scores of evaluations: their mean by name, and harm where it falls."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.processor.state.rows import Bench, facts, rows, unlabelled

_TABLES: dict[str, Any] = {
    "reference": {"rows": 1000},
    "window": {"rows": 200},
    "models": {"m": {"lower_is_better": ["toxicity"]}},
}


def _feed(
    bench: Bench, n: int, *, start: int, mean: float, name: str = "helpfulness", scale: float = 1.0
) -> None:
    for at in range(start, start + n, 200):
        batch = replace(unlabelled(rows(200, start=at)), task="generation", label=None)
        bench.registry.observe(batch)
        rng = np.random.default_rng([8, at])
        scores = scale * np.clip(rng.normal(mean, 0.1, 200), 0, 1)
        events = facts("evaluation", batch.prediction_ids, number=scores.tolist())
        bench.registry.attach(replace(events, name=(name,) * 200))


def _alarms(bench: Bench) -> list[str]:
    open_now = bench.model.verdicts.book.open
    return [alarm.feature or "" for alarm in open_now if alarm.signal == "evaluation"]


@pytest.mark.parametrize(
    ("name", "before", "after", "scale"),
    [
        ("helpfulness", 0.8, 0.65, 1.0),
        ("stars", 0.8, 0.6, 5.0),
        ("toxicity", 0.1, 0.25, 1.0),
    ],
)
def test_worse_scores_are_harm_and_over_when_they_are(
    name: str, before: float, after: float, scale: float
) -> None:
    bench = Bench.of(_TABLES)
    _feed(bench, 3000, start=0, mean=before, name=name, scale=scale)
    assert _alarms(bench) == []
    _feed(bench, 2000, start=3000, mean=after, name=name, scale=scale)
    assert _alarms(bench) == [name]
    (alarm,) = [a for a in bench.model.verdicts.book.open if a.signal == "evaluation"]
    assert alarm.severity == "page"
    assert alarm.since_window in range(9, 12)
    assert alarm.trace_ids
    assert "judged worse" in alarm.sentence
    bench = bench.restarted()
    _feed(bench, 4000, start=5000, mean=before, name=name, scale=scale)
    assert _alarms(bench) == []


def test_better_scores_are_none() -> None:
    bench = Bench.of(_TABLES)
    _feed(bench, 3000, start=0, mean=0.6)
    _feed(bench, 3000, start=3000, mean=0.8)
    assert _alarms(bench) == []
    found = bench.model.history[-1].signals["evaluation"]["helpfulness"]
    assert found["reference"] == pytest.approx(0.6, abs=0.02)
    assert found["lower"] < found["value"] < found["upper"]
    gauges = {s.metric for s in bench.registry.signals()}
    assert "barograph.evaluation.mean" in gauges


def test_names_are_bounded_and_most_words_are_no_scores() -> None:
    bench = Bench.of(_TABLES)
    batch = unlabelled(rows(1000))
    bench.registry.observe(batch)
    events = facts("evaluation", batch.prediction_ids[:100], number=[0.5] * 100)
    names = tuple(f"n{i}" for i in range(100))
    bench.registry.attach(replace(events, name=names))
    bench.registry.attach(facts("evaluation", ["p1"], number=[float("nan")], text=["rather good"]))
    assert len(bench.model.standing.aftermath.evaluations.figures()["evaluation"]) == 16
    reason = {"kind": "evaluation", "reason": "wrong_type"}
    assert bench.counted("barograph.monitor.unjoined", **reason) == 1


def test_a_model_that_is_evaluated_is_not_blind_until_that_stops() -> None:
    """Answers have no labels; that judges stop is told as it is of labels."""
    bench = Bench.of(_TABLES)
    _feed(bench, 2000, start=0, mean=0.8)
    assert bench.model.condition.state == "healthy"
    for at in range(2000, 2000 + 22 * 200, 200):
        batch = replace(unlabelled(rows(200, start=at)), task="generation", label=None)
        bench.registry.observe(batch)
    assert bench.model.condition.state == "blind"
    assert "no evaluation has come for" in bench.model.condition.reasons[0]
    bench = bench.restarted()
    _feed(bench, 200, start=6400, mean=0.8)
    bench.registry.observe(unlabelled(rows(200, start=6600)))
    assert bench.model.condition.state == "healthy"


def test_verdicts_that_are_words_count_as_scores() -> None:
    """Graders that say pass or fail and no number; what says neither is counted as unusable."""
    bench = Bench.of(_TABLES)
    for at in range(0, 4000, 200):
        batch = replace(unlabelled(rows(200, start=at)), task="generation", label=None)
        bench.registry.observe(batch)
        draw = np.random.default_rng([9, at]).random(200)
        bad = 0.1 if at < 2400 else 0.35
        words = ["Fail" if each < bad else "pass" for each in draw.tolist()]
        events = facts("evaluation", batch.prediction_ids, text=words)
        bench.registry.attach(replace(events, name=("faithful",) * 200))
    (alarm,) = [a for a in bench.model.verdicts.book.open if a.signal == "evaluation"]
    assert alarm.before == pytest.approx(0.9, abs=0.03)
    odd = facts("evaluation", batch.prediction_ids[:3], text=["hm"] * 3)
    bench.registry.attach(replace(odd, name=("faithful",) * 3))
    counted = bench.counted("barograph.monitor.unjoined", kind="evaluation", reason="wrong_type")
    assert counted == 3
