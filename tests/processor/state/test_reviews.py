from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.observation import EventBatch, ObservationBatch
from barograph_processor.state.review.reviews import Reviews
from barograph_processor.stats.column import CategoricalColumn, Column
from tests.processor.state.rows import KEY, Bench, facts, pieces, rows, unlabelled

REVIEW = {"review": {"per_day": 100, "overlap": 0.5}}


def predictions(n: int = 6000, *, start: int = 0) -> ObservationBatch:
    """A prediction every ten seconds: some 8,640 a day; the labels stay aside in ``truth``."""
    batch = rows(n, start=start, seconds=np.arange(start, start + n, dtype=np.float64) * 10)
    doubt = np.random.default_rng([11, start]).uniform(0, 0.5, n)
    return replace(batch, confidence=1 - doubt)


def classes(column: Column | None) -> CategoricalColumn:
    assert isinstance(column, CategoricalColumn)
    return column


def answers(
    batch: ObservationBatch, names: Sequence[str], *, reviewer: str | None = "r1", **options: Any
) -> EventBatch:
    truth = dict(zip(batch.prediction_ids, classes(batch.truth).values(), strict=True))
    events = facts("label", names, text=[truth[name] for name in names], **options)
    return replace(events, source=("human",) * len(names), reviewer=(reviewer,) * len(names))


def drawn(bench: Bench) -> list[str]:
    return [item.id for item in bench.model.reviews.queue]


def reviews(bench: Bench) -> Reviews:
    return bench.model.reviews


