"""Facts that know the provider's response alone meet the prediction that it is."""

from dataclasses import replace

import numpy as np
import pytest

from barograph_processor.observation import EventBatch, ModelKey, ObservationBatch
from tests.processor.state.rows import Bench, facts, pieces, rows, snapshot, unlabelled

_SMALL = {"reference": {"rows": 1000}, "window": {"rows": 200}}


def _responses(batch: ObservationBatch) -> ObservationBatch:
    """Rows as an instrumentation of a model client sends them."""
    names = tuple(f"chatcmpl-{name}" for name in batch.prediction_ids)
    return replace(unlabelled(batch), response_ids=names)


def _judged(
    batch: ObservationBatch, *, model: str | None = None, spans: bool = False
) -> EventBatch:
    """Labels by the response; of other spans than the predictions' if they are of any."""
    n = len(batch)
    events = facts(
        "label",
        (None,) * n,
        text=("1",) * n,
        model=model,
        ids=batch.ids + np.uint64(10**6) if spans else None,
    )
    return replace(events, response_ids=batch.response_ids)


def _unjoined(bench: Bench, reason: str) -> float:
    return bench.counted("barograph.monitor.unjoined", kind="label", reason=reason)


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("spans", [False, True])
def test_by_the_response(early: bool, restart: bool, spans: bool) -> None:
    """Whichever comes first, across a restart, and beside the evaluator's own span."""
    bench = Bench.of(_SMALL)
    batch = _responses(rows(50))
    labels = _judged(batch, spans=spans)
    first, second = bench.registry.attach, bench.registry.observe
    if early:
        first(labels)
    else:
        second(batch)
    if restart:
        bench = bench.restarted()
    if early:
        assert bench.registry.awaits(lambda: [str(batch.response_ids[0])])
        for piece in pieces(batch, [7]):
            bench.registry.observe(piece)
    else:
        bench.registry.attach(labels)
    assert bench.model.counters.labels == 50
    assert _unjoined(bench, "unknown_prediction") == (50 if early else 0)
    (waiting,) = (s.value for s in bench.registry.signals() if s.metric.endswith("monitor.waiting"))
    assert waiting == 0


def test_users_may_say_it_as_the_predictions_id() -> None:
    """An application knows the response that it was given, and hardly its span."""
    bench = Bench.of(_SMALL)
    batch = _responses(rows(5))
    bench.registry.observe(batch)
    bench.registry.attach(facts("label", batch.response_ids, text=("1",) * 5))
    assert bench.model.counters.labels == 5


def test_a_span_that_is_a_prediction_goes_before_the_response() -> None:
    """The conventions want the response where the span is not known."""
    bench = Bench.of(_SMALL)
    batch = _responses(rows(2))
    bench.registry.observe(batch)
    label = facts("label", (None,), text=("1",), ids=batch.ids[:1])
    bench.registry.attach(replace(label, response_ids=batch.response_ids[1:]))
    slots = bench.model.pending.find(batch.prediction_ids)
    assert bench.model.pending.column("labelled", slots).tolist() == [True, False]


def test_an_id_goes_before_a_response_of_another_model() -> None:
    bench = Bench.of(_SMALL)
    batch = _responses(rows(5))
    called = replace(batch, model=ModelKey("client", "1"), ids=batch.ids + np.uint64(1000))
    names = tuple(f"chatcmpl-{name}" for name in batch.prediction_ids)
    bench.registry.observe(called)
    bench.registry.observe(replace(batch, prediction_ids=names, response_ids=()))
    bench.registry.attach(facts("label", names, text=("1",) * 5))
    assert bench.model.counters.labels == 5
    assert _unjoined(bench, "ambiguous_id") == 0


def test_response_of_two_models_is_ambiguous_unless_the_model_is_named() -> None:
    """A call that is decorated and whose client is instrumented as well."""
    bench = Bench.of(_SMALL)
    batch = _responses(rows(5))
    client = ModelKey("client", "1")
    bench.registry.observe(batch)
    bench.registry.observe(replace(batch, model=client, ids=batch.ids + np.uint64(1000)))
    bench.registry.attach(_judged(batch))
    assert _unjoined(bench, "ambiguous_id") == 5
    assert {model.counters.labels for model in bench.registry.models.values()} == {0}
    bench.registry.attach(_judged(batch, model="client"))
    assert bench.registry.models[client].counters.labels == 5


def test_a_response_that_comes_again_is_the_newer_prediction() -> None:
    """A cache gave it twice: it is judged once."""
    bench = Bench.of(_SMALL)
    first, second = _responses(rows(1)), _responses(rows(1, start=1))
    bench.registry.observe(first)
    bench.registry.observe(replace(second, response_ids=first.response_ids))
    bench.registry.attach(_judged(first))
    slots = bench.model.pending.find(("p0", "p1"))
    assert bench.model.pending.column("labelled", slots).tolist() == [False, True]


def test_a_response_whose_predictions_id_came_again_is_none_that_is_known() -> None:
    bench = Bench.of(_SMALL)
    batch = _responses(rows(3))
    bench.registry.observe(batch)
    bench.registry.observe(replace(batch, response_ids=()))
    bench.registry.attach(_judged(batch))
    assert bench.model.counters.labels == 0
    assert _unjoined(bench, "unknown_prediction") == 3


def test_responses_are_bounded_with_their_predictions() -> None:
    bench = Bench.of({**_SMALL, "limits": {"pending_labels": 100}})
    batch = _responses(rows(500))
    long = replace(batch, response_ids=tuple("x" * 10_000 + name for name in batch.prediction_ids))
    for piece in pieces(long, [50]):
        bench.registry.observe(piece)
    kept = bench.model.pending.of_responses([name or "" for name in long.response_ids]) >= 0
    assert 0 < kept.sum() <= 100
    assert kept.sum() == len(bench.model.pending)
    assert sum(map(len, snapshot(bench.registry))) < 500_000


def test_facts_of_two_names_wait_once_and_are_bounded() -> None:
    bench = Bench.of({**_SMALL, "limits": {"early_labels": 10}})
    batch = _responses(rows(30))
    bench.registry.attach(_judged(batch, spans=True))
    assert bench.counted("barograph.monitor.evicted", what="early_labels") == 20
    bench.registry.observe(batch)
    assert bench.model.counters.labels == 10
