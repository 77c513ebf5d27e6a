"""Spans become rows as the wire page says, and bad ones are refused one by one."""

import math
from typing import Any

import numpy as np
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from barograph_processor.exceptions import UndecodableError
from barograph_processor.observation import ModelKey, ObservationBatch, span_hex, trace_hex
from barograph_processor.otlp import DecodedTraces, decode_traces
from barograph_processor.otlp.tally import MAX_REPEATED_CELLS
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
from tests.processor.otlp.build import START_NS, attributes, prediction, span, traces

pytestmark = pytest.mark.usefixtures("way")


def decode(*spans: Span, schema_url: str = "") -> DecodedTraces:
    return decode_traces(traces(*spans, schema_url=schema_url))


def only_batch(decoded: DecodedTraces) -> ObservationBatch:
    (batch,) = decoded.batches
    return batch


def numbers(column: Column | None) -> list[float]:
    assert isinstance(column, NumericColumn)
    return [float(value) for value in column.values]


def names(column: Column | None) -> list[str | None]:
    assert isinstance(column, CategoricalColumn)
    return column.values()


def test_single_call() -> None:
    decoded = decode(
        prediction(
            0,
            {
                "task": "binary",
                "prediction.id": "order-17",
                "input.amount": 12.5,
                "input.count": 3,
                "input.country": "DE",
                "input.new": True,
                "prediction.value": 0.7,
                "prediction.label": "fraud",
                "prediction.confidence": 0.9,
                "output.length": 4,
                "slice.region": "eu",
                "sample.rate": 0.25,
                "review.propensity": 0.1,
                "task.positive": "fraud",
                "task.threshold": 0.5,
            },
        )
    )
    batch = only_batch(decoded)
    assert batch.model == ModelKey("m", "1")
    assert trace_hex(batch.ids, 0) == f"{1:032x}"
    assert span_hex(batch.ids, 0) == f"{1:016x}"
    assert batch.prediction_ids == ("order-17",)
    assert batch.event_time.tolist() == [START_NS]
    assert batch.latency.tolist() == [0.25]
    assert batch.failed.tolist() == [False]
    assert batch.task == "binary"
    assert numbers(batch.inputs["amount"]) == [12.5]
    assert numbers(batch.inputs["count"]) == [3.0]
    assert names(batch.inputs["country"]) == ["DE"]
    assert names(batch.inputs["new"]) == ["true"]
    assert batch.value is not None
    assert batch.value.tolist() == [0.7]
    assert names(batch.label) == ["fraud"]
    assert batch.confidence is not None
    assert batch.confidence.tolist() == [0.9]
    assert numbers(batch.outputs["length"]) == [4.0]
    assert names(batch.slices["region"]) == ["eu"]
    assert batch.weight is not None
    assert batch.weight.tolist() == [4.0]
    assert batch.propensity is not None
    assert batch.propensity.tolist() == [0.1]
    assert (batch.positive, batch.threshold) == ("fraud", 0.5)
    assert (decoded.accepted, decoded.rejected, decoded.message) == (1, 0, "")


def test_what_is_absent_is_none_or_a_default() -> None:
    batch = only_batch(decode(span(6, {"barograph.model.name": "m"})))
    assert batch.model == ModelKey("m", "unversioned")
    assert batch.prediction_ids == (f"{7:016x}",)
    for field in ("task", "value", "label", "confidence", "weight", "propensity", "positive"):
        assert getattr(batch, field) is None
    assert (batch.inputs, batch.outputs, batch.slices) == ({}, {}, {})


def test_batch_call_has_a_row_each_value() -> None:
    batch = only_batch(
        decode(
            prediction(
                0,
                {
                    "batch.size": 3,
                    "input.x": [1.5, 2.5, math.nan],
                    "input.c": ["a", "", "b"],
                    "prediction.label": ["yes", "no", "yes"],
                    "prediction.confidence": [0.1, 0.2, 0.3],
                    "slice.region": "eu",
                    "event.time": ["2013-01-01T00:00:00", "", "2013-01-01T01:00:00+01:00"],
                },
            )
        )
    )
    assert len(batch) == 3
    assert batch.prediction_ids == tuple(f"{1:016x}:{row}" for row in range(3))
    assert numbers(batch.inputs["x"])[:2] == [1.5, 2.5]
    assert math.isnan(numbers(batch.inputs["x"])[2])
    assert names(batch.inputs["c"]) == ["a", None, "b"]
    assert names(batch.label) == ["yes", "no", "yes"]
    assert names(batch.slices["region"]) == ["eu"] * 3
    assert batch.event_time.tolist() == [1356998400 * 10**9, START_NS, 1356998400 * 10**9]
    assert batch.latency[0] == 0.25
    assert np.isnan(batch.latency[1:]).all()
    assert (batch.ids == batch.ids[0]).all()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["a", "b"], ("a", "b")),
        ([7, 8], ("7", "8")),
        (["a", ""], ("a", f"{1:016x}:1")),
        ("job", ("job:0", "job:1")),
    ],
)
def test_prediction_ids_of_a_batch(given: Any, expected: tuple[str, ...]) -> None:
    decoded = decode(prediction(0, {"batch.size": 2, "prediction.id": given, "input.x": [1, 2]}))
    assert only_batch(decoded).prediction_ids == expected


