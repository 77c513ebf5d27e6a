"""Encodes spans as OTLP, equal after parsing to what the official encoder writes.

Spans that hold a layout and values, and spans with plain attributes, are written directly. All
others (events, links, errors, a trace state, unusual values) are left to the official encoder.
"""

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind
from opentelemetry.trace.status import StatusCode

from barograph import telemetry
from barograph.encoded_request import EncodedRequest
from barograph.layout import Layout
from barograph.layout_encoder import EMPTY_STATUS, KIND_INTERNAL, TAG_FLAGS, layout_encoder
from barograph.protobuf import attribute, field, varint
from barograph.span import PredictionSpan

__all__ = ["MAX_REQUEST_BYTES", "encode_requests"]

MAX_REQUEST_BYTES: Final = 3 * 1024 * 1024
"""Under gRPC's default limit of 4 MiB a message."""
_FLAGS: Final = 0x100  # "it is known whether the parent is remote"
_REMOTE: Final = 0x200
_U32: Final = Struct("<I").pack
_TIMES: Final = Struct("<sQsQ").pack
_MAX_FRAMES: Final = 64
_MAX_LAYOUTS: Final = 1024
_SCALARS: Final = frozenset({str, bool, int, float})

_Frame = tuple[bytes, bytes, bytes, bytes]
"""A resource and the address of its schema; a scope and the address of its schema."""
_frames: dict[tuple[int, int], tuple[Resource, InstrumentationScope | None, _Frame]] = {}

_layouts: dict[tuple[str, tuple[str, ...], tuple[type, ...]], Layout | None] = {}
"""Those of spans that came without one; None for one that was seen once."""


def _laid_out(
    layout: Layout,
    values: tuple[Any, ...],
    context: SpanContext,
    parent: SpanContext | None,
    times: tuple[int, int],
) -> bytes:
    """Encode a span that is a layout and values."""
    encoder = layout.encoder
    if encoder is None:
        encoder = layout.encoder = layout_encoder(layout)
    trace_id, span_id, *_ = context
    if parent is None:
        above, flags = b"", _FLAGS
    else:
        above = parent.span_id.to_bytes(8, "big")
        flags = _FLAGS | _REMOTE if parent.is_remote else _FLAGS
    return encoder(
        values, trace_id.to_bytes(16, "big"), span_id.to_bytes(8, "big"), above, *times, flags
    )


def _layout_of(name: str, attributes: dict[str, Any]) -> Layout | None:
    """Return the layout of spans that look alike; None for the first one, or beyond the bound."""
    look = (name, tuple(attributes), tuple(map(type, attributes.values())))
    layout = _layouts.get(look)
    if layout is None and _SCALARS.issuperset(look[2]):
        if look in _layouts:
            layout = _layouts[look] = Layout(name, {}, look[1], look[2])
        elif len(_layouts) < _MAX_LAYOUTS:
            _layouts[look] = None
    return layout


def _encode_plain(span: ReadableSpan) -> bytes | None:
    """Encode a span of plain attributes; None if there is more to it."""
    context = span.context
    if (
        context is None
        or context.trace_state
        or span.kind is not SpanKind.INTERNAL
        or span.events
        or span.links
        or span.status.status_code is not StatusCode.UNSET
        or span.dropped_attributes
        or span.dropped_events
        or span.dropped_links
    ):
        return None
    parent = span.parent
    attributes = dict(span.attributes or {})
    layout = _layout_of(span.name, attributes)
    times = (span.start_time or 0, span.end_time or 0)
    remote = parent is not None and parent.is_remote
    try:
        if layout is not None:
            return _laid_out(layout, tuple(attributes.values()), context, parent, times)
        body = b"".join(
            (
                field(0x0A, context.trace_id.to_bytes(16, "big")),
                field(0x12, context.span_id.to_bytes(8, "big")),
                field(0x22, parent.span_id.to_bytes(8, "big")) if parent is not None else b"",
                field(0x2A, span.name.encode()),
                b"\x30",
                varint(KIND_INTERNAL),
                _TIMES(b"\x39", times[0], b"\x41", times[1]),
                *[attribute(key, value) for key, value in attributes.items()],
                EMPTY_STATUS,
                TAG_FLAGS,
                _U32(_FLAGS | _REMOTE if remote else _FLAGS),
            )
        )
    except (TypeError, UnicodeEncodeError):
        return None
    return field(0x12, body)