def test_predictions_are_drawn_from_the_first_day_with_what_a_person_needs_to_see() -> None:
    bench = Bench.of(REVIEW)
    batch = predictions()
    bench.registry.observe(unlabelled(batch))
    assert bench.learning
    names = drawn(bench)
    days = np.array([item.time_ns // (86_400 * 10**9) for item in reviews(bench).queue])
    assert len(names) >= 40
    assert np.bincount(days - days[0]).max() <= 100
    item = reviews(bench).queue.get(names[0])
    assert item is not None
    row = batch.prediction_ids.index(names[0])
    shown = item.details()
    assert shown["inputs"]["c"] == classes(batch.inputs["c"]).values()[row]
    assert 0 <= shown["inputs"]["a"] <= 1
    assert shown["slices"] == {"region": batch.slices["region"].values()[row]}
    assert item.label == classes(batch.label).values()[row]
    assert 0 < item.weight <= 1
    assert 0 < item.propensity <= 1


def test_draws_and_answers_do_not_depend_on_batches() -> None:
    batch = predictions()
    whole, cut = Bench.of(REVIEW), Bench.of(REVIEW)
    whole.registry.observe(unlabelled(batch))
    for piece in pieces(unlabelled(batch), [1, 130, 7, 1000]):
        cut.registry.observe(piece)
    # As text: a value that is not a number equals nothing.
    assert repr(whole.model.reviews.queue.state()) == repr(cut.model.reviews.queue.state())


def test_answers_estimate_the_risk_of_all_predictions() -> None:
    bench = Bench.of({"review": {"per_day": 500}})
    batch = predictions(30_000)
    bench.registry.observe(unlabelled(batch))
    names = drawn(bench)
    bench.registry.attach(answers(batch, names))
    risk = reviews(bench).answers.risk
    assert risk is not None
    assert risk.answers == len(names) == reviews(bench).answers.count
    assert risk.lower <= 0.1 <= risk.upper
    assert risk.upper - risk.lower < 0.1
    assert reviews(bench).pending == sum(item.wanted == 2 for item in reviews(bench).queue)


def test_an_answer_becomes_an_ordinary_label_by_its_weight() -> None:
    bench = Bench.of({"review": {"per_day": 500}})
    batch = predictions(30_000)
    bench.registry.observe(unlabelled(batch))
    items = list(reviews(bench).queue)
    bench.registry.attach(answers(batch, [item.id for item in items]))
    expected = sum(item.weight for item in items)
    variance = sum(item.weight * (1 - item.weight) for item in items)
    assert abs(bench.model.counters.labels - expected) < 4 * np.sqrt(variance)


def test_labels_that_come_by_themselves_spare_people_the_question() -> None:
    bench = Bench.of({"review": {"per_day": 500}})
    batch = predictions(30_000)
    bench.registry.observe(unlabelled(batch))
    names = drawn(bench)
    assert reviews(bench).pending > 100
    bench.registry.attach(replace(answers(batch, names), source=("system",) * len(names)))
    assert reviews(bench).answers.count == 0
    assert reviews(bench).pending == 0
    assert bench.model.counters.labels == len(names)
    risk = reviews(bench).answers.risk
    assert risk is not None
    assert risk.answers == len(names)
    assert risk.lower <= 0.1 <= risk.upper


def test_two_people_are_asked_about_some_and_their_disagreement_is_shown() -> None:
    bench = Bench.of({"review": {"per_day": 100, "overlap": 1.0}})
    batch = predictions()
    bench.registry.observe(unlabelled(batch))
    names = drawn(bench)[:40]
    bench.registry.attach(answers(batch, names))
    assert reviews(bench).answers.disagreement is None
    bench.registry.attach(answers(batch, names[:30], reviewer="r2"))
    assert reviews(bench).answers.disagreement == 0.0
    flipped = answers(batch, names[30:], reviewer="r2")
    flipped = replace(flipped, text=tuple("0" if t == "1" else "1" for t in flipped.text))
    bench.registry.attach(flipped)
    assert reviews(bench).answers.disagreement == 0.25
    risk = reviews(bench).answers.risk
    assert risk is not None
    assert risk.answers == 40


def test_a_person_answers_once() -> None:
    bench = Bench.of(REVIEW)
    batch = predictions()
    bench.registry.observe(unlabelled(batch))
    name = drawn(bench)[:1]
    bench.registry.attach(answers(batch, name))
    bench.registry.attach(answers(batch, name))
    assert reviews(bench).answers.count == 1
    assert bench.counted("barograph.monitor.unjoined", kind="label", reason="already_answered") == 1


def test_what_nobody_answers_expires_and_is_counted() -> None:
    bench = Bench.of({"review": {"per_day": 50, "expires_days": 1}})
    batch = predictions(40_000)
    bench.registry.observe(unlabelled(batch))
    held, expired = len(reviews(bench).queue), reviews(bench).expired
    assert expired > 100
    assert held + expired == reviews(bench).drawn
    newest = int(batch.event_time[-1])
    assert all(item.time_ns >= newest - 86_400 * 10**9 for item in reviews(bench).queue)


def test_answers_of_predictions_that_no_longer_wait_for_labels_count() -> None:
    bench = Bench.of({**REVIEW, "limits": {"pending_labels": 100}})
    batch = predictions()
    bench.registry.observe(unlabelled(batch))
    bench.registry.attach(answers(batch, drawn(bench)))
    assert reviews(bench).answers.count == len(drawn(bench))


def test_scores_judge_what_has_no_label() -> None:
    bench = Bench.of(REVIEW)
    batch = replace(unlabelled(predictions()), task="generation", label=None)
    bench.registry.observe(batch)
    names = drawn(bench)[:20]
    verdicts = [float(place % 4 > 0) for place in range(20)]
    events = facts("evaluation", names, number=verdicts)
    bench.registry.attach(
        replace(events, name=("review",) * 20, source=("human",) * 20, reviewer=("r1",) * 20)
    )
    risk = reviews(bench).answers.risk
    assert risk is not None
    assert risk.answers == 20
    assert risk.lower <= 0.25 <= risk.upper


def test_an_answer_of_the_wrong_type_is_counted_and_the_question_stays_open() -> None:
    bench = Bench.of(REVIEW)
    batch = replace(unlabelled(predictions()), task="regression", label=None, value=np.ones(6000))
    bench.registry.observe(batch)
    name = drawn(bench)[0]
    events = facts("label", [name], text=["a word"])
    bench.registry.attach(replace(events, source=("human",), reviewer=("r1",)))
    assert bench.counted("barograph.monitor.unjoined", kind="label", reason="wrong_type") == 1
    item = reviews(bench).queue.get(name)
    assert item is not None
    assert item.open


@pytest.mark.parametrize("lean", [False, True], ids=["uniform", "towards the wrong ones"])
def test_the_application_may_draw_and_state_its_chance(lean: bool) -> None:
    held = 0
    for seed in range(10):
        batch = rows(8000, seed=seed, wrong=0.2)
        wrong = classes(batch.label).codes != classes(batch.truth).codes
        chance = np.where(wrong, 0.1, 0.04) if lean else np.full(8000, 0.05)
        bench = Bench.of(REVIEW)
        bench.registry.observe(replace(unlabelled(batch), propensity=chance))
        assert reviews(bench).drawn == 0
        asked = np.flatnonzero(np.random.default_rng([12, seed]).random(8000) < chance)
        names = [batch.prediction_ids[row] for row in asked.tolist()]
        bench.registry.attach(answers(batch, names, reviewer=None))
        risk = reviews(bench).answers.risk
        assert risk is not None
        held += risk.lower <= float(wrong.mean()) <= risk.upper
        # What becomes ordinary labels is a fair sample of all.
        if lean:
            assert bench.model.counters.labels < 0.85 * len(names)
    assert held >= 9


def test_labels_that_come_with_rows_of_a_stated_chance_are_weighed_too() -> None:
    batch = rows(8000, wrong=0.2)
    wrong = classes(batch.label).codes != classes(batch.truth).codes
    chance = np.where(wrong, 0.2, 0.05)
    asked = np.random.default_rng(13).random(8000) < chance
    known = classes(batch.truth)
    truth = replace(known, codes=np.where(asked, known.codes, -1).astype(np.int32))
    bench = Bench.of({"reference": {"rows": 500}})
    bench.registry.observe(replace(batch, truth=truth, propensity=chance))
    risk = reviews(bench).answers.risk
    assert risk is not None
    assert risk.lower <= float(wrong.mean()) <= risk.upper
    assert wrong[asked].mean() > 0.45
    taken = bench.model.counters.labels
    assert taken < 0.8 * asked.sum()


def test_a_restart_changes_nothing() -> None:
    batch = predictions()
    straight, stopped = Bench.of(REVIEW), Bench.of(REVIEW)
    straight.registry.observe(unlabelled(batch))
    stopped.registry.observe(unlabelled(batch.take(np.arange(2500))))
    stopped = stopped.restarted()
    stopped.registry.observe(unlabelled(batch.take(np.arange(2500, 6000))))
    assert drawn(stopped) == drawn(straight)
    for bench in (straight, stopped):
        bench.registry.attach(answers(batch, drawn(bench)))
    stopped = stopped.restarted()
    assert reviews(stopped).answers.risk == reviews(straight).answers.risk
    assert reviews(stopped).state().keys() == reviews(straight).state().keys()


def test_none_are_drawn_where_none_are_wanted() -> None:
    bench = Bench.of({"review": {"per_day": 0}})
    bench.registry.observe(unlabelled(predictions()))
    assert reviews(bench).drawn == 0
    assert not drawn(bench)


def test_failed_calls_are_not_asked_about() -> None:
    batch = unlabelled(predictions())
    failed = np.arange(len(batch)) % 2 == 0
    bench = Bench.of(REVIEW)
    bench.registry.observe(replace(batch, failed=failed))
    assert all(int(name[1:]) % 2 for name in drawn(bench))


def test_the_points_are_in_the_catalog_and_name_the_model() -> None:
    bench = Bench.of(REVIEW)
    batch = predictions()
    bench.registry.observe(unlabelled(batch))
    bench.registry.attach(answers(batch, drawn(bench)[:30]))
    found = {signal.metric: signal for signal in bench.registry.signals()}
    assert found["barograph.review.answered"].value == 30
    assert found["barograph.review.pending"].attributes["barograph.model.name"] == KEY.name
    assert "barograph.review.risk.upper" in found
