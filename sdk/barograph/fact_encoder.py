"""Encodes late facts as OTLP, equal after parsing to what the official encoder writes."""

from collections.abc import Sequence
from struct import Struct
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.sdk._logs import ReadableLogRecord

from barograph import semconv
from barograph.protobuf import RECORD_ATTRIBUTE, attribute, field, varint

__all__ = ["encode_facts"]

_TIMES: Final = Struct("<sQsQsI").pack
_NO_BODY: Final = b"\x2a\x00"
_UNIQUE: Final = frozenset({semconv.PREDICTION_ID, semconv.LABEL_TIME})
_MAX_CACHED: Final = 4096
_known: dict[tuple[str, type, Any], bytes] = {}


def _attribute(key: str, value: Any) -> bytes:
    """Encode an attribute, from the cache if its value is likely to come again."""
    if type(value) is float:  # 0.0 and -0.0 are one key, and NaN is none
        return attribute(key, value, RECORD_ATTRIBUTE)
    look = (key, type(value), value)
    done = _known.get(look)
    if done is None:
        done = attribute(key, value, RECORD_ATTRIBUTE)
        if key not in _UNIQUE and len(_known) < _MAX_CACHED:
            _known[look] = done
    return done


def _encode(fact: ReadableLogRecord, body: bytes) -> bytes | None:
    """Encode a fact as an entry of `ScopeLogs.log_records`; None if it is no plain event.

    `body` is what the official encoder of this version writes for a record without one.
    """
    record = fact.log_record
    if (
        record.body is not None
        or record.severity_number is not None
        or record.severity_text
        or fact.dropped_attributes
    ):
        return None
    trace_id, span_id = record.trace_id or 0, record.span_id or 0
    try:
        content = b"".join(
            (
                _TIMES(
                    b"\x09",
                    record.timestamp or 0,
                    b"\x59",
                    record.observed_timestamp or 0,
                    b"\x45",
                    int(record.trace_flags or 0),
                ),
                body,
                field(0x4A, trace_id.to_bytes(16, "big")) if trace_id else b"",
                field(0x52, span_id.to_bytes(8, "big")) if span_id else b"",
                field(0x62, (record.event_name or "").encode()),
                *[_attribute(key, value) for key, value in (record.attributes or {}).items()],
            )
        )
    except (TypeError, UnicodeEncodeError):
        return None
    return field(0x12, content)


def encode_facts(facts: Sequence[ReadableLogRecord]) -> bytes:
    """Encode `facts` as the body of an `ExportLogsServiceRequest`.

    Facts of one logger are written directly, anything else by the official encoder.
    """
    first = facts[0]
    resource, scope = first.resource, first.instrumentation_scope
    alike = all(f.resource is resource and f.instrumentation_scope is scope for f in facts)
    frame = encode_logs([first]).resource_logs[0]
    outer = frame.scope_logs[0]
    empty = _NO_BODY if outer.log_records[0].HasField("body") else b""
    encoded = [_encode(fact, empty) for fact in facts] if alike else []
    bodies = [body for body in encoded if body is not None]
    if len(bodies) != len(facts):
        return bytes(encode_logs(facts).SerializeToString())
    content = b"".join(
        (
            field(0x0A, outer.scope.SerializeToString()),
            *bodies,
            field(0x1A, outer.schema_url.encode()),
        )
    )
    inner = field(0x0A, frame.resource.SerializeToString())
    schema = field(0x1A, frame.schema_url.encode())
    length = varint(len(content))
    return field(0x0A, b"".join((inner, b"\x12", length, content, schema)))
