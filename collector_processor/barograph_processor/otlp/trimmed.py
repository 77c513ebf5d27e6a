"""Trace requests with attributes left as bytes: the same wire, a coarser reader.

protobuf allows a message field to be declared as bytes. The parser then makes one
bytes object for each attribute, where the full classes make a tree of objects
that is walked once and thrown away.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["TrimmedRequest", "TrimmedSpan", "parse_trimmed"]


class TrimmedSpan(Protocol):
    """A span: ids, times, and attributes and status as they are on the wire.

    ``events`` is the last event, empty if there is none.
    """

    trace_id: bytes
    span_id: bytes
    start_time_unix_nano: int
    end_time_unix_nano: int
    attributes: Sequence[bytes]
    dropped_attributes_count: int
    events: bytes
    status: bytes


class _ScopeSpans(Protocol):
    spans: Sequence[TrimmedSpan]
    schema_url: str


class _ResourceSpans(Protocol):
    scope_spans: Iterable[_ScopeSpans]
    schema_url: str


class TrimmedRequest(Protocol):
    """An ExportTraceServiceRequest."""

    resource_spans: Iterable[_ResourceSpans]


_FieldProto = descriptor_pb2.FieldDescriptorProto
_PACKAGE: Final = "barograph.trimmed"
# Field numbers are those of opentelemetry/proto/trace/v1/trace.proto.
_MESSAGES: Final[Mapping[str, Sequence[tuple[str, int, int | str, bool]]]] = {
    "Request": [("resource_spans", 1, "ResourceSpans", True)],
    "ResourceSpans": [
        ("scope_spans", 2, "ScopeSpans", True),
        ("schema_url", 3, _FieldProto.TYPE_STRING, False),
    ],
    "ScopeSpans": [
        ("spans", 2, "Span", True),
        ("schema_url", 3, _FieldProto.TYPE_STRING, False),
    ],
    "Span": [
        ("trace_id", 1, _FieldProto.TYPE_BYTES, False),
        ("span_id", 2, _FieldProto.TYPE_BYTES, False),
        ("start_time_unix_nano", 7, _FieldProto.TYPE_FIXED64, False),
        ("end_time_unix_nano", 8, _FieldProto.TYPE_FIXED64, False),
        ("attributes", 9, _FieldProto.TYPE_BYTES, True),
        ("dropped_attributes_count", 10, _FieldProto.TYPE_UINT32, False),
        # Of a field declared as not repeated the last one stays: enough to see whether one is.
        ("events", 11, _FieldProto.TYPE_BYTES, False),
        ("status", 15, _FieldProto.TYPE_BYTES, False),
    ],
}


def _build() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="barograph/trimmed.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind, repeated in fields:
            field = message.field.add(name=field_name, number=number)
            field.label = _FieldProto.LABEL_REPEATED if repeated else _FieldProto.LABEL_OPTIONAL
            if isinstance(kind, str):
                field.type = _FieldProto.TYPE_MESSAGE
                field.type_name = f".{_PACKAGE}.{kind}"
            else:
                field.type = cast("Any", kind)
    # A pool of its own: the default one may know the file already, from a second import.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Request"))


_Request: Final = _build()


def parse_trimmed(payload: bytes) -> TrimmedRequest:
    """Parse a request.

    Raises:
        google.protobuf.message.DecodeError: The frame is broken. Attributes may
            be broken all the same.
    """
    return cast("TrimmedRequest", _Request.FromString(payload))
