"""The fields of many spans, all spans walked in step.

Spans of one call site are alike, so step after step all of them stand before the
same field, and one look at all of them costs little more than one at a single span.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.buffer import Buffer, Places, alike
from barograph_processor.otlp.rows import SPAN_ID_BYTES, TRACE_ID_BYTES

__all__ = [
    "MOST_FIELDS",
    "SpanPlaces",
    "Stretches",
    "UnusualError",
    "frames",
    "span_bounds",
    "walk",
]

MOST_FIELDS: Final = 1024
"""Most fields of a span, attributes among them; a step costs the same for one span as for all."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_CONTINUES: Final = 0x80
_LONGEST_VARINT: Final = 10
# Lengths are read up to here: more than a part of a request is never read at once.
_LONGEST_LENGTH: Final = 4

# Field numbers are those of opentelemetry/proto/trace/v1/trace.proto.
_TRACE_ID, _SPAN_ID, _PARENT, _NAME, _START, _END, _ATTRIBUTES, _DROPPED, _EVENTS, _STATUS = (
    *(1, 2, 4, 5, 7, 8, 9, 10, 11, 15),
)
# Fields that are noted step by step, and where.
_LISTED: Final = {_ATTRIBUTES: "attributes", _STATUS: "status", _PARENT: "parent", _NAME: "name"}
# Tags of ScopeSpans, all three of bytes.
_SCOPE: Final = 1 << 3 | _BYTES
_SPANS: Final = 2 << 3 | _BYTES
_SCHEMA_URL: Final = 3 << 3 | _BYTES


class UnusualError(Exception):
    """The fast way does not know this; the plain way does."""


class Stretches(NamedTuple):
    """Stretches of a buffer, each of one row.

    Attributes:
        rows: Whose they are.
        start: Where each begins.
        stop: Where each ends.
    """

    rows: Places
    start: Places
    stop: Places


@dataclass(slots=True)
class SpanPlaces:
    """Where the fields of spans are.

    Attributes:
        trace_id: The 16 bytes of each span's.
        span_id: The 8 bytes of each span's.
        start_time: The 8 bytes of each span's.
        end_time: The 8 bytes of each span's.
        attributes: Step by step: of each row at most one in each step.
        status: In the same way.
        parent: In the same way.
        name: In the same way.
        events: Whether any span has events.
    """

    trace_id: Places
    span_id: Places
    start_time: Places
    end_time: Places
    attributes: list[Stretches] = field(default_factory=list)
    status: list[Stretches] = field(default_factory=list)
    parent: list[Stretches] = field(default_factory=list)
    name: list[Stretches] = field(default_factory=list)
    events: bool = False


class _Field(NamedTuple):
    """The field before which some rows stand."""

    number: int
    kind: int
    content: Stretches