def _encode_span(span: ReadableSpan) -> bytes:
    """Encode one span as an entry of `ScopeSpans.spans`."""
    if type(span) is PredictionSpan and span.plain:
        return _laid_out(*span.planned)
    encoded = _encode_plain(span)
    if encoded is not None:
        return encoded
    official = encode_spans([span]).resource_spans[0].scope_spans[0].spans[0]
    return field(0x12, official.SerializeToString())


def _frame(span: ReadableSpan) -> tuple[tuple[int, int], _Frame]:
    """Return what surrounds the spans of one resource and scope, as the official encoder does.

    The first part names them, by their addresses; a frame holds both, so that these stay theirs.
    """
    resource, scope = span.resource, span.instrumentation_scope
    key = (id(resource), id(scope))
    known = _frames.get(key)
    if known is not None and known[0] is resource and known[1] is scope:
        return key, known[2]
    message = encode_spans([span]).resource_spans[0]
    scopes = message.scope_spans[0]
    frame = (
        field(0x0A, message.resource.SerializeToString()),
        field(0x1A, message.schema_url.encode()) if message.schema_url else b"",
        field(0x0A, scopes.scope.SerializeToString()),
        field(0x1A, scopes.schema_url.encode()) if scopes.schema_url else b"",
    )
    if len(_frames) >= _MAX_FRAMES:
        _frames.clear()
    _frames[key] = (resource, scope, frame)
    return key, frame


class _Spans:
    """The spans of one request, by resource and scope."""

    def __init__(self) -> None:
        self._scopes: dict[int, dict[int, list[bytes]]] = {}
        self._frames: dict[tuple[int, int], _Frame] = {}

    def bodies(self, key: tuple[int, int], frame: _Frame) -> list[bytes]:
        """Return the list that takes the encoded spans of a resource and scope."""
        self._frames[key] = frame
        return self._scopes.setdefault(key[0], {}).setdefault(key[1], [])

    def encode(self) -> EncodedRequest:
        """Return the body of an `ExportTraceServiceRequest`, copying each span once."""
        parts: list[bytes] = []
        items = 0
        for resource, scopes in self._scopes.items():
            inner: list[bytes] = []
            head = tail = b""
            for scope, bodies in scopes.items():
                items += len(bodies)
                head, tail, scope_head, scope_tail = self._frames[resource, scope]
                length = len(scope_head) + len(scope_tail) + sum(map(len, bodies))
                inner += (b"\x12", varint(length), scope_head, *bodies, scope_tail)
            length = len(head) + len(tail) + sum(map(len, inner))
            parts += (b"\x0a", varint(length), head, *inner, tail)
        return EncodedRequest(b"".join(parts), items)


def encode_requests(
    spans: Sequence[ReadableSpan], limit: int = MAX_REQUEST_BYTES
) -> Iterator[EncodedRequest]:
    """Encode `spans` as requests of about `limit` bytes at most.

    A span that is larger by itself has a request of its own. One that cannot be encoded, which
    would cost the official exporter its whole batch, is left out and counted as a failure.
    """
    request = _Spans()
    room = limit
    resource: Any = None
    scope: Any = None
    bodies: list[bytes] | None = None
    for span in spans:
        try:
            encoded = _encode_span(span)
        except Exception as error:  # noqa: BLE001  # an attribute that OTLP cannot hold
            telemetry.failed("encode", error)
            continue
        room -= len(encoded)
        if room < 0 and bodies is not None:
            yield request.encode()
            request, bodies, room = _Spans(), None, limit - len(encoded)
        if (
            bodies is None
            or span.resource is not resource
            or span.instrumentation_scope is not scope
        ):
            resource, scope = span.resource, span.instrumentation_scope
            bodies = request.bodies(*_frame(span))
        bodies.append(encoded)
    if bodies is not None:
        yield request.encode()
