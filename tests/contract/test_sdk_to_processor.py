"""What the decorators see is what the processor reads: over real exporters and real bytes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import barograph
from barograph_processor.observation import EventBatch, ObservationBatch
from barograph_processor.otlp import decode_logs, decode_traces
from barograph_processor.stats.column import CategoricalColumn, Column
from tests.processor.receiver.server import Recorder, grpc_server, http_server


@dataclass
class Wire:
    """What has arrived so far."""

    recorder: Recorder

    def batches(self) -> list[ObservationBatch]:
        assert barograph.force_flush(timeout=30)
        decoded = [decode_traces(p) for signal, p in self.recorder.taken if signal == "traces"]
        for each in decoded:
            assert (each.rejected, each.message, each.passed_over) == (0, "", 0)
        return [batch for each in decoded for batch in each.batches]

    def events(self) -> list[EventBatch]:
        assert barograph.force_flush(timeout=30)
        decoded = [decode_logs(p) for signal, p in self.recorder.taken if signal == "logs"]
        for each in decoded:
            assert (each.rejected, each.message, each.passed_over) == (0, "", 0)
        return [events for each in decoded for events in each.events]


@pytest.fixture(params=["http", "grpc"])
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    recorder = Recorder()
    server = http_server if request.param == "http" else grpc_server
    with server(recorder) as address:
        if request.param == "http":
            barograph.configure(service="test", endpoint=address)
        else:
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{address}")
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
            barograph.configure(service="test")
        yield Wire(recorder)
        barograph.configure(enabled=False)


def cells(column: Column | None) -> list[Any]:
    assert column is not None
    if isinstance(column, CategoricalColumn):
        return list(column.values())
    return [None if math.isnan(value) else value for value in column.values.tolist()]


def test_scalar_calls(wire: Wire) -> None:
    @barograph.observe(
        model="fraud",
        version="3.1",
        task="binary",
        id="order_id",
        slices=("region",),
        positive="fraud",
        threshold=0.4,
    )
    def predict(order_id: str, amount: float, new: bool, region: str | None) -> float:
        return amount / 100

    predict("order-1", 25.0, new=True, region="eu")
    predict("order-2", 75.0, new=False, region=None)
    (batch,) = wire.batches()
    assert batch.model == ("fraud", "3.1")
    assert batch.prediction_ids == ("order-1", "order-2")
    assert (batch.task, batch.positive, batch.threshold) == ("binary", "fraud", 0.4)
    assert cells(batch.inputs["amount"]) == [25.0, 75.0]
    assert cells(batch.inputs["new"]) == ["true", "false"]
    assert cells(batch.inputs["region"]) == cells(batch.slices["region"]) == ["eu", None]
    assert batch.value is not None
    assert batch.value.tolist() == [0.25, 0.75]
    assert (batch.latency >= 0).all()
    assert not batch.failed.any()


def test_failed_call(wire: Wire) -> None:
    @barograph.observe(model="m")
    def predict(x: float) -> float:
        raise ValueError(x)

    with pytest.raises(ValueError, match="1"):
        predict(1.0)
    (batch,) = wire.batches()
    assert batch.failed.tolist() == [True]
    assert batch.value is None


def test_batch_call_with_gaps(wire: Wire) -> None:
    @barograph.observe(model="m", task="multiclass", batch=True, id="key", slices=("c",), time="at")
    def predict(rows: list[dict[str, Any]]) -> list[str]:
        return ["yes", "no", "yes"][: len(rows)]

    predict(
        [
            {"key": "a", "x": 1, "c": "p", "flag": True, "at": "2013-01-01T00:00:00+00:00"},
            {"key": "b", "x": None, "c": None, "flag": False, "at": "2013-01-01T01:00:00+00:00"},
            {"key": "c", "x": 3, "c": "q", "flag": True, "at": "2013-01-01T02:00:00+00:00"},
        ]
    )
    (batch,) = wire.batches()
    assert batch.prediction_ids == ("a", "b", "c")
    assert cells(batch.inputs["x"]) == [1.0, None, 3.0]
    assert cells(batch.inputs["c"]) == cells(batch.slices["c"]) == ["p", None, "q"]
    assert cells(batch.inputs["flag"]) == ["true", "false", "true"]
    assert cells(batch.label) == ["yes", "no", "yes"]
    assert np.diff(batch.event_time).tolist() == [3600 * 10**9] * 2
    assert np.isnan(batch.latency).tolist() == [False, True, True]


def test_flags_with_gaps_are_the_same_categories(wire: Wire) -> None:
    @barograph.observe(model="m", batch=True)
    def score(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"score": 0.5, "cached": row["flag"]} for row in rows]

    score([{"flag": True}, {"flag": None}, {"flag": False}])
    score([{"flag": False}, {"flag": True}])
    batches = wire.batches()
    flags = [cell for batch in batches for cell in cells(batch.inputs["flag"])]
    assert flags == ["true", None, "false", "false", "true"]
    cached = [cell for batch in batches for cell in cells(batch.outputs["cached"])]
    assert cached == [1.0, None, 0.0, 0.0, 1.0]


def test_the_response_of_a_model_client(wire: Wire) -> None:
    response = SimpleNamespace(
        id="chatcmpl-1",
        model="gpt-x-2025",
        choices=[
            SimpleNamespace(
                finish_reason="stop", message=SimpleNamespace(role="assistant", content="Hello.")
            )
        ],
    )
    barograph.observe(model="m", task="generation")(lambda: response)()
    (batch,) = wire.batches()
    assert batch.response_ids == ("chatcmpl-1",)


def test_manual_form_and_late_facts_by_reference(wire: Wire) -> None:
    with barograph.prediction(model="m", task="generation") as call:
        call.output("Hello there.", confidence=0.8)
        ref = call.ref
    barograph.label(ref, "good", source="human", time="2013-01-01T00:00:00Z")
    barograph.reaction(ref, "edited", magnitude=0.25)
    barograph.evaluation(ref, "tone", score=0.5, label="fine", explanation="why", source="model")
    barograph.outcome(ref, -120.5, unit="EUR")
    (batch,) = wire.batches()
    assert batch.task == "generation"
    assert cells(batch.outputs["length"]) == [12.0]
    assert batch.confidence is not None
    assert batch.confidence.tolist() == [0.8]
    by_kind = {events.kind: events for events in wire.events()}
    for events in by_kind.values():
        assert events.prediction_ids == batch.prediction_ids
        assert events.ids.tolist() == batch.ids.tolist()
        assert events.model_names == ("m",)
    assert by_kind["label"].text == ("good",)
    assert by_kind["label"].source == ("human",)
    assert by_kind["label"].time.tolist() == [1356998400 * 10**9]
    assert by_kind["reaction"].text == ("edited",)
    assert by_kind["reaction"].number.tolist() == [0.25]
    assert by_kind["evaluation"].name == ("tone",)
    assert by_kind["evaluation"].number.tolist() == [0.5]
    assert by_kind["outcome"].number.tolist() == [-120.5]
    assert by_kind["outcome"].text == ("EUR",)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (1, "1"), ("fraud", "fraud"), (0.5, "0.5")]
)
def test_label_by_the_applications_id(wire: Wire, value: Any, text: str) -> None:
    barograph.label("order-17", value, model="m", version="2")
    (events,) = wire.events()
    assert events.prediction_ids == ("order-17",)
    assert events.text == (text,)
    assert not events.ids.any()
    assert (events.model_names, events.model_versions) == (("m",), ("2",))


def test_label_has_one_spelling_on_both_ways(wire: Wire) -> None:
    """What a call predicts and what a label says compare equal as text."""
    values = [True, 1, np.int64(1), "a"]

    @barograph.observe(model="m", task="binary")
    def predict(place: int) -> Any:
        return values[place]

    for place, value in enumerate(values):
        predict(place)
        barograph.label("p", value)
    labels = [text for events in wire.events() for text in events.text]
    (batch,) = wire.batches()
    assert cells(batch.label) == labels == ["true", "1", "1", "a"]


def test_the_propensity_of_review(wire: Wire) -> None:
    @barograph.observe(model="m", review="risk")
    def predict() -> dict[str, float]:
        return {"risk": 0.25}

    @barograph.observe(model="rows", batch=True, review=0.5)
    def score(x: Any) -> Any:
        return x

    predict()
    score(np.array([1.0, 2.0]))
    single, rows = wire.batches()
    assert single.propensity is not None
    assert rows.propensity is not None
    assert single.propensity.tolist() == [0.25]
    assert rows.propensity.tolist() == [0.5, 0.5]


def test_the_hold_out_is_a_slice(wire: Wire) -> None:
    @barograph.observe(model="ranker", id="user", holdout=0.5)
    def rank(user: str, *, ask: bool = True) -> float:
        return float(ask and barograph.current_prediction().holdout)

    @barograph.observe(model="rows", batch=True, holdout=0.5)
    def score(x: Any) -> Any:
        return np.array(barograph.current_prediction().holdouts, dtype=float)

    for at in range(40):
        rank(f"user-{at}")
    rank("user-40", ask=False)
    score(np.arange(40.0))
    batches = wire.batches()
    for model, asked in (("ranker", 40), ("rows", 40)):
        mine = [batch for batch in batches if batch.model.name == model]
        held = [cell for batch in mine for cell in cells(batch.slices["barograph.holdout"])]
        served = [
            value for batch in mine for value in (batch.value if batch.value is not None else ())
        ]
        assert held[:asked] == ["true" if value else "false" for value in served[:asked]]
        assert held[asked:] == [None] * (len(held) - asked)
        assert {"true", "false"} <= set(held)
