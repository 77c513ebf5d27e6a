"""Late facts meet their predictions: once, however they come, or they are counted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor import codec
from barograph_processor.observation import ModelKey
from barograph_processor.stats.column import CategoricalColumn, NumericColumn
from tests.processor.state.rows import (
    Bench,
    facts,
    labels_of,
    plain,
    rows,
    snapshot,
    unlabelled,
)

_SMALL: dict[str, Any] = {
    "reference": {"rows": 1000},
    "window": {"rows": 200},
    "alarm": {"windows_between_false_alarms": 200},
}


def _unjoined(bench: Bench, reason: str, kind: str = "label") -> float:
    return bench.counted("barograph.monitor.unjoined", kind=kind, reason=reason)


class TestJoining:
    def test_label_after_its_prediction(self) -> None:
        bench = Bench.of(_SMALL)
        batch = rows(1400)
        bench.registry.observe(unlabelled(batch))
        bench.registry.attach(labels_of(batch))
        assert bench.model.counters.labels == 1400
        assert bench.model.quality.baseline.n == 1000
        assert bench.model.quality.baseline_risk == pytest.approx(0.1, abs=0.03)

    def test_label_before_its_prediction_waits(self) -> None:
        bench = Bench.of(_SMALL)
        batch = rows(100)
        bench.registry.attach(labels_of(batch, delay=-5.0))
        bench = bench.restarted()
        bench.registry.observe(unlabelled(batch))
        assert bench.model.counters.labels == 100
        assert _unjoined(bench, "unknown_prediction") == 100
        (delay,) = (s.value for s in bench.registry.signals() if s.metric.endswith("delay"))
        assert delay.total == 0.0  # type: ignore[union-attr] # a histogram

    def test_the_same_label_again_counts_once(self) -> None:
        """In the same request and in a later one, whoever says so."""
        bench = Bench.of(_SMALL)
        batch = rows(50)
        bench.registry.observe(unlabelled(batch))
        bench.registry.attach(labels_of(batch))
        bench.registry.attach(labels_of(batch, source="human"))
        assert bench.model.counters.labels == 50
        assert _unjoined(bench, "already_labelled") == 50

    @pytest.mark.parametrize("per_day", [0, 1_000_000])
    @pytest.mark.parametrize("source", ["human", None])
    def test_a_label_that_is_a_word_for_none_is_none(
        self, per_day: int, source: str | None
    ) -> None:
        """As tables write a truth that is missing; whether or not people are asked."""
        bench = Bench.of(_SMALL | {"review": {"per_day": per_day}})
        value = np.full(500, 0.7)
        bench.registry.observe(replace(unlabelled(rows(500)), label=None, value=value))
        drawn = [item.id for item in bench.model.reviews.queue]
        assert bool(drawn) == bool(per_day)
        first, second = drawn[:2] or ("p0", "p1")
        bench.registry.attach(facts("label", [first, second], text=["nan", " NaN "], source=source))
        assert _unjoined(bench, "wrong_type") == 2
        assert [item.id for item in bench.model.reviews.queue if item.open] == drawn
        bench.registry.attach(
            facts("label", ["p7", first], text=["1", "__missing__"], source=source)
        )
        assert _unjoined(bench, "wrong_type") == 3
        assert bench.model.quality.baseline.n == bench.model.counters.labels == 1

    def test_unknown_and_nameless(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(unlabelled(rows(10)))
        bench.registry.attach(facts("label", ["nobody", None], text=["1", "1"]))
        assert bench.model.counters.labels == 0
        assert _unjoined(bench, "unknown_prediction") == 1
        assert _unjoined(bench, "no_id") == 1

    def test_by_span_id(self) -> None:
        """The span id in hex is the id of a prediction that has none of its own."""
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(3))
        names = tuple(f"{int(span):016x}" for span in batch.ids[:, 2])
        bench.registry.observe(replace(batch, prediction_ids=names))
        bench.registry.attach(facts("label", [None] * 3, text=["1"] * 3, ids=batch.ids))
        assert bench.model.counters.labels == 3

    @pytest.mark.parametrize("early", [False, True])
    @pytest.mark.parametrize("restart", [False, True])
    def test_by_the_span_of_a_prediction_with_an_id_of_its_own(
        self, early: bool, restart: bool
    ) -> None:
        """What an evaluator knows, as OpenTelemetry's conventions ask: the span alone."""
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(50))
        labels = facts("label", (None,) * 50, text=("1",) * 50, ids=batch.ids)
        if early:
            bench.registry.attach(labels)
            assert _unjoined(bench, "unknown_prediction") == 50
        else:
            bench.registry.observe(batch)
        if restart:
            bench = bench.restarted()
        if early:
            assert bench.registry.awaits(lambda: [f"{int(span):016x}" for span in batch.ids[:, 2]])
            bench.registry.observe(batch)
        else:
            bench.registry.attach(labels)
        assert bench.model.counters.labels == 50

    def test_rows_that_no_fact_can_name_are_taken_while_facts_wait(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.attach(facts("label", ["nobody"], text=["1"]))
        bench.registry.observe(replace(unlabelled(rows(10)), prediction_ids=()))
        assert bench.model.counters.predictions == 10

    @pytest.mark.parametrize("early", [False, True])
    @pytest.mark.parametrize("other", [ModelKey("m", "2"), ModelKey("shadow", "1")])
    def test_by_a_span_the_model_is_known_although_another_has_the_same_ids(
        self, early: bool, other: ModelKey
    ) -> None:
        """Both predict the same orders; what is said of a span is said of one of them."""
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(50))
        elsewhere = replace(batch, model=other, ids=batch.ids + np.uint64(1000))
        labels = facts("label", (None,) * 50, text=("1",) * 50, ids=elsewhere.ids)
        if early:
            bench.registry.attach(labels)
        bench.registry.observe(batch)
        bench.registry.observe(elsewhere)
        if not early:
            bench.registry.attach(labels)
        assert bench.model.counters.labels == 0
        assert bench.registry.models[other].counters.labels == 50
        assert _unjoined(bench, "ambiguous_id") == 0

    @pytest.mark.parametrize("early", [False, True])
    def test_by_a_span_of_another_model_than_is_said_none_is_meant(self, early: bool) -> None:
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(5))
        labels = facts("label", (None,) * 5, text=("1",) * 5, ids=batch.ids, model="other")
        if early:
            bench.registry.attach(labels)
        bench.registry.observe(batch)
        if not early:
            bench.registry.attach(labels)
        # Nor is it kept by the id, which may be another model's.
        bench.registry.observe(
            replace(batch, model=ModelKey("other", "1"), ids=batch.ids + np.uint64(1000))
        )
        assert {model.counters.labels for model in bench.registry.models.values()} == {0}

    def test_by_the_span_of_a_prediction_whose_id_came_again_the_later_is_not_meant(self) -> None:
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(5))
        bench.registry.observe(batch)
        bench.registry.observe(replace(batch, ids=batch.ids + np.uint64(1000)))
        bench.registry.attach(facts("label", (None,) * 5, text=("1",) * 5, ids=batch.ids))
        assert bench.model.counters.labels == 0
        assert _unjoined(bench, "unknown_prediction") == 5

    def test_by_a_span_of_several_predictions_none_is_meant(self) -> None:
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(3))
        of_one_span = replace(
            batch, ids=batch.ids[[0, 0, 0]], latency=np.array([0.1, np.nan, np.nan])
        )
        labels = facts("label", (None,), text=("1",), ids=batch.ids[:1])
        bench.registry.attach(labels)
        bench.registry.observe(of_one_span)
        bench.registry.attach(labels)
        assert bench.model.counters.labels == 0
        assert _unjoined(bench, "unknown_prediction") == 2

    def test_id_of_two_models_is_ambiguous_unless_the_model_is_named(self) -> None:
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(5))
        bench.registry.observe(batch)
        bench.registry.observe(replace(batch, model=ModelKey("other", "1")))
        bench.registry.attach(facts("label", ["p1"], text=["1"]))
        assert _unjoined(bench, "ambiguous_id") == 1
        bench.registry.attach(facts("label", ["p1"], text=["1"], model="other"))
        found = {key.name: m.counters.labels for key, m in bench.registry.models.items()}
        assert found == {"m": 0, "other": 1}

    def test_a_label_of_one_version_is_not_missed_by_the_other(self) -> None:
        """While two versions take turns, each truth is of one; nothing was thinned."""
        bench = Bench.of(_SMALL)
        first, second = rows(50), rows(50, start=50, model=ModelKey("m", "2"))
        for batch in (first, second):
            bench.registry.observe(unlabelled(batch))
        for batch in (first, second):
            bench.registry.attach(labels_of(batch))
        assert [m.counters.labels for m in bench.registry.models.values()] == [50, 50]
        assert _unjoined(bench, "thinned") == 0

    def test_versions_that_predicted_the_same_both_learn(self) -> None:
        """A shadow and the model it shadows share the truth, unless the version is named."""
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(5))
        bench.registry.observe(batch)
        bench.registry.observe(replace(batch, model=ModelKey("m", "2")))
        bench.registry.attach(facts("label", ["p1"], text=["1"]))
        bench.registry.attach(facts("label", ["p2"], text=["1"], model="m", version="2"))
        found = {key.version: m.counters.labels for key, m in bench.registry.models.items()}
        assert found == {"1": 1, "2": 2}

    def test_fact_of_another_model_waits_on(self) -> None:
        """A prediction of the same id by a model that is not meant does not take it."""
        bench = Bench.of(_SMALL)
        bench.registry.attach(facts("label", ["p1"], text=["1"], model="later"))
        bench.registry.observe(unlabelled(rows(5)))
        bench.registry.observe(replace(unlabelled(rows(5)), model=ModelKey("later", "1")))
        found = {key.name: m.counters.labels for key, m in bench.registry.models.items()}
        assert found == {"m": 0, "later": 1}

    def test_failed_call_has_nothing_to_label(self) -> None:
        bench = Bench.of(_SMALL)
        batch = rows(10)
        bench.registry.observe(replace(unlabelled(batch), failed=np.arange(10) < 4))
        bench.registry.attach(labels_of(batch))
        assert bench.model.counters.labels == 6
        assert _unjoined(bench, "unknown_prediction") == 4

    def test_reused_id_names_the_newer_prediction(self) -> None:
        bench = Bench.of(_SMALL)
        first, second = unlabelled(rows(1)), unlabelled(rows(1, start=500))
        bench.registry.observe(first)
        bench.registry.observe(replace(second, prediction_ids=first.prediction_ids))
        bench.registry.attach(facts("label", ["p0"], text=["1"]))
        slot = bench.model.pending.find(["p0"])
        assert bench.model.pending.column("time", slot).tolist() == second.event_time.tolist()

    def test_other_facts_are_counted_by_kind(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(unlabelled(rows(10)))
        bench.registry.attach(facts("reaction", ["p1", "p2"], text=["overridden", "sneezed"]))
        bench.registry.attach(facts("outcome", ["p1", "p2"], text=["EUR", "EUR"], number=[5, -7]))
        bench.registry.attach(facts("outcome", ["p3"], number=[float("nan")]))
        bench.registry.attach(facts("evaluation", ["p1"], number=[0.4]))
        values = {
            (s.metric, s.attributes.get("kind") or s.attributes.get("unit")): s.value
            for s in bench.registry.signals()
        }
        assert values["barograph.reactions", "overridden"] == 1
        assert values["barograph.outcome", "EUR"] == -2
        assert _unjoined(bench, "unknown_kind", "reaction") == 1
        assert _unjoined(bench, "wrong_type", "outcome") == 1
        assert snapshot(bench.restarted().registry) == snapshot(bench.registry)


class TestLimits:
    def test_labelled_predictions_make_room_first(self) -> None:
        """While labels keep up, nothing is evicted however many predictions there are."""
        bench = Bench.of({**_SMALL, "limits": {"pending_labels": 300}})
        for start in range(0, 3000, 100):
            batch = rows(100, start=start)
            bench.registry.observe(unlabelled(batch))
            bench.registry.attach(labels_of(batch))
        assert bench.model.counters.labels == 3000
        assert bench.counted("barograph.monitor.evicted", what="pending_labels") == 0

    def test_what_waits_beyond_the_limit_is_thinned_by_its_id(self) -> None:
        """A share of the ids is kept, whatever their labels; the rest is counted on both ways."""
        bench = Bench.of({**_SMALL, "limits": {"pending_labels": 1000}})
        batches = [rows(500, start=start) for start in range(0, 8000, 500)]
        for batch in batches:
            bench.registry.observe(unlabelled(batch))
        pending = bench.model.pending
        assert len(pending) <= 1000
        evicted = bench.counted("barograph.monitor.evicted", what="pending_labels")
        assert evicted == 8000 - len(pending)
        for batch in batches:
            bench.registry.attach(labels_of(batch))
        assert bench.model.counters.labels == len(pending)
        assert _unjoined(bench, "thinned") == 8000 - len(pending)
        assert bench.model.quality.risk_now() == pytest.approx((0.1, 0.08, 0.12), abs=0.04)

    def test_thinning_of_one_model_takes_nothing_from_another(self) -> None:
        """An early fact that may belong to another model waits for it."""
        bench = Bench.of({**_SMALL, "limits": {"pending_labels": 100}})
        bench.registry.observe(unlabelled(rows(2000)))
        other = unlabelled(rows(50, start=10_000, model=ModelKey("other", "1")))
        bench.registry.observe(other.take(np.arange(1)))
        bench.registry.attach(labels_of(rows(50, start=10_000)))
        bench.registry.observe(other.take(np.arange(1, 50)))
        assert bench.registry.models[ModelKey("other", "1")].counters.labels == 50

    def test_old_ones_go_before_young_ones(self) -> None:
        limits = {"pending_labels": 100, "pending_seconds": 3600}
        bench = Bench.of({**_SMALL, "limits": limits})
        bench.registry.observe(unlabelled(rows(90)))
        bench.registry.observe(unlabelled(rows(90, start=90, seconds=np.arange(5000.0, 5090.0))))
        assert bench.counted("barograph.monitor.evicted", what="pending_labels") == 90
        assert len(bench.model.pending) == 90
        assert (bench.model.pending.find([f"p{i}" for i in range(90, 180)]) >= 0).all()

    def test_early_facts_are_bounded(self) -> None:
        bench = Bench.of({**_SMALL, "limits": {"early_labels": 10}})
        bench.registry.attach(facts("label", [f"p{i}" for i in range(25)], text=["1"] * 25))
        assert bench.counted("barograph.monitor.evicted", what="early_labels") == 15
        bench.registry.observe(unlabelled(rows(25)))
        assert bench.model.counters.labels == 10

    def test_names_of_classes_do_not_pile_up(self) -> None:
        """Classes that no waiting prediction has are forgotten when room is made."""
        bench = Bench.of({**_SMALL, "limits": {"pending_labels": 50}})
        for start in range(0, 2000, 50):
            batch = rows(50, start=start)
            names = CategoricalColumn.of([f"class {start + i}" for i in range(50)])
            bench.registry.observe(replace(unlabelled(batch), label=names, task="multiclass"))
            answers = [f"class {start + i}" for i in range(50)]
            bench.registry.attach(facts("label", batch.prediction_ids, text=answers))
        assert len(bench.model.pending.classes) <= 100
        assert bench.model.quality.baseline.wrong == 0
        assert bench.model.quality.baseline.n > 200


class TestQuality:
    def test_baseline_waits_for_the_references_own_labels(self) -> None:
        """Late labels of the reference still make the baseline; later ones wait meanwhile."""
        bench = Bench.of(_SMALL)
        first, later = rows(1000), rows(400, start=1000, wrong=0.9)
        bench.registry.observe(unlabelled(first))
        bench.registry.observe(unlabelled(later))
        bench.registry.attach(labels_of(later))
        assert bench.model.quality.baseline_risk is None
        bench.registry.attach(labels_of(first))
        assert bench.model.quality.baseline_risk == pytest.approx(0.1, abs=0.03)
        alarms = [event for event in plain(bench.registry.drain()) if "alarm" in event]
        signals = [event["alarm"]["signal"] for event in alarms]
        assert signals.count("risk") == 1  # beside it, so many wrong ones move the output

    def test_alarm_of_late_labels_belongs_to_the_last_closed_window(self) -> None:
        """It never names a window that is not told of, nor one that is partial."""
        bench = Bench.of(_SMALL)
        batch = rows(3150, wrong=0.1)
        bad = rows(900, start=3150, wrong=0.7)
        for part in (batch, bad):
            bench.registry.observe(unlabelled(part))
        told = plain(bench.registry.drain())
        bench.registry.attach(labels_of(batch))
        bench.registry.attach(labels_of(bad))
        bench.registry.flush()
        after = plain(bench.registry.drain())
        alarm = next(event for event in after if "alarm" in event)
        assert alarm["window"] == told[-1]["window"]
        # Row 3,150 is in the window that begins with row 3,000.
        assert alarm["alarm"]["since_window"] in (10, 11)
        assert after[-1]["partial"]

    def test_a_lucky_handful_of_labels_ends_no_alarm(self) -> None:
        """Windows of 40 labels are calm by chance every few; the alarm keeps its figure."""
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(1000))
        for start in range(1000, 9000, 100):
            part = rows(100, start=start, wrong=0.1 if start < 1500 else 0.25)
            bench.registry.observe(unlabelled(part))
            few = part.take(np.arange(15 if start % 300 else 70))
            bench.registry.attach(labels_of(few))
        told = [event for event in plain(bench.registry.drain()) if "alarm" in event]
        harm = [event for event in told if event["alarm"]["signal"] == "risk"]
        assert [event["change"] for event in harm] == ["open"]
        (alarm,) = bench.model.verdicts.book.open
        assert alarm.now == pytest.approx(0.25, abs=0.12)

    def test_one_class_alone(self) -> None:
        """Labels of one class give accuracy, and leave out what is not defined."""
        bench = Bench.of(_SMALL)
        batch = rows(1400)
        bench.registry.observe(unlabelled(batch))
        bench.registry.attach(facts("label", batch.prediction_ids, text=["0"] * 1400))
        found = bench.model.quality.baseline.estimates()
        assert set(found) >= {"accuracy"}
        assert "auc" not in found
        assert "recall" not in found

    def test_new_class_is_wrong_until_it_is_predicted(self) -> None:
        bench = Bench.of(_SMALL)
        batch = replace(unlabelled(rows(600)), task="multiclass")
        bench.registry.observe(batch)
        bench.registry.attach(facts("label", batch.prediction_ids, text=["novel"] * 600))
        assert bench.model.quality.baseline.wrong == bench.model.quality.baseline.n == 600

    def test_classes_have_one_spelling(self) -> None:
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(4))
        ones = CategoricalColumn.of(["1", "true", "True", "1.0"])
        bench.registry.observe(replace(batch, label=ones))
        truths = ["true", "1", "1.0", " TRUE "]
        bench.registry.attach(facts("label", batch.prediction_ids, text=truths))
        assert bench.model.quality.baseline.risk() is not None
        assert bench.model.quality.baseline.wrong == 0

    def test_probabilities_are_cut_at_the_threshold_that_spans_state(self) -> None:
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(4))
        scores = np.array([0.1, 0.29, 0.3, 0.9])
        batch = replace(
            batch, label=None, value=scores, confidence=scores, positive="fraud", threshold=0.3
        )
        bench.registry.observe(batch)
        truths = ["ok", "ok", "fraud", "fraud"]
        bench.registry.attach(facts("label", batch.prediction_ids, text=truths))
        assert bench.model.quality.baseline.wrong == 0
        assert bench.model.quality.baseline.n == 4

    def test_unstated_positive_class_is_a_warning(self) -> None:
        """Figures that need it are left out rather than wrong."""
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(4))
        scores = np.array([0.1, 0.2, 0.8, 0.9])
        bench.registry.observe(replace(batch, label=None, value=scores))
        truths = ["ok", "ok", "fraud", "fraud"]
        bench.registry.attach(facts("label", batch.prediction_ids, text=truths))
        assert bench.model.counters.labels == 0
        assert _unjoined(bench, "wrong_type") == 4
        assert "'fraud', 'ok'" in bench.model.warnings[-1]
        assert bench.restarted().model.warnings == bench.model.warnings

    def test_a_third_class_is_told(self) -> None:
        """It counts as negative, so a word for unknown makes the model look better."""
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(300))
        bench.registry.observe(batch)
        bench.registry.attach(facts("label", batch.prediction_ids[:200], text=["1", "0"] * 100))
        assert not bench.model.warnings
        odd = ["banana", "pending"] * 50
        bench.registry.attach(facts("label", batch.prediction_ids[200:], text=odd))
        (warning,) = bench.model.warnings
        assert "'banana', 'pending' too" in warning
        assert bench.restarted().model.warnings == (warning,)

    def test_binary_call_without_a_class_is_decided_by_its_probability(self) -> None:
        bench = Bench.of(_SMALL)
        batch = unlabelled(rows(4))
        some = CategoricalColumn.of(["1", None, "0", None])
        bench.registry.observe(replace(batch, label=some, value=np.array([0.9, 0.8, 0.1, 0.2])))
        truths = ["1", "1", "0", "0"]
        bench.registry.attach(facts("label", batch.prediction_ids, text=truths))
        assert bench.model.quality.baseline.wrong == 0

    def test_regression(self) -> None:
        bench = Bench.of(_SMALL)
        batch = replace(unlabelled(rows(1400)), task="regression", label=None)
        value = np.linspace(0, 100, 1400)
        bench.registry.observe(replace(batch, value=value))
        bench.registry.attach(facts("label", batch.prediction_ids, number=(value + 2).tolist()))
        found = bench.model.quality.baseline.estimates()
        assert found["mae"][0] == pytest.approx(2)
        assert found["bias"][0] == pytest.approx(-2)
        assert bench.model.quality.baseline_risk == pytest.approx(0.5)

    def test_harm_of_a_regression_ends_with_the_first_good_window(self) -> None:
        bench = Bench.of(_SMALL)
        rng = np.random.default_rng(12)
        told: list[tuple[str, int]] = []
        for start in range(0, 8000, 400):
            batch = replace(unlabelled(rows(400, start=start)), task="regression", label=None)
            scale = 3.0 if 4000 <= start < 6000 else 1.0
            bench.registry.observe(replace(batch, value=np.zeros(400)))
            errors = rng.normal(0, scale, size=400).tolist()
            bench.registry.attach(facts("label", batch.prediction_ids, number=errors))
            told += [
                (event["change"], start)
                for event in plain(bench.registry.drain())
                if event.get("change") in ("open", "resolved")
                and event["alarm"]["signal"] == "risk"
            ]
        (opened, first), (resolved, last) = told
        assert (opened, resolved) == ("open", "resolved")
        assert 4000 <= first <= 4800
        assert 6000 <= last <= 6800

    def test_text_is_no_label_of_a_regression(self) -> None:
        bench = Bench.of(_SMALL)
        batch = replace(unlabelled(rows(5)), task="regression", label=None, value=np.arange(5.0))
        bench.registry.observe(batch)
        bench.registry.attach(facts("label", batch.prediction_ids, text=["high"] * 5))
        assert _unjoined(bench, "wrong_type") == 5

    def test_one_text_spoils_no_number_beside_it(self) -> None:
        """Labels of one request are judged one by one."""
        bench = Bench.of(_SMALL)
        batch = replace(unlabelled(rows(5)), task="regression", label=None, value=np.arange(5.0))
        bench.registry.observe(batch)
        number = [0.0, 1.0, float("nan"), 3.0, 4.0]
        text = [None, None, "high", None, None]
        bench.registry.attach(facts("label", batch.prediction_ids, number=number, text=text))
        assert bench.model.counters.labels == 4
        assert _unjoined(bench, "wrong_type") == 1

    def test_inferred_task_does_not_change_back(self) -> None:
        """Numbers that once were no probabilities make a regression, whatever comes later."""
        bench = Bench.of(_SMALL)
        batch = replace(unlabelled(rows(600)), task=None, label=None)
        value = np.linspace(0, 1, 600)
        bench.registry.observe(replace(batch, value=value))
        for part in range(0, 600, 50):
            names = batch.prediction_ids[part : part + 50]
            bench.registry.attach(facts("label", names, number=[0.4] + [1.0] * 49))
        assert bench.model.quality.baseline.task == "regression"
        assert bench.model.quality.baseline.n >= 200

    @pytest.mark.parametrize("task", ["generation", "embedding"])
    def test_label_of_a_model_that_names_nothing_is_no_mistake(self, task: str) -> None:
        """Without a class or value there is nothing to be wrong."""
        bench = Bench.of(_SMALL)
        batch = replace(unlabelled(rows(5)), task=task, label=None)
        bench.registry.observe(batch)
        bench.registry.attach(facts("label", batch.prediction_ids, number=[3.0] * 5))
        assert bench.model.quality.baseline.n == 0
        assert _unjoined(bench, "wrong_type") == 5

    def test_rows_without_a_label_are_left_out(self) -> None:
        bench = Bench.of(_SMALL)
        batch = rows(1400)
        assert isinstance(batch.truth, CategoricalColumn)
        batch.truth.codes[::2] = -1
        bench.registry.observe(batch)
        assert bench.model.counters.labels == 700
        assert bench.records()[-1]["signals"]["performance"]["labels"] == 100

    def test_number_and_name_of_a_class_are_the_same(self) -> None:
        bench = Bench.of(_SMALL)
        batch = replace(rows(1400), truth=NumericColumn(np.ones(1400)))
        bench.registry.observe(replace(batch, label=CategoricalColumn.of(["True"] * 1400)))
        assert bench.model.quality.baseline_risk == 0.0

    def test_the_first_labels_end_blindness_though_no_window_closes(self) -> None:
        bench = Bench.of(_SMALL)
        batch = rows(1400)
        bench.registry.observe(unlabelled(batch))
        assert bench.model.condition.reasons == (
            "no label has arrived yet, so quality is not known",
        )
        bench.registry.attach(labels_of(batch))
        assert bench.model.condition.state == "healthy"

    def test_labels_that_stop_make_it_blind(self) -> None:
        bench = Bench.of(_SMALL)
        batch = rows(1400)
        bench.registry.observe(unlabelled(batch))
        bench.registry.attach(labels_of(batch))
        for start in range(1400, 1400 + 22 * 200, 200):
            bench.registry.observe(unlabelled(rows(200, start=start)))
        assert bench.model.condition.state == "blind"
        assert "no label has come for" in bench.model.condition.reasons[0]

    def test_rows_count_as_they_came_whatever_they_stand_for(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(replace(rows(1400), weight=np.full(1400, 10.0)))
        assert bench.model.counters.predictions == 1400

    @pytest.mark.parametrize("late", [False, True])
    def test_quality_is_that_of_the_rows_stood_for(self, late: bool) -> None:
        """Wrong rows that were sampled at a tenth of the rate count ten times."""
        bench = Bench.of(_SMALL)
        batch = rows(1000)
        assert isinstance(batch.label, CategoricalColumn)
        assert isinstance(batch.truth, CategoricalColumn)
        wrong = batch.label.codes != batch.truth.codes
        batch = replace(batch, weight=np.where(wrong, 10.0, 1.0))
        if late:
            bench.registry.observe(unlabelled(batch))
            bench.registry.attach(labels_of(batch))
        else:
            bench.registry.observe(batch)
        share = bench.model.quality.baseline.risk()
        assert share is not None
        assert share[0] == pytest.approx(10 * wrong.sum() / (10 * wrong.sum() + (~wrong).sum()))
        assert share[1] < share[0] < share[2]

    def test_ranking(self) -> None:
        """The label of a ranking is where the wanted items stood."""
        bench = Bench.of(_SMALL)
        batch = replace(unlabelled(rows(1400)), task="ranking", label=None)
        bench.registry.observe(batch)
        bench.registry.attach(facts("label", batch.prediction_ids[:350], number=[2.0] * 350))
        bench.registry.attach(facts("label", batch.prediction_ids[350:1000], text=["1,2"] * 650))
        found = bench.model.quality.baseline.estimates()
        assert found["ndcg"][0] == pytest.approx((350 / np.log2(3) + 650) / 1000)
        assert found["hit_rate"][0] == 1.0
        assert bench.model.quality.baseline_risk == pytest.approx(1 - found["ndcg"][0])
        bench.registry.attach(
            facts("label", batch.prediction_ids[1000:1003], text=["x", "1", "-2"])
        )
        assert _unjoined(bench, "wrong_type") == 2

    def test_no_label_of_a_ranking_is_no_answer_to_a_review_either(self) -> None:
        bench = Bench.of(_SMALL)
        batch = replace(unlabelled(rows(1400)), task="ranking", label=None)
        bench.registry.observe(batch)
        bench.registry.attach(facts("label", batch.prediction_ids, text=["x"] * 1400))
        assert _unjoined(bench, "wrong_type") == 1400
        assert bench.model.reviews.answers.risk is None

    @pytest.mark.parametrize("limit", [50, 300])
    def test_batches_do_not_matter_to_what_is_thinned(self, limit: int) -> None:
        """The table is cleared at the same row however rows come together: a replay's batches
        are not those of the first run."""
        found = []
        for size in (7, 40, 1000):
            bench = Bench.of({**_SMALL, "limits": {"pending_labels": limit}})
            whole = unlabelled(rows(1000))
            for start in range(0, 1000, size):
                part = np.arange(start, min(start + size, 1000))
                bench.registry.observe(whole.take(part))
            state = bench.model.state()
            kept = list(codec.packed(state[part] for part in ("joiner", "counters", "standing")))
            found.append((kept, bench.telemetry.counters()))
        assert found[0] == found[1] == found[2]
