"""Trace requests to columns, the fast way: usual spans only, and all of them at once.

Usual are single calls by our own conventions without any fault, among spans of
others. Batch calls, foreign conventions, and all that is to be warned about or
refused is unusual: then nothing is returned, and the plain way reads the request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from barograph_processor import semconv
from barograph_processor.exceptions import UndecodableError
from barograph_processor.observation import TRACE_PREFIX, SpanIds
from barograph_processor.otlp.assembly import Assembly
from barograph_processor.otlp.attribute_values import cells_of, key_of, numbers_of, prefix_of
from barograph_processor.otlp.buffer import Buffer
from barograph_processor.otlp.chunks import RESOURCES, SCHEMA_URL, SCOPES, fields, last
from barograph_processor.otlp.conventions.barograph import place_of
from barograph_processor.otlp.decoded import DecodedTraces
from barograph_processor.otlp.dimensions import LATENCY, NOTHING, TraceDimensions
from barograph_processor.otlp.distinct import distinct
from barograph_processor.otlp.lineage import Lineage
from barograph_processor.otlp.parts import NamePart, NumberPart, Part
from barograph_processor.otlp.resources import Resources
from barograph_processor.otlp.rows import Field, Role
from barograph_processor.otlp.schema import is_newer_schema
from barograph_processor.otlp.spans import Bounds, Spans, bounds_of, read_spans
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.timestamps import MAX_NS
from barograph_processor.otlp.values import Cell, text_of
from barograph_processor.otlp.walk import Stretches, UnusualError
from barograph_processor.stats.duration import DURATION_LEVELS, duration_codes

__all__ = ["read_usual_requests", "read_usual_traces"]

_ROLES: Final = {
    semconv.PREDICTION_VALUE: Field(Role.VALUE),
    semconv.PREDICTION_LABEL: Field(Role.LABEL),
    semconv.PREDICTION_CONFIDENCE: Field(Role.CONFIDENCE),
    semconv.REVIEW_PROPENSITY: Field(Role.PROPENSITY),
}
_SHARED: Final = (
    semconv.MODEL_NAME,
    semconv.MODEL_VERSION,
    semconv.TASK,
    semconv.POSITIVE,
    semconv.THRESHOLD,
    semconv.PREDICTION_ID,
    semconv.EVENT_TIME,
    semconv.SAMPLE_RATE,
)
# Spans that other conventions may know or name, and events inside of spans that are late facts.
_FOREIGN: Final = (
    "gen_ai.operation.name",
    "gen_ai.system",
    "openinference.span.kind",
    semconv.RESPONSE_ID,
)
_EVALUATION: Final = semconv.EVENT_EVALUATION.encode()


def read_usual_traces(
    payload: bytes, dimensions: TraceDimensions = NOTHING
) -> DecodedTraces | None:
    """Read an ExportTraceServiceRequest if all in it is usual, else return None.

    Equal to what the plain way reads, up to the order of a column's levels.
    """
    found = read_usual_requests([payload], dimensions)
    return None if found is None else found[0]


def read_usual_requests(
    payloads: Sequence[bytes], dimensions: TraceDimensions = NOTHING
) -> list[DecodedTraces] | None:
    """Read requests together if all in all of them is usual, else return None.

    What is read of each is what is read of it alone. Together it costs less: each
    step is one for the spans of all of them.
    """
    lineage = None
    try:
        # Each frame by itself: what lacks an end must not find it in the next request.
        resources = Resources(dimensions)
        bounds = [_bounds(payload, resources) for payload in payloads]
        rows = np.cumsum([0, *map(len, bounds)]).tolist()
        if rows[-1] == 0:
            return [DecodedTraces() for _ in payloads]
        offsets = np.cumsum([0, *map(len, payloads)]).tolist()
        data = Buffer(b"".join(payloads))
        ends = np.concatenate([b + at for b, at in zip(bounds, offsets, strict=False)])
        spans = read_spans(data, *np.ascontiguousarray(ends.T))
        if spans.events and _EVALUATION in data.payload:
            return None
        frame = _Frame.of(data, spans)
        trace = _trace(dimensions, data, frame, spans.attributes, resources)
        table = _assemble(data, frame, spans.attributes, trace)
        if dimensions.spans:
            lineage = Lineage(data, spans, frame.duration_ns, table)
    except (UnusualError, UndecodableError):
        return None
    if len(payloads) == 1:
        return [_decoded(table, lineage, 0, len(table))]
    if not table.is_dense(max(np.diff(rows).tolist())):
        # Alone, one of them might be mostly gaps.
        return None
    return [_decoded(table.between(a, b), lineage, a, b) for a, b in pairwise(rows)]


def _decoded(table: Table, lineage: Lineage | None, start: int, stop: int) -> DecodedTraces:
    taken = len(table.rows)
    return DecodedTraces(
        predictions=(table,) if taken else (),
        accepted=len(table),
        passed_over=len(table) - taken,
        spans=() if lineage is None else lineage.between(start, stop),
    )


def _bounds(payload: bytes, resources: Resources) -> Bounds:
    """Return where each span begins and ends, and note whose they are."""
    found = [np.zeros((0, 2), np.intp)]
    for resource in fields(payload, 0, len(payload), RESOURCES):
        rows = 0
        resource_url = last(payload, *resource, SCHEMA_URL)
        for scope in fields(payload, *resource, SCOPES):
            bounds, url = bounds_of(payload, *scope)
            if is_newer_schema((url or resource_url).decode(errors="replace")):
                raise UnusualError
            found.append(bounds)
            rows += len(bounds)
        resources.note(payload, *resource, rows)
    return np.concatenate(found)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What every span has, one a row."""

    ids: SpanIds
    start_ns: npt.NDArray[np.int64]
    duration_ns: npt.NDArray[np.uint64]
    failed: npt.NDArray[np.bool_]

    @property
    def latency(self) -> npt.NDArray[np.float64]:
        """How long each took, seconds."""
        return self.duration_ns.astype(np.float64) / 1e9

    @classmethod
    def of(cls, data: Buffer, spans: Spans) -> "_Frame":
        ids, start, end = spans.ids, spans.start_ns, spans.end_ns
        sound = (ids[:, 0] | ids[:, 1]).all() and ids[:, 2].all()
        if not (sound and (start <= end).all() and (end <= MAX_NS).all()):
            raise UnusualError
        return cls(
            ids=ids,
            start_ns=start.astype(np.int64),
            duration_ns=end - start,
            failed=_failed(data, spans),
        )


