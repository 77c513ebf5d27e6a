"""Late facts become columns as the wire page says, and bad ones are refused one by one."""

import math
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from barograph_processor.exceptions import UndecodableError
from barograph_processor.observation import EventBatch, span_hex, trace_hex
from barograph_processor.otlp import DecodedLogs, decode_logs
from tests.processor.otlp.build import START_NS, logs, record


def decode(*records: LogRecord, **options: Any) -> DecodedLogs:
    return decode_logs(logs(*records), **options)


def only_events(decoded: DecodedLogs) -> EventBatch:
    (events,) = decoded.events
    return events


def label(value: Any, **values: Any) -> LogRecord:
    return record(
        "barograph.label",
        {"barograph.prediction.id": "p", "barograph.label.value": value, **values},
    )


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        ("fraud", None, "fraud"),
        ("1", None, "1"),
        (True, 1.0, "true"),
        (False, 0.0, "false"),
        (1, 1.0, "1"),
        (2.0, 2.0, "2"),
        (0.5, 0.5, "0.5"),
    ],
)
def test_label_value_as_number_and_text(value: Any, number: float | None, text: str) -> None:
    events = only_events(decode(label(value)))
    assert events.kind == "label"
    assert events.text == (text,)
    found = float(events.number[0])
    assert math.isnan(found) if number is None else found == number


def test_label_fields() -> None:
    events = only_events(
        decode(
            record(
                "barograph.label",
                {
                    "barograph.prediction.id": 17,
                    "barograph.label.value": "yes",
                    "barograph.label.source": "human",
                    "barograph.label.time": "2013-01-01T00:00:00Z",
                    "barograph.model.name": "m",
                    "barograph.model.version": "1",
                },
                trace_id=(5).to_bytes(16),
                span_id=(6).to_bytes(8),
            )
        )
    )
    assert events.prediction_ids == ("17",)
    assert events.source == ("human",)
    assert events.time.tolist() == [1356998400 * 10**9]
    assert (events.model_names, events.model_versions) == (("m",), ("1",))
    assert trace_hex(events.ids, 0) == f"{5:032x}"
    assert span_hex(events.ids, 0) == f"{6:016x}"


def test_label_time_in_epoch_seconds() -> None:
    events = only_events(decode(label("a", **{"barograph.label.time": 1356998400.5})))
    assert events.time.tolist() == [1356998400_500_000_000]


def test_time_is_the_records_else_when_it_came() -> None:
    values = {"barograph.prediction.id": "p", "barograph.label.value": "a"}
    observed = record(
        "barograph.label", values, time_unix_nano=0, observed_time_unix_nano=START_NS + 1
    )
    silent = record("barograph.label", values, time_unix_nano=0)
    events = only_events(decode(label("a"), observed, silent, received_ns=9))
    assert events.time.tolist() == [START_NS, START_NS + 1, 9]


def test_event_name_as_attribute() -> None:
    values = {
        "event.name": "barograph.label",
        "barograph.prediction.id": "p",
        "barograph.label.value": "a",
    }
    assert len(only_events(decode(record("", values)))) == 1


def test_reaction_outcome_evaluation() -> None:
    target = {"barograph.prediction.id": "p"}
    decoded = decode(
        record(
            "barograph.reaction",
            {**target, "barograph.reaction.kind": "edited", "barograph.reaction.magnitude": 0.3},
        ),
        record(
            "barograph.outcome",
            {**target, "barograph.outcome.value": -120.5, "barograph.outcome.unit": "EUR"},
        ),
        record(
            "gen_ai.evaluation.result",
            {
                **target,
                "gen_ai.evaluation.name": "tone",
                "gen_ai.evaluation.score.label": "good",
                "barograph.evaluation.source": "model",
            },
        ),
    )
    reaction, outcome, evaluation = decoded.events
    assert (reaction.text, reaction.number.tolist()) == (("edited",), [0.3])
    assert (outcome.text, outcome.number.tolist()) == (("EUR",), [-120.5])
    assert (evaluation.name, evaluation.text, evaluation.source) == (
        ("tone",),
        ("good",),
        ("model",),
    )


def test_evaluation_by_the_response() -> None:
    """Not beside a prediction id, which says all."""
    score = {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.value": 1.0}
    by_response = {**score, "gen_ai.response.id": "chatcmpl-1"}
    by_id = {**by_response, "barograph.prediction.id": "p"}
    (events,) = decode(
        record("gen_ai.evaluation.result", by_response), record("gen_ai.evaluation.result", by_id)
    ).events
    assert events.prediction_ids == (None, "p")
    assert events.response_ids == ("chatcmpl-1", None)


@pytest.mark.parametrize(
    ("event", "values", "reason"),
    [
        ("barograph.label", {"barograph.label.value": "a"}, "no_prediction"),
        ("barograph.label", {"barograph.prediction.id": "p"}, "no_value"),
        (
            "barograph.label",
            {"barograph.prediction.id": "p", "barograph.label.value": [1]},
            "no_value",
        ),
        (
            "barograph.reaction",
            {"barograph.prediction.id": "p", "barograph.reaction.kind": "shrugged"},
            "unknown_kind",
        ),
        (
            "barograph.outcome",
            {"barograph.prediction.id": "p", "barograph.outcome.value": "much"},
            "no_value",
        ),
        (
            "gen_ai.evaluation.result",
            {"barograph.prediction.id": "p", "gen_ai.evaluation.name": "tone"},
            "no_value",
        ),
    ],
)
def test_fact_without_target_or_value_is_rejected_alone(
    event: str, values: dict[str, Any], reason: str
) -> None:
    decoded = decode(label("a"), record(event, values), label("b"))
    assert only_events(decoded).text == ("a", "b")
    assert (decoded.accepted, decoded.rejected) == (2, 1)
    assert decoded.rejections == {reason: 1}
    assert decoded.message.startswith("rejected 1 log record with ")


def test_span_id_alone_names_a_prediction() -> None:
    events = only_events(
        decode(record("barograph.label", {"barograph.label.value": "a"}, span_id=b"\1" * 8))
    )
    assert events.prediction_ids == (None,)


def test_id_of_wrong_length_is_rejected() -> None:
    decoded = decode(record("barograph.label", {"barograph.label.value": "a"}, span_id=b"\1"))
    assert decoded.rejections == {"invalid_id": 1}


def test_unknown_source_and_unreadable_time_are_warnings() -> None:
    decoded = decode(
        label("a", **{"barograph.label.source": "oracle", "barograph.label.time": "soon"})
    )
    events = only_events(decoded)
    assert (events.source, events.time.tolist()) == ((None,), [START_NS])
    assert decoded.warnings == {"unknown_source": 1, "unreadable_time": 1}


def test_other_records_are_passed_over() -> None:
    decoded = decode(record("", {}), record("user.login", {}), label("a"))
    assert (decoded.accepted, decoded.passed_over) == (3, 2)


def test_bytes_that_are_no_request() -> None:
    with pytest.raises(UndecodableError):
        decode_logs(b"\xff")
