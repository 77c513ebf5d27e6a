"""Large requests are read in parts that say the same, and hostile ones stay cheap."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from barograph_processor.exceptions import UndecodableError
from barograph_processor.otlp import TraceDimensions, decode_logs, decode_traces
from barograph_processor.otlp.chunks import CHUNK_BYTES, MAX_ITEM_BYTES, chunks
from barograph_processor.otlp.decode import decode_traces_plainly
from barograph_processor.otlp.tally import MAX_EVENTS
from tests.processor.otlp.build import logs, prediction, record, span, traces

_MIB = 1024 * 1024


def large(count: int = 6000) -> bytes:
    values = {f"input.f{n}": float(n) for n in range(10)}
    return traces(*(prediction(n, {**values, "input.n": n}) for n in range(count)))


def test_small_requests_are_left_whole() -> None:
    payload = traces(prediction(0, {}))
    assert [chunk.payload for chunk in chunks(payload)] == [payload]


def test_large_request_keeps_every_span_in_order() -> None:
    payload = large()
    parts = list(chunks(payload))
    assert len(parts) > 1
    assert max(len(part.payload) for part in parts) < 2 * CHUNK_BYTES
    decoded = decode_traces(payload)
    assert (decoded.accepted, decoded.message) == (6000, "")
    rows = np.concatenate([batch.ids[:, 2] for batch in decoded.batches])
    assert rows.tolist() == list(range(1, 6001))


def test_schema_of_scope_or_resource_goes_with_every_part() -> None:
    spans = [prediction(n, {"input.text": "x" * 200}) for n in range(8000)]
    newer = "https://barograph.dev/schemas/2.0.0"
    for resource_url, scope_url in ((newer, ""), ("", newer)):
        request = ExportTraceServiceRequest(
            resource_spans=[
                ResourceSpans(
                    schema_url=resource_url,
                    scope_spans=[ScopeSpans(spans=spans, schema_url=scope_url)],
                )
            ]
        )
        decoded = decode_traces(request.SerializeToString())
        assert decoded.warnings == {"newer_schema": 8000}


@pytest.mark.parametrize("size", [10, 70_000], ids=["usual", "large"])
def test_resource_goes_with_every_part_unless_it_is_large(size: int) -> None:
    resource = {"service.version": "2", "note": "x" * size}
    values = {"input.text": "x" * 200}
    payload = traces(*(prediction(n, values) for n in range(8000)), resource=resource)
    decoded = decode_traces(payload, TraceDimensions(resource=("service.version",)))
    assert decoded.accepted == 8000
    if size > 65_536:
        assert decoded.warnings == {"large_resource": 8000}
        assert not any(batch.slices for batch in decoded.batches)
    else:
        assert decoded.warnings == {}
        assert {
            level for b in decoded.batches for level in b.slices["trace.service.version"].values()
        } == {"2"}


def test_resources_of_one_span_each_are_read_together() -> None:
    """As the Collector sends them; one by one, each took as long as hundreds of spans."""
    count = 4000
    payload = b"".join(
        traces(prediction(n, {"input.text": "x" * 300}), resource={"service.version": str(n % 3)})
        for n in range(count)
    )
    parts = list(chunks(payload))
    assert len(parts) <= 2 * len(payload) // CHUNK_BYTES + 1
    assert max(len(part.payload) for part in parts) <= CHUNK_BYTES
    assert b"".join(part.payload for part in parts) == payload
    decoded = decode_traces(payload, TraceDimensions(resource=("service.version",)))
    found = [
        (int(span), version)
        for batch in decoded.batches
        for span, version in zip(
            batch.ids[:, 2], batch.slices["trace.service.version"].values(), strict=True
        )
    ]
    assert found == [(n + 1, str(n % 3)) for n in range(count)]


def test_resources_that_are_lost_are_counted_where_others_are_not() -> None:
    def one(number: int, size: int) -> bytes:
        values = {"input.text": "x" * 300}
        return traces(prediction(number, values), resource={"note": "x" * size})

    sizes = [70_000 if n % 100 == 0 else 10 for n in range(2000)]
    payload = b"".join(one(n, size) for n, size in enumerate(sizes))
    decoded = decode_traces(payload, TraceDimensions(resource=("service.version",)))
    assert (decoded.accepted, decoded.warnings) == (2000, {"large_resource": 20})
    rows = np.concatenate([batch.ids[:, 2] for batch in decoded.batches])
    assert rows.tolist() == list(range(1, 2001))


def test_records_in_parts() -> None:
    values = {"barograph.prediction.id": "p" * 200, "barograph.label.value": "a"}
    payload = logs(*(record("barograph.label", values) for _ in range(6000)))
    assert len(payload) > CHUNK_BYTES
    decoded = decode_logs(payload)
    assert decoded.accepted == sum(map(len, decoded.events)) == 6000


def test_item_that_is_too_large_is_rejected_alone() -> None:
    giant = span(1, {"text": "x" * MAX_ITEM_BYTES})
    decoded = decode_traces(traces(prediction(0, {}), giant, prediction(2, {})))
    assert decoded.rejections == {"too_large": 1}
    assert (decoded.accepted, decoded.rejected) == (2, 1)
    assert decoded.message == "rejected 1 span with more bytes than one may have"


def test_large_request_that_is_broken() -> None:
    payload = large()
    # The last is a group, which OTLP does not have.
    for broken in (payload[:-1], payload + b"\x0a\xff", payload + b"\x0b", payload + b"\xff" * 11):
        with pytest.raises(UndecodableError):
            decode_traces(broken)


def _nested(*numbers: int) -> Callable[[bytes], bytes]:
    def wrap(content: bytes) -> bytes:
        for number in reversed(numbers):
            length = len(content)
            size = bytearray()
            while length > 0x7F:
                size.append(length & 0x7F | 0x80)
                length >>= 7
            content = bytes([number << 3 | 2]) + bytes([*size, length]) + content
        return content

    return wrap


# Frames of nothing but empty messages: two bytes each on the wire.
@pytest.mark.parametrize(
    "payload",
    [
        b"\x0a\x00" * _MIB,
        _nested(1)(b"\x12\x00" * _MIB),
        _nested(1, 2)(b"\x12\x00" * _MIB),
        b"\x78\x01" * _MIB,
        _nested(1)(b"\x78\x01" * _MIB),
        _nested(1, 2)(b"\x78\x01" * _MIB),
    ],
    ids=["resources", "scopes", "items", "beside resources", "beside scopes", "beside items"],
)
@pytest.mark.parametrize("decode", [decode_traces, decode_logs])
def test_millions_of_empty_messages_are_refused_in_bounded_memory(
    payload: bytes, decode: Callable[[bytes], object]
) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(UndecodableError, match="more than"):
            decode(payload)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * _MIB


@pytest.mark.parametrize("decode", [decode_traces, decode_logs])
def test_zeros_are_refused_at_the_first(decode: Callable[[bytes], object]) -> None:
    """A gzipped request of 64 KiB may be 64 MiB of them; to walk all took half a minute."""
    with pytest.raises(UndecodableError, match="without a number"):
        decode(bytes(64 * _MIB))


def test_events_without_end_are_left_out_and_told() -> None:
    """They take two bytes each on the wire, and are read one by one."""
    events = [Span.Event()] * (MAX_EVENTS + 10)
    found = decode_traces_plainly(traces(prediction(1, {"input.x": 1.0}, events=events)))
    assert found.warnings == {"too_many_events": 1}
    assert "more events than are read" in found.message
    assert (found.accepted, found.rejected) == (1, 0)


def test_deep_nesting_is_refused() -> None:
    value = b"\x0a\x01a"
    for _ in range(5000):
        value = _nested(5, 1)(value)
    attribute = _nested(9)(_nested(1)(b"barograph.model.name") + _nested(2)(value))
    with pytest.raises(UndecodableError):
        decode_traces(_nested(1, 2, 2)(attribute))
