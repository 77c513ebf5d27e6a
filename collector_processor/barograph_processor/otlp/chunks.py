"""Large requests in parts, so that reading one never takes many times its size.

A parsed message takes some 50 bytes of memory, and an empty one two bytes of the
wire: 64 MiB of them, parsed at once, would take gigabytes. So a large request is
walked without parsing, and cut between its spans or records.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from barograph_processor.exceptions import UndecodableError
from barograph_processor.otlp.message import length_delimited

__all__ = [
    "CHUNK_BYTES",
    "MAX_ITEMS",
    "MAX_ITEM_BYTES",
    "RESOURCE",
    "RESOURCES",
    "SCHEMA_URL",
    "SCOPES",
    "Chunk",
    "chunks",
    "fields",
    "last",
]

CHUNK_BYTES: Final = 1024 * 1024
"""Requests up to this are read at once, larger ones in parts of about this."""
MAX_ITEM_BYTES: Final = 8 * 1024 * 1024
"""Largest span or log record."""
MAX_ITEMS: Final = 1_000_000
"""Most spans or log records of a request, and most resources and scopes."""

# Each part of a request carries its resource, so a large one would multiply.
_MAX_RESOURCE_BYTES: Final = 64 * 1024

# A span that is one has ids and times of 46 bytes; a record may be shorter, but not all of them.
_LEAST_BYTES: Final = 16
_FREE_ITEMS: Final = 1000

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_CONTINUES: Final = 0x80
# Fields count from 1, in the bits above the wire type.
_LEAST_TAG: Final = 8
_LONGEST_VARINT: Final = 10
# The same numbers in trace_service.proto, logs_service.proto and what they import.
RESOURCES: Final = 1
RESOURCE: Final = 1
SCOPES: Final = 2
_ITEMS: Final = 2
SCHEMA_URL: Final = 3


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a request that is a request itself, without scopes' names.

    Attributes:
        payload: Its bytes.
        oversized: Items that were left out because they are too large.
        lost_resource: Whether its resources were left out for the same reason.
    """

    payload: bytes
    oversized: int = 0
    lost_resource: bool = False


def chunks(payload: bytes) -> Iterator[Chunk]:
    """Yield a request of spans or log records in parts, in order.

    Raises:
        UndecodableError: The frame is broken, or there are too many items.
    """
    if len(payload) <= CHUNK_BYTES:
        yield Chunk(payload)
        return
    # A Collector sends one resource behind the other as they came, perhaps of one span each.
    together: list[Chunk] = []
    size = 0
    for part in _resource_parts(payload):
        apart = bool(together) and part.lost_resource != together[0].lost_resource
        if together and (apart or size + len(part.payload) > CHUNK_BYTES):
            yield _joined(together)
            together, size = [], 0
        together.append(part)
        size += len(part.payload)
    if together:
        yield _joined(together)


def _joined(parts: Sequence[Chunk]) -> Chunk:
    """Return requests of which all or none have lost their resources as one."""
    return Chunk(
        b"".join(part.payload for part in parts),
        sum(part.oversized for part in parts),
        parts[0].lost_resource,
    )


def _resource_parts(payload: bytes) -> Iterator[Chunk]:
    """Yield each scope of each resource, in parts where it is large."""
    room = most = _most_items(len(payload))
    too_many = f"more than {most} spans or records, scopes and resources"
    for start, stop in fields(payload, 0, len(payload), RESOURCES):
        resource_url = last(payload, start, stop, SCHEMA_URL)
        whose = [payload[a:b] for a, b in fields(payload, start, stop, RESOURCE)]
        lost = sum(map(len, whose)) > _MAX_RESOURCE_BYTES
        head = b"" if lost else b"".join(length_delimited(RESOURCE, content) for content in whose)
        room -= 1
        for scope_start, scope_stop in fields(payload, start, stop, SCOPES):
            url = last(payload, scope_start, scope_stop, SCHEMA_URL) or resource_url
            tail = length_delimited(SCHEMA_URL, url) if url else b""
            room -= 1
            for part in _scope_parts(payload, scope_start, scope_stop):
                room -= part.items + part.oversized
                if room < 0:
                    raise UndecodableError(too_many)
                content = head + length_delimited(SCOPES, payload[part.start : part.stop] + tail)
                yield Chunk(length_delimited(RESOURCES, content), part.oversized, lost)
        if room < 0:
            raise UndecodableError(too_many)