def test_rows_of_a_model_keep_their_order_over_ragged_spans() -> None:
    """Gaps are missing values, whatever attributes each span has."""
    spans = [prediction(n, {"input.even" if n % 2 == 0 else "input.odd": n}) for n in range(4)]
    batch = only_batch(decode(*spans))
    assert batch.ids[:, 2].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(numbers(batch.inputs["even"]), [0, np.nan, 2, np.nan])
    np.testing.assert_array_equal(numbers(batch.inputs["odd"]), [np.nan, 1, np.nan, 3])


def test_a_feature_name_for_every_span_does_not_fill_a_matrix() -> None:
    """Cells stay proportional to the bytes that were sent."""
    spans = [prediction(n, {f"input.f{n}": float(n)}) for n in range(1000)]
    decoded = decode(*spans)
    assert sum(len(batch) for batch in decoded.batches) == 1000
    assert sum(len(batch) * len(batch.inputs) for batch in decoded.batches) == 1000


def test_models_and_versions_and_tasks_are_apart() -> None:
    decoded = decode(
        prediction(0, {}),
        prediction(1, {"model.version": "2"}),
        prediction(2, {"model.name": "n"}),
        prediction(3, {"task": "binary"}),
        prediction(4, {}),
    )
    assert [(b.model, b.task, len(b)) for b in decoded.batches] == [
        (ModelKey("m", "1"), None, 2),
        (ModelKey("m", "2"), None, 1),
        (ModelKey("n", "1"), None, 1),
        (ModelKey("m", "1"), "binary", 1),
    ]


def test_error_status_is_a_failed_call() -> None:
    failed = prediction(0, {}, status=Status(code=Status.STATUS_CODE_ERROR))
    assert only_batch(decode(failed)).failed.tolist() == [True]


def test_text_among_numbers_is_missing_and_numbers_among_text_are_names() -> None:
    spans = [
        prediction(0, {"input.mostly_number": 1.0, "input.mostly_text": "a"}),
        prediction(1, {"input.mostly_number": "n/a", "input.mostly_text": "b"}),
        prediction(2, {"input.mostly_number": 3, "input.mostly_text": 7}),
    ]
    decoded = decode(*spans)
    batch = only_batch(decoded)
    np.testing.assert_array_equal(numbers(batch.inputs["mostly_number"]), [1, np.nan, 3])
    assert names(batch.inputs["mostly_text"]) == ["a", "b", "7"]
    assert decoded.warnings == {"mixed_types": 2}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trace_id": b"\1" * 15}, "invalid_id"),
        ({"trace_id": b""}, "invalid_id"),
        ({"trace_id": bytes(16)}, "invalid_id"),
        ({"span_id": bytes(8)}, "invalid_id"),
        ({"span_id": b"\1" * 9}, "invalid_id"),
        ({"end_time_unix_nano": START_NS - 1}, "invalid_times"),
        ({"end_time_unix_nano": 2**63}, "invalid_times"),
    ],
)
def test_span_that_is_no_span_is_rejected_alone(fields: dict[str, Any], reason: str) -> None:
    decoded = decode(prediction(0, {}), prediction(1, {}, **fields), prediction(2, {}))
    assert only_batch(decoded).ids[:, 2].tolist() == [1, 3]
    assert (decoded.accepted, decoded.rejected) == (2, 1)
    assert decoded.rejections == {reason: 1}
    assert decoded.message.startswith("rejected 1 span with ")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"batch.size": 2, "input.x": [1.0]}, "array_length"),
        ({"batch.size": 2, "input.x": [1.0, 2.0], "input.y": [1.0, 2.0, 3.0]}, "array_length"),
        ({"batch.size": 2, "prediction.id": ["a"]}, "array_length"),
        ({"batch.size": -1}, "invalid_batch_size"),
        ({"batch.size": "2"}, "invalid_batch_size"),
        ({"batch.size": 2.0}, "invalid_batch_size"),
        ({"batch.size": 10**15}, "too_many_rows"),
        (
            {"batch.size": MAX_REPEATED_CELLS // 8, "input.a": 1, "input.b": 2, "input.c": 3},
            "too_many_rows",
        ),
    ],
)
def test_batch_that_contradicts_itself_is_rejected(values: dict[str, Any], reason: str) -> None:
    decoded = decode(prediction(0, values), prediction(1, {}))
    assert len(only_batch(decoded)) == 1
    assert decoded.rejections == {reason: 1}


