"""Scores of evaluations: their mean by name, and harm where it falls."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.observation import trace_hex
from barograph_processor.state.aftermath.evaluation import Evaluation
from tests.processor.state.rows import Bench, close_to, facts, rows, unlabelled

_TABLES: dict[str, Any] = {
    "reference": {"rows": 1000},
    "window": {"rows": 200},
    "models": {"m": {"lower_is_better": ["toxicity"]}},
}


def _feed(
    bench: Bench,
    n: int,
    *,
    start: int,
    mean: float | npt.NDArray[np.float64],
    name: str = "helpfulness",
    scale: float = 1.0,
) -> None:
    for at in range(start, start + n, 200):
        batch = replace(unlabelled(rows(200, start=at)), task="generation", label=None)
        bench.registry.observe(batch)
        rng = np.random.default_rng([8, at])
        scores = scale * np.clip(rng.normal(mean, 0.1, 200), 0, 1)
        events = facts("evaluation", batch.prediction_ids, number=scores.tolist())
        bench.registry.attach(replace(events, name=(name,) * 200))


def _plain_state(state: Any) -> Any:
    """A state whose parts can be compared."""
    if isinstance(state, dict):
        return {name: _plain_state(part) for name, part in state.items()}
    if isinstance(state, list | tuple):
        return [_plain_state(part) for part in state]
    return state.tolist() if isinstance(state, np.ndarray) else state


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


def test_traces_show_scores_that_are_worse_than_many_usual_ones() -> None:
    """Half of the answers are as ever, and half of those are below their mean too."""
    bench = Bench.of(_TABLES)
    _feed(bench, 3000, start=0, mean=0.8)
    half = np.where(np.arange(200) % 2, 0.8, 0.5)
    _feed(bench, 3000, start=3000, mean=half)
    judged: dict[str, float] = {}
    for at in range(3000, 6000, 200):
        scores = np.clip(np.random.default_rng([8, at]).normal(half, 0.1), 0, 1)
        ids = rows(200, start=at).ids
        judged |= {trace_hex(ids, row): score for row, score in enumerate(scores.tolist())}
    (alarm,) = [a for a in bench.model.verdicts.book.open if a.signal == "evaluation"]
    assert len(alarm.trace_ids) == 5
    assert all(judged[trace] < 0.72 for trace in alarm.trace_ids)


def test_the_histogram_leads_to_the_answers_that_were_judged_so() -> None:
    bench = Bench.of(_TABLES)
    _feed(bench, 200, start=0, mean=0.5)
    scores = np.clip(np.random.default_rng([8, 0]).normal(0.5, 0.1, 200), 0, 1)
    ids = rows(200, start=0).ids
    judged = {trace_hex(ids, row): score for row, score in enumerate(scores.tolist())}
    (scored,) = [
        signal
        for signal in bench.restarted().model.counters.signals({})
        if signal.metric == "barograph.evaluation.score"
    ]
    assert len(scored.exemplars) >= 3
    assert all(judged[each.trace_id] == each.value for each in scored.exemplars)


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


@pytest.mark.parametrize(
    ("name", "good", "bad", "scale", "told"),
    [
        ("helpfulness", 0.8, 0.3, 1.0, (0.3, 0.8)),
        ("stars", 0.8, 0.66, 5.0, (3.3, 4.0)),
        ("toxicity", 0.1, 0.6, 1.0, (0.6, 0.1)),
    ],
)
def test_the_alarm_names_what_sets_bad_scores_apart(
    name: str, good: float, bad: float, scale: float, told: tuple[float, float]
) -> None:
    """One region of four is answered worse; it is told in scores, after a restart too."""
    bench = Bench.of(_TABLES)
    for at in range(0, 6000, 200):
        batch = replace(unlabelled(rows(200, start=at)), task="generation", label=None)
        bench.registry.observe(batch)
        rng = np.random.default_rng([8, at])
        worse = (batch.slices["region"].codes == 2) & (at >= 3000)
        scores = scale * np.clip(rng.normal(np.where(worse, bad, good), 0.05), 0, 1)
        events = facts("evaluation", batch.prediction_ids, number=scores.tolist())
        bench.registry.attach(replace(events, name=(name,) * 200))
        if at % 1000 == 0:
            bench = bench.restarted()
    (alarm,) = [a for a in bench.model.verdicts.book.open if a.signal == "evaluation"]
    (apart,) = alarm.apart
    assert apart.slice == {"region": "s"}
    assert (apart.now, apart.rest) == pytest.approx(told, abs=0.02 * scale)
    assert f"Worst where region=s: {apart.now:.3g} against {apart.rest:.3g} elsewhere." in (
        alarm.sentence
    )


def test_scores_that_fall_everywhere_set_nothing_apart() -> None:
    bench = Bench.of(_TABLES)
    _feed(bench, 3000, start=0, mean=0.8)
    _feed(bench, 2000, start=3000, mean=0.6)
    (alarm,) = [a for a in bench.model.verdicts.book.open if a.signal == "evaluation"]
    assert alarm.apart == ()
    assert "Worst where" not in alarm.sentence


def test_batches_of_scores_do_not_matter() -> None:
    """Neither to the mean nor to the slices, at the end of the baseline either."""

    def state(sizes: list[int]) -> Any:
        bench = Bench.of(_TABLES)
        batch = replace(unlabelled(rows(1600)), task="generation", label=None)
        bench.registry.observe(batch)
        scores = np.random.default_rng(8).random(1600)
        order = np.concatenate([np.arange(960, 1600), np.arange(960)])
        for rows_ in np.split(order, np.cumsum(sizes)[:-1]):
            names = [batch.prediction_ids[row] for row in rows_]
            events = facts("evaluation", names, number=scores[rows_].tolist())
            bench.registry.attach(replace(events, name=("helpfulness",) * len(names)))
        return _plain_state(bench.model.standing.aftermath.evaluations.state())

    assert close_to(state([1600]), state([37] * 43 + [9]))


def test_scores_too_large_to_be_summed_are_in_no_mean() -> None:
    """Nor do they show harm, the first behind the baseline, when there is no mean yet, either."""
    watched = Evaluation(tolerance=0.05, budget_windows=1e6, lower_is_better=True)
    _add(watched, np.full(100, 0.5), in_reference=True)
    assert _add(watched, np.array([1e200])).tolist() == [False]
    assert watched.mean() is None
    assert _add(watched, np.array([0.7])).tolist() == [True]
    assert watched.mean() == (0.7, None, None)


def test_the_mean_of_late_is_of_the_scores_since_the_window_before_last() -> None:
    """Behind each thousand scores, so that there are always as many once there were."""
    watched = Evaluation(tolerance=0.05, budget_windows=1e6, lower_is_better=False)
    _add(watched, np.full(100, 0.5), in_reference=True)
    seen = []
    for window, score in enumerate((0.2, 0.4, 0.6)):
        _add(watched, np.full(1000, score))
        mean = watched.mean()
        assert mean is not None
        seen.append((mean[0], watched.figures()["scores"]))
        watched.close(window)
    assert [scores for _, scores in seen] == [1000, 2000, 2000]
    assert [mean for mean, _ in seen] == pytest.approx([0.2, 0.3, 0.5])


def _add(
    watched: Evaluation, scores: npt.NDArray[np.float64], *, in_reference: bool = False
) -> npt.NDArray[np.bool_]:
    n = len(scores)
    time_ns = np.arange(n, dtype=np.int64)
    return watched.add(scores, np.ones(n), time_ns, np.full(n, in_reference), {}, windows=1.0)
