"""A random hold-out, and the propensity of review: drawn once, sent where asked, and true."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import barograph
from barograph.encoder import encode_requests
from barograph.holdout import held_out
from barograph.testing import Recorder

HOLDOUT = "barograph.holdout"
PROPENSITY = "barograph.review.propensity"


@barograph.observe(model="ranker", id="user", holdout=0.5)
def rank(user: str) -> float:
    return 0.0 if barograph.current_prediction().holdout else 1.0


def test_what_was_served_is_what_is_sent(recorder: Recorder) -> None:
    served = [rank(f"user-{at}") for at in range(200)]
    assert [sent[HOLDOUT] for sent in recorder.predictions] == [value == 0.0 for value in served]
    assert 60 < served.count(0.0) < 140  # six standard deviations around 100


def test_one_id_is_always_drawn_alike_whatever_else_differs() -> None:
    first = [held_out("m", str(at), 0.3) for at in range(1_000)]
    assert first == [held_out("m", str(at), 0.3) for at in range(1_000)]
    assert first != [held_out("other", str(at), 0.3) for at in range(1_000)]
    assert all(held_out("m", str(at), 0.6) for at, held in enumerate(first) if held)
    assert not any(held_out("m", str(at), 0.0) for at in range(1_000))
    assert all(held_out("m", str(at), 1.0) for at in range(1_000))


def test_without_asking_a_call_is_no_part_of_the_experiment(recorder: Recorder) -> None:
    @barograph.observe(model="m", holdout=1.0)
    def predict(x: float) -> float:
        return x

    predict(1.0)
    assert HOLDOUT not in recorder.predictions[0]


def test_inner_calls_have_their_own_draw(recorder: Recorder) -> None:
    @barograph.observe(model="inner", holdout=1.0)
    def inner() -> bool:
        return barograph.current_prediction().holdout

    @barograph.observe(model="outer", holdout=1e-12)
    def outer() -> tuple[bool, bool, bool]:
        now = barograph.current_prediction
        return now().holdout, inner(), now().holdout

    assert outer() == (False, True, False)
    assert [sent[HOLDOUT] for sent in recorder.predictions] == [True, False]


async def test_coroutines_and_generators_ask_alike(recorder: Recorder) -> None:
    @barograph.observe(model="m", holdout=1.0)
    async def coroutine() -> bool:
        return barograph.current_prediction().holdout

    @barograph.observe(model="m", holdout=1.0)
    def stream() -> Any:
        yield str(barograph.current_prediction().holdout)

    assert await coroutine()
    assert list(stream()) == ["True"]
    assert [sent[HOLDOUT] for sent in recorder.predictions] == [True, True]


def test_in_a_block_the_prediction_says_so(recorder: Recorder) -> None:
    with barograph.prediction(model="m", id="q-1", holdout=1.0, review=0.1) as p:
        assert p.holdout
        assert barograph.current_prediction().ref == p.ref
        p.output(0.5)
    assert recorder.predictions[0][HOLDOUT] is True
    assert recorder.predictions[0][PROPENSITY] == 0.1


def test_rows_of_a_batch_are_drawn_by_their_ids(recorder: Recorder) -> None:
    seen: list[list[bool]] = []

    @barograph.observe(model="ranker", batch=True, id="user", holdout=0.5)
    def score(frame: pd.DataFrame) -> Any:
        seen.append(barograph.current_prediction().holdouts)
        return np.zeros(len(frame))

    users = [f"user-{at}" for at in range(50)]
    score(pd.DataFrame({"user": users, "x": range(50)}))
    assert seen == [[held_out("ranker", user, 0.5) for user in users]]
    assert list(recorder.predictions[0][HOLDOUT]) == seen[0]


def test_of_a_thinned_batch_the_rows_sent_keep_their_draw(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True, holdout=0.5)
    def score(x: Any) -> Any:
        now = barograph.current_prediction()
        assert now.holdouts == now.holdouts
        return np.array(now.holdouts, dtype=float)

    score(np.zeros(25_000))
    sent = recorder.predictions[0]
    assert sent["barograph.batch.size"] == len(sent[HOLDOUT])
    assert [float(held) for held in sent[HOLDOUT]] == list(sent["barograph.prediction.value"])


def test_what_is_not_sent_is_served_by_the_model() -> None:
    with Recorder(sample_rate=0.0) as recorder:
        assert rank("user-1") == rank("user-2") == rank("user-3") == 1.0
    assert recorder.spans == ()
    barograph.configure(enabled=False)
    assert {rank(f"user-{at}") for at in range(50)} == {1.0}
    now = barograph.current_prediction()
    assert (now.holdout, now.ref, now.holdouts) == (False, None, [False])
    now.review(0.5)


@pytest.mark.parametrize(
    ("review", "sent"),
    [
        (0.25, 0.25),
        ("risk", 0.75),
        (lambda result: 1 - result["risk"], 0.25),
        (lambda _: 2.0, None),
        (lambda result: result["nothing"], None),
    ],
)
def test_the_propensity_of_review_is_a_number_or_found_in_the_result(
    recorder: Recorder, review: Any, sent: float | None
) -> None:
    @barograph.observe(model="m", review=review)
    def predict() -> dict[str, float]:
        return {"risk": 0.75}

    predict()
    assert recorder.predictions[0].get(PROPENSITY) == sent


def test_of_a_batch_each_row_may_have_its_propensity(recorder: Recorder) -> None:
    @barograph.observe(model="m", batch=True, review=lambda result: result / 10)
    def score(x: Any) -> Any:
        return np.asarray(x) * 2

    score(np.array([1.0, 2.0]))
    assert recorder.predictions[0][PROPENSITY] == (0.2, 0.4)


def test_the_code_itself_may_decide_on_review(recorder: Recorder) -> None:
    @barograph.observe(model="m", review=0.1)
    def predict(x: float) -> float:
        now = barograph.current_prediction()
        now.review("often")  # type: ignore[arg-type]  # as users do
        now.review(x)
        return x

    before = barograph.stats().failures.get("review", 0)
    predict(0.5)
    (encoded,) = encode_requests(recorder.spans)
    request = ExportTraceServiceRequest.FromString(encoded.body)
    sent = [entry.key for entry in request.resource_spans[0].scope_spans[0].spans[0].attributes]
    assert sent.count(PROPENSITY) == 1
    assert recorder.predictions[0][PROPENSITY] == 0.5
    assert barograph.stats().failures["review"] == before + 1


@pytest.mark.parametrize("options", [{"holdout": 1.5}, {"holdout": -0.1}, {"review": 2}])
def test_a_share_out_of_range_fails_at_decoration(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        barograph.observe(model="m", **options)(len)