def _failed(data: Buffer, spans: Spans) -> npt.NDArray[np.bool_]:
    failed = np.zeros(len(spans), np.bool_)
    rows, start, stop = spans.status
    if len(rows):
        codes, firsts = distinct(data, start, stop)
        errors = [
            _is_error(data.payload[a:b])
            for a, b in zip(start[firsts].tolist(), stop[firsts].tolist(), strict=True)
        ]
        failed[rows] = np.array(errors, np.bool_)[codes]
    return failed


def _is_error(status: bytes) -> bool:
    try:
        return Status.FromString(status).code == Status.STATUS_CODE_ERROR
    except DecodeError:
        raise UnusualError from None


def _trace(
    dimensions: TraceDimensions,
    data: Buffer,
    frame: _Frame,
    columns: Mapping[bytes, Stretches],
    resources: Resources,
) -> Mapping[str, NamePart]:
    """Return the dimensions that come from the trace."""
    found = resources.levels()
    for key in dimensions.attributes:
        own = columns.get(prefix_of(key))
        if own is not None:
            codes, cells = cells_of(data, own)
            part = NamePart.of(own.rows, codes, [text_of(cell) for cell in cells])
            found[TRACE_PREFIX + key] = part.over(found.get(TRACE_PREFIX + key))
    if dimensions.latency:
        rows = np.arange(len(frame.ids))
        found[LATENCY] = NamePart(rows, duration_codes(frame.latency), DURATION_LEVELS)
    return found


def _assemble(
    data: Buffer,
    frame: _Frame,
    columns: Mapping[bytes, Stretches],
    trace: Mapping[str, NamePart],
) -> Table:
    parts: dict[Field, list[Part]] = {}
    shared: dict[str, NamePart | NumberPart] = {}
    for prefix, column in columns.items():
        key, place = _meaning(prefix)
        if key == semconv.BATCH_SIZE or key in _FOREIGN:
            raise UnusualError
        if key in _SHARED:
            shared[key] = _shared_part(key, data, column)
        elif place is not None:
            parts.setdefault(place, []).extend(_parts(place, data, column))
    parts |= {Field(Role.TRACE, name): [part] for name, part in trace.items() if len(part.rows)}
    return Assembly(frame.ids, frame.start_ns, frame.latency, frame.failed, shared, parts).table()


@lru_cache(maxsize=8192)
def _meaning(prefix: bytes) -> tuple[str, Field | None]:
    """Return a prefix's key, and the column that it fills if it does."""
    key = key_of(prefix)
    return key, _ROLES.get(key) or place_of(key)


def _shared_part(key: str, data: Buffer, column: Stretches) -> NamePart | NumberPart:
    codes, cells = cells_of(data, column)
    if key in (semconv.THRESHOLD, semconv.SAMPLE_RATE):
        return NumberPart(column.rows, _plain_numbers(cells)[codes])
    if key == semconv.EVENT_TIME:
        return NumberPart.of_times(column.rows, codes, cells)
    return NamePart.of(column.rows, codes, [text_of(cell) for cell in cells])


def _parts(place: Field, data: Buffer, column: Stretches) -> list[Part]:
    """Read a column as numbers, as names, or as some of both."""
    if place.role not in (Role.LABEL, Role.SLICE):
        values = numbers_of(data, column)
        if values is not None:
            return [NumberPart(column.rows, values)]
    codes, cells = cells_of(data, column)
    if place.role in (Role.LABEL, Role.SLICE):
        return [NamePart.of(column.rows, codes, [text_of(cell) for cell in cells])]
    if place.role not in (Role.INPUT, Role.OUTPUT):
        return [NumberPart(column.rows, _plain_numbers(cells)[codes])]
    is_number = np.array([_is_number(cell) for cell in cells], np.bool_)
    if is_number.all():
        return [NumberPart(column.rows, np.array(cells, np.float64)[codes])]
    if any(cell is None for cell in cells):
        raise UnusualError
    found: list[Part] = []
    rows = column.rows
    if is_number.any():
        numeric = is_number[codes]
        values = np.array([cell if _is_number(cell) else np.nan for cell in cells], np.float64)
        found.append(NumberPart(rows[numeric], values[codes[numeric]]))
        rows, codes = rows[~numeric], codes[~numeric]
    texts = [None if _is_number(cell) else text_of(cell) for cell in cells]
    found.append(NamePart.of(rows, codes, texts))
    return found


def _plain_numbers(cells: Sequence[Cell]) -> npt.NDArray[np.float64]:
    if not all(_is_number(cell) for cell in cells):
        raise UnusualError
    return np.array(cells, np.float64)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)