def test_empty_batch_call_is_accepted_and_has_no_rows() -> None:
    decoded = decode(prediction(0, {"batch.size": 0, "input.x": []}))
    assert (decoded.batches, decoded.accepted, decoded.rejected) == ((), 1, 0)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"task": "divination"}, "unknown_task"),
        ({"prediction.confidence": 1.5}, "unusable_value"),
        ({"prediction.confidence": "high"}, "unusable_value"),
        ({"prediction.value": {"a": 1}}, "unusable_value"),
        ({"prediction.id": b"raw"}, "unusable_value"),
        ({"input.x": [[1.0], [2.0]]}, "array_outside_batch"),
        ({"input.x": b"raw"}, "unusable_value"),
        ({"sample.rate": 0.0}, "unusable_value"),
        ({"sample.rate": 2}, "unusable_value"),
        ({"event.time": "yesterday"}, "unreadable_time"),
        ({"event.time": "9999-01-01T00:00:00"}, "unreadable_time"),
    ],
)
def test_unusable_part_is_a_warning_and_the_span_stands(
    values: dict[str, Any], reason: str
) -> None:
    decoded = decode(prediction(0, values))
    batch = only_batch(decoded)
    assert (decoded.accepted, decoded.rejected) == (1, 0)
    assert decoded.warnings == {reason: 1}
    assert decoded.message.startswith("accepted 1 span with ")
    assert batch.event_time.tolist() == [START_NS]
    assert batch.weight is None


def test_truncated_attributes_and_newer_schemas_are_warnings() -> None:
    truncated = prediction(0, {}, dropped_attributes_count=1)
    assert decode(truncated).warnings == {"truncated": 1}
    newer = decode(prediction(0, {}), schema_url="https://barograph.dev/schemas/2.0.0")
    assert newer.warnings == {"newer_schema": 1}
    for known in ("https://barograph.dev/schemas/1.9.0", "https://opentelemetry.io/schemas/9.0.0"):
        assert not decode(prediction(0, {}), schema_url=known).warnings


def test_what_is_none_of_ours_is_passed_over_and_counted() -> None:
    decoded = decode(span(0, {"http.route": "/"}, dropped_attributes_count=3), prediction(1, {}))
    assert (decoded.accepted, decoded.passed_over) == (2, 1)
    assert not decoded.warnings


def test_long_names_are_cut_and_stay_distinct() -> None:
    long = "x" * 10_000
    batch = only_batch(
        decode(prediction(0, {"prediction.id": long, f"input.{long}": 1, f"input.{long}y": 2}))
    )
    assert len(batch.inputs) == 2
    assert max(map(len, (*batch.inputs, *batch.prediction_ids))) <= 256


def test_evaluation_inside_of_a_span_is_a_late_fact() -> None:
    event = Span.Event(
        name="gen_ai.evaluation.result",
        time_unix_nano=START_NS + 5,
        attributes=attributes(
            {"gen_ai.evaluation.name": "helpfulness", "gen_ai.evaluation.score.value": 0.2}
        ),
    )
    decoded = decode(span(0, {"http.route": "/"}, events=[event]))
    (facts,) = decoded.events
    assert facts.kind == "evaluation"
    assert (facts.name, facts.number.tolist(), facts.time.tolist()) == (
        ("helpfulness",),
        [0.2],
        [START_NS + 5],
    )
    assert span_hex(facts.ids, 0) == f"{1:016x}"
    assert facts.prediction_ids == (None,)
    assert decoded.passed_over == 0


def test_empty_request() -> None:
    decoded = decode_traces(b"")
    assert (decoded.batches, decoded.events, decoded.accepted, decoded.message) == ((), (), 0, "")


def test_unknown_fields_are_ignored() -> None:
    known = traces(prediction(0, {}))
    # Field 15, a varint, at the request's own level.
    assert len(decode_traces(known + b"\x78\x01").batches) == 1


@pytest.mark.parametrize("payload", [b"\xff", b"\x0a\x05ab", traces(prediction(0, {}))[:-1]])
def test_bytes_that_are_no_request(payload: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode_traces(payload)


@pytest.mark.parametrize("batch", [False, True])
def test_a_hold_out_travels_with_the_slices(batch: bool) -> None:
    values: dict[str, Any] = {"holdout": True, "slice.region": "EU"}
    if batch:
        values = {"holdout": [True, False], "batch.size": 2, "slice.region": "EU"}
    decoded = decode_traces(traces(prediction(1, values)))
    (found,) = decoded.batches
    expected = ["true", "false"] if batch else ["true"]
    assert found.slices["barograph.holdout"].values() == expected
    assert set(found.slices) == {"barograph.holdout", "region"}
    assert not decoded.warnings
