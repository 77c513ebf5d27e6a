"""OTLP/JSON says the same as protobuf: hex ids, 64 bits as string or number, unknown ignored."""

import json
import re
from typing import Any

import pytest

from barograph_processor.exceptions import UndecodableError
from barograph_processor.observation import span_hex, trace_hex
from barograph_processor.otlp import (
    decode_logs,
    decode_traces,
    logs_from_json,
    traces_from_json,
)

_TRACE = "5b8efff798038103d269b633813fc60c"
_SPAN = "EEE19B7EC3C1B174"


def traces_text(**fields: Any) -> bytes:
    span = {
        "traceId": _TRACE,
        "spanId": _SPAN,
        "parentSpanId": "EEE19B7EC3C1B173",
        "name": "predict m",
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": 1544712661000000000,
        "kind": 2,
        "status": {"code": 2},
        "attributes": [
            {"key": "barograph.model.name", "value": {"stringValue": "m"}},
            {"key": "barograph.input.n", "value": {"intValue": "7"}},
            {"key": "barograph.input.m", "value": {"intValue": 8}},
            {"key": "barograph.input.x", "value": {"doubleValue": 0.5}},
            {"key": "barograph.input.nan", "value": {"doubleValue": "NaN"}},
            {"key": "barograph.input.b", "value": {"boolValue": True}},
            {"key": "barograph.input.raw", "value": {"bytesValue": "AAE="}},
            {"key": "barograph.slice.a", "value": {"arrayValue": {"values": [{}]}}},
        ],
        "links": [{"traceId": _TRACE, "spanId": _SPAN}],
        "fieldOfTheFuture": {"a": [1]},
        **fields,
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def test_traces() -> None:
    (batch,) = decode_traces(traces_from_json(traces_text())).batches
    assert trace_hex(batch.ids, 0) == _TRACE
    assert span_hex(batch.ids, 0) == _SPAN.lower()
    assert batch.event_time.tolist() == [1544712660000000000]
    assert batch.latency.tolist() == [1.0]
    assert batch.failed.tolist() == [True]
    assert set(batch.inputs) == {"n", "m", "x", "nan", "b", "raw"}


def _snake(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_snake(each) for each in tree]
    if isinstance(tree, dict):
        return {
            re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", key): _snake(value)
            for key, value in tree.items()
        }
    return tree


def test_snake_case_says_the_same() -> None:
    """As protobuf's own parsers read it, with ids in hex all the same, those of links too."""
    text = traces_text()
    snake = json.dumps(_snake(json.loads(text))).encode()
    assert b"trace_id" in snake
    assert b"traceId" not in snake
    assert traces_from_json(snake) == traces_from_json(text)
    record = {"traceId": _TRACE, "spanId": _SPAN, "eventName": "barograph.label"}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    assert logs_from_json(json.dumps(_snake(logs)).encode()) == logs_from_json(
        json.dumps(logs).encode()
    )


def test_logs() -> None:
    text = json.dumps(
        {
            "resourceLogs": [
                {
                    "scopeLogs": [
                        {
                            "logRecords": [
                                {
                                    "timeUnixNano": "1544712660000000000",
                                    "eventName": "barograph.label",
                                    "severityNumber": 9,
                                    "traceId": _TRACE,
                                    "spanId": _SPAN,
                                    "attributes": [
                                        {
                                            "key": "barograph.label.value",
                                            "value": {"boolValue": False},
                                        }
                                    ],
                                }
                            ]
                        }
                    ]
                }
            ]
        }
    ).encode()
    (events,) = decode_logs(logs_from_json(text)).events
    assert trace_hex(events.ids, 0) == _TRACE
    assert events.text == ("false",)


@pytest.mark.parametrize("text", [b"{}", b'{"resourceSpans": []}', b'{"resourceSpans": null}'])
def test_empty_requests(text: bytes) -> None:
    assert traces_from_json(text) == b""


def test_id_of_wrong_length_is_left_to_the_decoder() -> None:
    assert decode_traces(traces_from_json(traces_text(spanId="ab"))).rejections == {"invalid_id": 1}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[",
        b"7",
        b'"text"',
        b"\xff",
        b'{"resourceSpans": 7}',
        b'{"resourceSpans": [7]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": "x"}]}]}',
        traces_text(traceId="zz"),
        traces_text(traceId="abc"),
        traces_text(startTimeUnixNano="soon"),
        traces_text(startTimeUnixNano=2**70),
        traces_text(attributes=[{"key": 7}]),
        b'{"resourceSpans":' + b"[" * 900 + b"]" * 900 + b"}",
        b"[" * 100_000,
    ],
)
def test_text_that_is_no_request(text: bytes) -> None:
    with pytest.raises(UndecodableError):
        traces_from_json(text)