def frames(payload: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield the tag of each field of a message, and where its content begins and ends.

    Raises:
        UnusualError: It is damaged, or has a field that is not of bytes.
    """
    at = start
    while at < stop:
        tag, size = payload[at], 0
        at += 1
        for place in range(_LONGEST_LENGTH):
            if at == stop:
                raise UnusualError
            byte = payload[at]
            at += 1
            size |= (byte & 0x7F) << 7 * place
            if byte < _CONTINUES:
                break
        else:
            raise UnusualError
        if tag & 7 != _BYTES or size > stop - at:
            raise UnusualError
        yield tag, at, at + size
        at += size


def span_bounds(payload: bytes, start: int, stop: int) -> tuple[Places, list[bytes]]:
    """Return where each span of a ScopeSpans begins and ends, and what its schemas' addresses are.

    Empty addresses are left out. One loop without calls: this runs for every span.

    Raises:
        UnusualError: It is damaged, has a field of a later version, or a span of 2 MiB.
    """
    found: list[int] = []
    urls = []
    at = start
    try:
        while at < stop:
            tag, size = payload[at], payload[at + 1]
            at += 2
            if size >= _CONTINUES:
                more = payload[at]
                at += 1
                size = size & 0x7F | more << 7
                if more >= _CONTINUES:
                    most = payload[at]
                    at += 1
                    if most >= _CONTINUES:
                        raise UnusualError
                    size = size & 0x3FFF | most << 14
            if tag == _SPANS:
                found.append(at)
                at += size
                found.append(at)
            elif tag in (_SCOPE, _SCHEMA_URL):
                if tag == _SCHEMA_URL and size:
                    urls.append(payload[at : at + size])
                at += size
            else:
                raise UnusualError
    except IndexError:
        raise UnusualError from None
    if at != stop:
        raise UnusualError
    return np.array(found, np.intp).reshape(-1, 2), urls


def walk(data: Buffer, start: Places, stop: Places) -> SpanPlaces:
    """Find the fields of the spans between ``start`` and ``stop``, each of shape ``(n,)``.

    Raises:
        UnusualError: A span is damaged, is of too many fields, has attributes that its
            sender dropped, or lacks an id or a time.
    """
    n = len(start)
    # Zero, the place before all spans, stands for what was not found yet.
    found = SpanPlaces(
        trace_id=np.zeros(n, np.intp),
        span_id=np.zeros(n, np.intp),
        start_time=np.zeros(n, np.intp),
        end_time=np.zeros(n, np.intp),
    )
    rows, at, end = np.arange(n), start, stop
    steps = 0
    while len(rows):
        alive = at < end
        if np.count_nonzero(alive) < len(rows):
            rows, at, end = rows[alive], at[alive], end[alive]
            continue
        steps += 1
        if steps > MOST_FIELDS:
            raise UnusualError
        after = np.empty(len(rows), np.intp)
        for some, step in _fields(data, rows, at):
            _note(found, data, step)
            after[some] = step.content.stop
        at = after
        if np.count_nonzero(at > end):
            raise UnusualError
    for places in (found.trace_id, found.span_id, found.start_time, found.end_time):
        if not places.all():
            raise UnusualError
    return found


def _fields(
    data: Buffer, rows: Places, at: Places
) -> Iterator[tuple[slice | npt.NDArray[np.bool_], _Field]]:
    """Yield the field at each place, those of equal tags together, and which they are."""
    tags = data.byte(at)
    if alike(tags):
        yield slice(None), _field(data, rows, at, int(tags[0]))
        return
    for tag in np.unique(tags).tolist():
        some = tags == tag
        yield some, _field(data, rows[some], at[some], tag)


def _field(data: Buffer, rows: Places, at: Places, tag: int) -> _Field:
    kind, number, at = tag & 7, tag >> 3, at + 1
    if tag >= _CONTINUES:
        # Field numbers from 16: two bytes, of which the spans here have one or none.
        more = data.byte(at)
        if not alike(more) or more[0] >= _CONTINUES:
            raise UnusualError
        number, at = (tag & 0x7F) >> 3 | int(more[0]) << 4, at + 1
    if number == 0:
        raise UnusualError
    if kind == _BYTES:
        size, at = _lengths(data, at)
        return _Field(number, kind, Stretches(rows, at, at + size))
    if kind == _VARINT:
        return _Field(number, kind, Stretches(rows, at, _behind_varint(data, at)))
    if kind in (_FIXED64, _FIXED32):
        return _Field(number, kind, Stretches(rows, at, at + (8 if kind == _FIXED64 else 4)))
    raise UnusualError


def _lengths(data: Buffer, at: Places) -> tuple[Places, Places]:
    """Return the lengths at places, and the places behind them."""
    first = data.byte(at)
    size, at = first.astype(np.intp), at + 1
    if first.tobytes().isascii():
        return size, at
    size &= 0x7F
    open_rows = np.flatnonzero(first >= _CONTINUES)
    for place in range(1, _LONGEST_LENGTH):
        byte = data.byte(at[open_rows])
        size[open_rows] |= (byte & 0x7F).astype(np.intp) << 7 * place
        at[open_rows] += 1
        open_rows = open_rows[byte >= _CONTINUES]
        if len(open_rows) == 0:
            return size, at
        if (at > len(data.payload)).any():
            break
    raise UnusualError


def _behind_varint(data: Buffer, at: Places) -> Places:
    bytes_ = data.take(at, _LONGEST_VARINT)
    last = bytes_ < _CONTINUES
    if not last.any(axis=1).all():
        raise UnusualError
    size: Places = last.argmax(axis=1) + 1
    return at + size


def _note(found: SpanPlaces, data: Buffer, step: _Field) -> None:
    """Note where a field of some rows is."""
    number, content = step.number, step.content
    if number in _LISTED and step.kind == _BYTES:
        steps: list[Stretches] = getattr(found, _LISTED[number])
        steps.append(content)
    elif number in (_TRACE_ID, _SPAN_ID):
        size = TRACE_ID_BYTES if number == _TRACE_ID else SPAN_ID_BYTES
        if step.kind != _BYTES or (content.stop - content.start != size).any():
            raise UnusualError
        (found.trace_id if number == _TRACE_ID else found.span_id)[content.rows] = content.start
    elif number in (_START, _END) and step.kind == _FIXED64:
        (found.start_time if number == _START else found.end_time)[content.rows] = content.start
    elif number == _DROPPED:
        if step.kind != _VARINT or data.byte(content.start).any():
            raise UnusualError
    elif number == _EVENTS:
        found.events = True
