"""Trace requests to columns, the fast way: usual spans only, and all of them at once.

Usual are single calls by our own conventions without any fault, among spans of
others. Batch calls, foreign conventions, and all that is to be warned about or
refused is unusual: then nothing is returned, and the plain way reads the request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Final

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from barograph_processor import semconv
from barograph_processor.observation import SpanIds
from barograph_processor.otlp.assembly import Assembly
from barograph_processor.otlp.attribute_bytes import (
    OtherKeyError,
    UnusualError,
    distinct,
    doubles,
    key_of,
)
from barograph_processor.otlp.conventions.barograph import MAX_COLUMNS, place_of
from barograph_processor.otlp.decoded import DecodedTraces
from barograph_processor.otlp.gathered import Gathered, gather_alike, gather_ragged
from barograph_processor.otlp.parts import NamePart, NumberPart, Part
from barograph_processor.otlp.rows import Field, Role
from barograph_processor.otlp.schema import is_newer_schema
from barograph_processor.otlp.timestamps import MAX_NS
from barograph_processor.otlp.trimmed import TrimmedRequest, TrimmedSpan, parse_trimmed
from barograph_processor.otlp.values import Cell, text_of

__all__ = ["read_usual_traces"]

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
# Spans that other conventions may know, and events inside of spans that are late facts.
_FOREIGN: Final = ("gen_ai.operation.name", "openinference.span.kind")
_EVALUATION: Final = semconv.EVENT_EVALUATION.encode()
_TRACE_ID_BYTES: Final = 16
_SPAN_ID_BYTES: Final = 8
_OK: Final[dict[bytes, bool]] = {b"": False}


def read_usual_traces(payload: bytes) -> DecodedTraces | None:
    """Read an ExportTraceServiceRequest if all in it is usual, else return None.

    Equal to what the plain way reads, up to the order of a column's levels.
    """
    try:
        spans = _spans(parse_trimmed(payload))
        if not spans:
            return DecodedTraces()
        if any(map(attrgetter("events"), spans)) and _EVALUATION in payload:
            return None
        return _read(_Frame.of(spans), list(map(attrgetter("attributes"), spans)))
    except (UnusualError, DecodeError):
        return None


def _spans(request: TrimmedRequest) -> list[TrimmedSpan]:
    spans: list[TrimmedSpan] = []
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            if is_newer_schema(scope_spans.schema_url or resource_spans.schema_url):
                raise UnusualError
            spans.extend(scope_spans.spans)
    return spans


@dataclass(frozen=True, slots=True)
class _Frame:
    """What every span has, one a row."""

    ids: SpanIds
    start_ns: npt.NDArray[np.int64]
    latency: npt.NDArray[np.float64]
    failed: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, spans: Sequence[TrimmedSpan]) -> "_Frame":
        rows = len(spans)
        # attrgetter and map: this runs for every span, and a generator costs as much again.
        trace_ids = list(map(attrgetter("trace_id"), spans))
        span_ids = list(map(attrgetter("span_id"), spans))
        if set(map(len, trace_ids)) != {_TRACE_ID_BYTES}:
            raise UnusualError
        if set(map(len, span_ids)) != {_SPAN_ID_BYTES}:
            raise UnusualError
        ids = np.empty((rows, 3), np.uint64)
        ids[:, :2] = np.frombuffer(b"".join(trace_ids), ">u8").reshape(rows, 2)
        ids[:, 2] = np.frombuffer(b"".join(span_ids), ">u8")
        start = np.fromiter(map(attrgetter("start_time_unix_nano"), spans), np.uint64, rows)
        end = np.fromiter(map(attrgetter("end_time_unix_nano"), spans), np.uint64, rows)
        sound = (ids[:, 0] | ids[:, 1]).all() and ids[:, 2].all()
        if not (sound and (start <= end).all() and (end <= MAX_NS).all()):
            raise UnusualError
        if any(map(attrgetter("dropped_attributes_count"), spans)):
            raise UnusualError
        return cls(
            ids=ids,
            start_ns=start.astype(np.int64),
            latency=(end - start).astype(np.float64) / 1e9,
            failed=_failed(list(map(attrgetter("status"), spans))),
        )


def _failed(statuses: Sequence[bytes]) -> npt.NDArray[np.bool_]:
    known = _OK | {
        status: Status.FromString(status).code == Status.STATUS_CODE_ERROR
        for status in set(statuses)
        if status
    }
    return np.fromiter(map(known.__getitem__, statuses), np.bool_, len(statuses))


def _read(frame: _Frame, spans: Sequence[Sequence[bytes]]) -> DecodedTraces:
    if max(map(len, spans)) > MAX_COLUMNS:
        raise UnusualError
    try:
        alike = gather_alike(spans)
        if alike is not None:
            return _assemble(frame, alike)
    except OtherKeyError:
        # As many attributes, but not the same: only now it is known.
        pass
    return _assemble(frame, gather_ragged(spans))


def _assemble(frame: _Frame, columns: Mapping[bytes, Gathered]) -> DecodedTraces:
    parts: dict[Field, list[Part]] = {}
    shared: dict[str, NamePart | NumberPart] = {}
    for prefix, column in columns.items():
        key, place = _meaning(prefix)
        if key == semconv.BATCH_SIZE or key in _FOREIGN:
            raise UnusualError
        if key in _SHARED:
            shared[key] = _shared_part(key, prefix, column)
        elif place is not None:
            parts.setdefault(place, []).extend(_parts(place, prefix, column))
        else:
            _check_key(prefix, column)
    assembly = Assembly(frame.ids, frame.start_ns, frame.latency, frame.failed, shared, parts)
    batches = assembly.batches()
    rows = len(frame.ids)
    return DecodedTraces(
        batches=batches,
        accepted=rows,
        passed_over=rows - sum(map(len, batches)),
    )


@lru_cache(maxsize=8192)
def _meaning(prefix: bytes) -> tuple[str, Field | None]:
    """Return a prefix's key, and the column that it fills if it does."""
    key = key_of(prefix)
    return key, _ROLES.get(key) or place_of(key)


