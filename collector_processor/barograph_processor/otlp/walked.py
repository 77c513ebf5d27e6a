"""The spans of some requests as columns, read by numpy: all of them in step, key by key."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.attribute_values import column_of
from barograph_processor.otlp.buffer import Buffer, Places
from barograph_processor.otlp.distinct import distinct
from barograph_processor.otlp.gathered import gather
from barograph_processor.otlp.rows import SPAN_ID_BYTES, TRACE_ID_BYTES
from barograph_processor.otlp.spans import Spans, Texts, Way, WayOf
from barograph_processor.otlp.timestamps import MAX_NS
from barograph_processor.otlp.walk import (
    SpanPlaces,
    Stretches,
    UnusualError,
    frames,
    span_bounds,
    walk,
)

__all__ = ["walk_spans"]

_IDS: Final = 3
# Tags of the request, and of the messages in it.
_RESOURCES: Final = 0x0A
_RESOURCE: Final = 0x0A
_SCOPES: Final = 0x12
_SCHEMA_URL: Final = 0x1A

_Bounds = npt.NDArray[np.intp]
"""Where each span begins and ends, shape ``(n, 2)``."""


def walk_spans(payloads: Sequence[bytes], way_of: WayOf) -> Spans:
    """Read the spans of requests; as ``read_spans``, which knows a little more as usual."""
    counts: list[int] = []
    resources: list[tuple[bytes, int]] = []
    urls: list[bytes] = []
    bounds = [np.zeros((0, 2), np.intp)]
    offset = 0
    for payload in payloads:
        # Each frame by itself: what lacks an end must not find it in the next request.
        rows = 0
        for start, stop in _resources(payload):
            resource, found, addresses = _resource_spans(payload, start, stop)
            if len(found):
                resources.append((resource, len(found)))
            bounds.append(found + offset)
            urls += addresses
            rows += len(found)
        counts.append(rows)
        offset += len(payload)
    starts, stops = np.ascontiguousarray(np.concatenate(bounds).T)
    return _read(Buffer(b"".join(payloads)), starts, stops, (counts, resources, urls), way_of)


def _resources(payload: bytes) -> Iterator[tuple[int, int]]:
    for tag, start, stop in frames(payload, 0, len(payload)):
        if tag != _RESOURCES:
            raise UnusualError
        yield start, stop


def _resource_spans(payload: bytes, start: int, stop: int) -> tuple[bytes, _Bounds, list[bytes]]:
    """Return the resource of a ResourceSpans, where its spans are, and its schemas' addresses."""
    resource: bytes | None = None
    found = [np.zeros((0, 2), np.intp)]
    urls = []
    for tag, begin, end in frames(payload, start, stop):
        if tag == _SCOPES:
            bounds, own = span_bounds(payload, begin, end)
            found.append(bounds)
            urls += own
        elif tag == _SCHEMA_URL:
            urls += [payload[begin:end]] * (end > begin)
        elif tag == _RESOURCE and resource is None:
            resource = payload[begin:end]
        else:
            # A message that comes twice is the two merged; senders do not do that.
            raise UnusualError
    return resource or b"", np.concatenate(found), urls


def _read(
    data: Buffer,
    start: Places,
    stop: Places,
    frame: tuple[list[int], list[tuple[bytes, int]], list[bytes]],
    way_of: WayOf,
) -> Spans:
    n = len(start)
    places = walk(data, start, stop)
    ids = np.empty((n, _IDS), np.uint64)
    ids[:, :2] = data.take(places.trace_id, TRACE_ID_BYTES).view(">u8")
    ids[:, 2:] = data.take(places.span_id, SPAN_ID_BYTES).view(">u8")
    start_ns = data.take(places.start_time, 8).view("<u8")[:, 0]
    end_ns = data.take(places.end_time, 8).view("<u8")[:, 0]
    sound = (ids[:, 0] | ids[:, 1]).all() and ids[:, 2].all()
    if not (sound and (start_ns <= end_ns).all() and (end_ns <= MAX_NS).all()):
        raise UnusualError
    attributes = gather(data, places.attributes)
    ways = {prefix: way_of(prefix) for prefix in attributes}
    counts, resources, urls = frame
    return Spans(
        counts=counts,
        resources=resources,
        urls=urls,
        ids=ids,
        start_ns=start_ns.astype(np.int64),
        duration_ns=(end_ns - start_ns).astype(np.uint64, copy=False),
        parent=_parents(data, places),
        name=_texts(data, places.name, n),
        status=_texts(data, places.status, n, once=True),
        columns={
            prefix: column_of(data, values, ways[prefix], n)
            for prefix, values in attributes.items()
            if ways[prefix] is not Way.PASS_OVER
        },
        events=places.events,
    )


def _parents(data: Buffer, places: SpanPlaces) -> npt.NDArray[np.uint64]:
    parent = np.zeros(len(places.span_id), np.uint64)
    for step in places.parent:
        whole = step.stop - step.start == SPAN_ID_BYTES
        found = data.take(step.start, SPAN_ID_BYTES).view(">u8")[:, 0].astype(np.uint64)
        # Of a field that comes twice the last one counts.
        parent[step.rows] = np.where(whole, found, np.uint64(0))
    return parent


def _texts(data: Buffer, steps: list[Stretches], n: int, *, once: bool = False) -> Texts:
    """Return the last text of each row, empty for those that have none."""
    start, stop = np.zeros((2, n), np.intp)
    for step in steps:
        if once and stop[step.rows].any():
            # A message that comes twice is the two merged; senders do not do that.
            raise UnusualError
        start[step.rows], stop[step.rows] = step.start, step.stop
    if n == 0:
        return Texts(np.zeros(0, np.int32), [])
    codes, firsts = distinct(data, start, stop)
    bounds = zip(start[firsts].tolist(), stop[firsts].tolist(), strict=True)
    return Texts(codes, [data.payload[a:b] for a, b in bounds])
