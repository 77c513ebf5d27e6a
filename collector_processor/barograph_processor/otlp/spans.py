"""The fields of many spans at once: by compiled code where there is any, else by numpy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import SpanIds
from barograph_processor.otlp import compiled
from barograph_processor.otlp.buffer import Buffer, Places
from barograph_processor.otlp.gathered import gather
from barograph_processor.otlp.rows import SPAN_ID_BYTES, TRACE_ID_BYTES
from barograph_processor.otlp.walk import SpanPlaces, Stretches, UnusualError, span_bounds, walk

__all__ = ["Bounds", "Spans", "bounds_of", "read_spans", "walk_spans"]

Bounds = npt.NDArray[np.intp]
"""Where each span begins and ends, shape ``(n, 2)``."""

_IDS: Final = 3
_WORDS: Final = 3
_PLACES: Final = 4


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans that have all that a span has to have.

    Attributes:
        ids: Trace and span ids, shape ``(n, 3)``.
        start_ns: Shape ``(n,)``, as it was sent.
        end_ns: The same.
        parent: Span id of each one's parent, zero for none or one of a wrong length.
        status: The messages of those that have one, each row at most once.
        name: The same of names.
        attributes: By the prefix that holds the key, as of ``gather``.
        events: Whether any span has events.
    """

    ids: SpanIds
    start_ns: npt.NDArray[np.uint64]
    end_ns: npt.NDArray[np.uint64]
    parent: npt.NDArray[np.uint64]
    status: Stretches
    name: Stretches
    attributes: Mapping[bytes, Stretches]
    events: bool

    def __len__(self) -> int:
        return len(self.ids)


def bounds_of(payload: bytes, start: int, stop: int) -> tuple[Bounds, bytes]:
    """Return where each span of a ScopeSpans begins and ends, and its schema's address.

    Raises:
        UnusualError: It is damaged, has a field of a later version, or a span of 2 MiB.
    """
    if compiled.wire is None:
        return span_bounds(payload, start, stop)
    found = compiled.wire.spans(payload, start, stop)
    if found is None:
        raise UnusualError
    bounds, url_start, url_stop = found
    return np.frombuffer(bounds, np.intp).reshape(-1, 2), payload[url_start:url_stop]


def read_spans(data: Buffer, start: Places, stop: Places) -> Spans:
    """Read the spans between ``start`` and ``stop``, both of shape ``(n,)``, ``n`` at least 1.

    Raises:
        UnusualError: A span is damaged, is of too many fields, has attributes that its
            sender dropped, repeats a key or its status, or lacks an id or a time.
    """
    if compiled.wire is None:
        return walk_spans(data, start, stop)
    n = len(start)
    ids = np.empty((n, _IDS), np.uint64)
    words = np.zeros((_WORDS, n), np.uint64)
    places = np.zeros((_PLACES, n), np.intp)
    found = compiled.wire.fields(data.payload, start, stop, ids, words, places)
    if found is None:
        raise UnusualError
    (keys, columns), events = found
    table = np.frombuffer(columns, np.intp).reshape(3, -1)
    return Spans(
        ids=ids,
        start_ns=words[0],
        end_ns=words[1],
        parent=words[2],
        status=_present(places[0], places[1]),
        name=_present(places[2], places[3]),
        attributes={prefix: Stretches(*table[:, begin:end]) for prefix, begin, end in keys},
        events=events,
    )


def walk_spans(data: Buffer, start: Places, stop: Places) -> Spans:
    """Do the same as ``read_spans``, all spans in step."""
    places = walk(data, start, stop)
    n = len(start)
    ids = np.empty((n, _IDS), np.uint64)
    ids[:, :2] = data.take(places.trace_id, TRACE_ID_BYTES).view(">u8")
    ids[:, 2:] = data.take(places.span_id, SPAN_ID_BYTES).view(">u8")
    return Spans(
        ids=ids,
        start_ns=data.take(places.start_time, 8).view("<u8")[:, 0],
        end_ns=data.take(places.end_time, 8).view("<u8")[:, 0],
        parent=_parents(data, places),
        status=_once(places.status, n),
        name=_latest(places.name, n),
        attributes=gather(data, places.attributes),
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


def _once(steps: list[Stretches], n: int) -> Stretches:
    """Return the stretches of all steps, if no row has two."""
    found = _latest(steps, n)
    if len(found.rows) < sum(len(step.rows) for step in steps):
        # A message that comes twice is the two merged; senders do not do that.
        raise UnusualError
    return found


def _latest(steps: list[Stretches], n: int) -> Stretches:
    """Return the last stretch of each row that has any."""
    start, stop = np.zeros((2, n), np.intp)
    for step in steps:
        start[step.rows], stop[step.rows] = step.start, step.stop
    return _present(start, stop)


def _present(start: Places, stop: Places) -> Stretches:
    # Zero is the place before all spans.
    rows = np.flatnonzero(start)
    return Stretches(rows, start[rows], stop[rows])