class _Part(NamedTuple):
    """A stretch of a scope's fields that holds so many items, behind some that are too large."""

    start: int
    stop: int
    items: int
    oversized: int


def _scope_parts(payload: bytes, start: int, stop: int) -> Iterator[_Part]:
    """Yield one scope in parts, as it was sent: what lies between the items is read as well."""
    begin = end = start
    items = oversized = 0
    for item_start, item_stop in fields(payload, start, stop, _ITEMS):
        too_large = item_stop - item_start > MAX_ITEM_BYTES
        full = item_stop - begin > CHUNK_BYTES or items >= CHUNK_BYTES // _LEAST_BYTES
        if items and (too_large or full):
            yield _Part(begin, end, items, oversized)
            begin, items, oversized = end, 0, 0
        end = item_stop
        if too_large:
            begin, oversized = item_stop, oversized + 1
        else:
            items += 1
    yield _Part(begin, end, items, oversized)


def _most_items(size: int) -> int:
    return min(MAX_ITEMS, _FREE_ITEMS + size // _LEAST_BYTES)


def last(payload: bytes, start: int, stop: int, number: int) -> bytes:
    """Return the content of the last field of a number, empty if there is none."""
    found = b""
    for field_start, field_stop in fields(payload, start, stop, number):
        found = payload[field_start:field_stop]
    return found


def fields(payload: bytes, start: int, stop: int, number: int) -> Iterator[tuple[int, int]]:
    """Yield where the content of each field of a number begins and ends.

    Raises:
        UndecodableError: The frame is broken, or there are too many other fields.
    """
    at, others = start, _most_items(stop - start)
    while at < stop:
        # This runs for every span of a large request: a call less is a fifth of it.
        tag = payload[at]
        if tag < _CONTINUES:
            at += 1
        else:
            tag, at = _varint(payload, at, stop)
        own = tag >> 3 == number
        if not own:
            # Fields of two bytes each would else cost many times what others of the size do.
            others -= 1
            if others < 0 or tag < _LEAST_TAG:
                raise _none_of_ours(tag, stop - start)
        if tag & 7 == _BYTES:
            length, at = _varint(payload, at, stop)
            if at + length > stop:
                raise UndecodableError("not an OTLP request: a field ends behind its message")
            if own:
                yield at, at + length
            at += length
        else:
            at = _behind(payload, at, stop, tag & 7)
    if at != stop:
        raise UndecodableError("not an OTLP request: a field ends behind its message")


def _none_of_ours(tag: int, size: int) -> UndecodableError:
    if tag < _LEAST_TAG:
        return UndecodableError("not an OTLP request: a field without a number")
    return UndecodableError(f"more than {_most_items(size)} fields of other kinds")


def _behind(payload: bytes, at: int, stop: int, kind: int) -> int:
    """Return where a field of another wire type than bytes ends."""
    if kind == _VARINT:
        return _varint(payload, at, stop)[1]
    if kind in (_FIXED64, _FIXED32):
        return at + (8 if kind == _FIXED64 else 4)
    raise UndecodableError(f"not an OTLP request: wire type {kind}")


def _varint(payload: bytes, at: int, stop: int) -> tuple[int, int]:
    value = shift = 0
    while at < stop and shift < 7 * _LONGEST_VARINT:
        byte = payload[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < _CONTINUES:
            return value, at
        shift += 7
    raise UndecodableError("not an OTLP request: a broken number")
