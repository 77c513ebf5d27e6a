"""Text that is no UTF-8, as Go's exporters send it: it harms no other item, nor its own."""

import json
from collections.abc import Callable

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from barograph_processor.otlp import decode_logs, decode_traces
from barograph_processor.otlp.decode import decode_traces_plainly
from barograph_processor.otlp.json import traces_from_json
from tests.processor.otlp.build import logs, prediction, record, span, traces
from tests.processor.otlp.sameness import assert_same

_PLACE = "CUT."
_CUT = b"CU\xe2\x82"
"""As many bytes, of which the last two begin a character that does not end."""


def _cut(payload: bytes) -> bytes:
    assert _PLACE.encode() in payload
    return payload.replace(_PLACE.encode(), _CUT)


def _status(span: Span) -> None:
    span.status.message = _PLACE


def _event(span: Span) -> None:
    span.events.add(name=_PLACE)


def _key(span: Span) -> None:
    span.attributes.add(key=_PLACE).value.int_value = 1


def _in_an_array(span: Span) -> None:
    values = span.attributes.add(key="list").value.array_value.values
    values.add(string_value=_PLACE)


def _in_pairs(span: Span) -> None:
    pairs = span.attributes.add(key="map").value.kvlist_value.values
    pairs.add(key=_PLACE).value.string_value = _PLACE


def _name(span: Span) -> None:
    span.name = _PLACE


def _value(span: Span) -> None:
    span.attributes.add(key="http.route").value.string_value = _PLACE


@pytest.mark.parametrize("place", [_status, _event, _key, _in_an_array, _in_pairs, _name, _value])
@pytest.mark.parametrize("foreign", [False, True])
def test_where_nobody_reads_it_it_makes_no_difference(
    place: Callable[[Span], None], *, foreign: bool
) -> None:
    """In the prediction's own span, and in one of an application that has no model."""
    other = span(1, {"a": "b"})
    own = prediction(0, {"input.x": 1.0, "slice.s": "a"})
    request = ExportTraceServiceRequest.FromString(traces(own, other))
    as_it_was = request.SerializeToString()
    place(request.resource_spans[0].scope_spans[0].spans[foreign])
    payload = _cut(request.SerializeToString())
    decoded = decode_traces(payload)
    assert (decoded.accepted, decoded.rejected, decoded.message) == (2, 0, "")
    assert_same(decoded, decode_traces_plainly(payload))
    assert_same(decoded, decode_traces(as_it_was))


def test_where_it_is_read_it_is_marked() -> None:
    payload = _cut(traces(prediction(0, {"input.c": _PLACE, "input.x": 1.0})))
    (batch,) = decode_traces_plainly(payload).predictions
    (marked,) = decode_traces_plainly(
        traces(prediction(0, {"input.c": "CU�", "input.x": 1.0}))
    ).predictions
    assert str(batch) == str(marked)
    assert "�" in str(batch)


def test_record_of_a_log_that_is_cut_does_not_take_labels_with_it() -> None:
    other = LogRecord(time_unix_nano=1)
    other.body.string_value = _PLACE
    label = record(
        "barograph.label", {"barograph.prediction.id": "p", "barograph.label.value": "1"}
    )
    decoded = decode_logs(_cut(logs(other, label)))
    assert (decoded.accepted, decoded.passed_over, len(decoded.events)) == (2, 1, 1)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (r"\ud83d", "�"),
        (r"\ude00\ud83d", "��"),
        (r"a\uD83Dx", "a�x"),
        (r"\ud83d\ude00\ud83d", "😀�"),
        (r"\\ud83d\ud83d", "\\ud83d�"),
    ],
)
def test_half_of_a_character_in_json(sent: str, read: str) -> None:
    """As JavaScript sends a text that it has cut within an emoji."""
    tree = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": _PLACE}]}]}]}
    text = json.dumps(tree).replace(_PLACE, sent).encode()
    request = ExportTraceServiceRequest.FromString(traces_from_json(text))
    assert request.resource_spans[0].scope_spans[0].spans[0].name == read