def _check_key(prefix: bytes, column: Gathered) -> None:
    if not all(attribute.startswith(prefix) for attribute in column.attributes):
        raise OtherKeyError


def _shared_part(key: str, prefix: bytes, column: Gathered) -> NamePart | NumberPart:
    codes, cells = distinct(column.attributes, prefix)
    if key in (semconv.THRESHOLD, semconv.SAMPLE_RATE):
        return NumberPart(column.rows, _plain_numbers(cells)[codes])
    if key == semconv.EVENT_TIME:
        return NumberPart.of_times(column.rows, codes, cells)
    return NamePart.of(column.rows, codes, [text_of(cell) for cell in cells])


def _parts(place: Field, prefix: bytes, column: Gathered) -> list[Part]:
    """Read a column as numbers, as names, or as some of both."""
    if place.role not in (Role.LABEL, Role.SLICE):
        values = doubles(column.attributes, prefix)
        if values is not None:
            return [NumberPart(column.rows, values)]
    codes, cells = distinct(column.attributes, prefix)
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
    if is_number.any():
        numeric = is_number[codes]
        values = np.array([cell if _is_number(cell) else np.nan for cell in cells], np.float64)
        found.append(NumberPart(column.rows[numeric], values[codes[numeric]]))
        column = Gathered((), column.rows[~numeric])
        codes = codes[~numeric]
    texts = [None if _is_number(cell) else text_of(cell) for cell in cells]
    found.append(NamePart.of(column.rows, codes, texts))
    return found


def _plain_numbers(cells: Sequence[Cell]) -> npt.NDArray[np.float64]:
    if not all(_is_number(cell) for cell in cells):
        raise UnusualError
    return np.array(cells, np.float64)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)
