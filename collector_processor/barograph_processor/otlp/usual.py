"""Trace requests to columns, the fast way: usual spans only, and all of them at once.

Usual are single calls by our own conventions without any fault, among spans of
others. Batch calls, foreign conventions, and all that is to be warned about or
refused is unusual: then nothing is returned, and the plain way reads the request.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate, pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from barograph_processor import semconv
from barograph_processor.exceptions import UndecodableError
from barograph_processor.observation import TRACE_PREFIX
from barograph_processor.otlp.assembly import Assembly
from barograph_processor.otlp.attribute_values import key_of, prefix_of
from barograph_processor.otlp.compiled import read_spans
from barograph_processor.otlp.conventions.barograph import place_of
from barograph_processor.otlp.decoded import DecodedTraces
from barograph_processor.otlp.dimensions import LATENCY, NOTHING, TraceDimensions
from barograph_processor.otlp.lineage import Lineage
from barograph_processor.otlp.parts import NamePart, NumberPart, Part, part_places
from barograph_processor.otlp.resources import resource_levels
from barograph_processor.otlp.rows import Field, Role
from barograph_processor.otlp.schema import is_newer_schema
from barograph_processor.otlp.spans import Cells, Column, Spans, Way
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.values import Cell, is_number, text_of
from barograph_processor.otlp.walk import UnusualError
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
_NAMED: Final = (Role.LABEL, Role.SLICE)
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
        spans = read_spans(payloads, partial(_way, dimensions.attributes))
        _check_frame(payloads, spans)
        if not len(spans):
            return [DecodedTraces() for _ in payloads]
        latency = spans.duration_ns.astype(np.float64) / 1e9
        parts, shared = _columns(spans)
        for name, part in _trace(dimensions, spans, latency).items():
            if part.size:
                parts[Field(Role.TRACE, name)] = [part]
        failed = _failed(spans)
        table = Assembly(spans.ids, spans.start_ns, latency, failed, shared, parts).table()
        if dimensions.spans:
            lineage = Lineage(spans, table)
    except (UnusualError, UndecodableError):
        return None
    if len(payloads) == 1:
        return [_decoded(table, lineage, 0, len(table))]
    if not table.is_dense(max(spans.counts)):
        # Alone, one of them might be mostly gaps.
        return None
    ends = accumulate(spans.counts, initial=0)
    return [_decoded(table.between(a, b), lineage, a, b) for a, b in pairwise(ends)]


def _check_frame(payloads: Sequence[bytes], spans: Spans) -> None:
    """Refuse conventions of a later version, and events that may be late facts."""
    newer = any(is_newer_schema(url.decode(errors="replace")) for url in set(spans.urls))
    if newer or (spans.events and any(_EVALUATION in payload for payload in payloads)):
        raise UnusualError


def _decoded(table: Table, lineage: Lineage | None, start: int, stop: int) -> DecodedTraces:
    taken = len(table.rows)
    return DecodedTraces(
        predictions=(table,) if taken else (),
        accepted=len(table),
        passed_over=len(table) - taken,
        spans=() if lineage is None else lineage.between(start, stop),
    )


def _failed(spans: Spans) -> npt.NDArray[np.bool_]:
    codes, texts = spans.status
    errors = [_is_error(text) for text in texts]
    return np.array(errors, np.bool_)[codes] if any(errors) else np.zeros(len(codes), np.bool_)


def _is_error(status: bytes) -> bool:
    try:
        return Status.FromString(status).code == Status.STATUS_CODE_ERROR
    except DecodeError:
        raise UnusualError from None


def _trace(
    dimensions: TraceDimensions, spans: Spans, latency: npt.NDArray[np.float64]
) -> Mapping[str, NamePart]:
    """Return the dimensions that come from the trace."""
    found = resource_levels(spans.resources, dimensions) if dimensions.reads_resource else {}
    for key in dimensions.attributes:
        own = spans.columns.get(prefix_of(key))
        if isinstance(own, Cells):
            found[TRACE_PREFIX + key] = _names(own).over(found.get(TRACE_PREFIX + key))
    if dimensions.latency:
        found[LATENCY] = NamePart(None, duration_codes(latency), DURATION_LEVELS)
    return found


def _columns(spans: Spans) -> tuple[dict[Field, list[Part]], dict[str, Part]]:
    """Return inputs, outputs, slices and predictions by place, and what rows share by key."""
    parts: dict[Field, list[Part]] = {}
    shared: dict[str, Part] = {}
    for prefix, column in spans.columns.items():
        key, place = _meaning(prefix)
        if key in _SHARED and isinstance(column, Cells):
            shared[key] = _shared_part(key, column)
        elif place is not None:
            parts.setdefault(place, []).extend(_parts(place, column))
    return parts, shared


@lru_cache(maxsize=8192)
def _way(others: tuple[str, ...], prefix: bytes) -> Way:
    """Return what is made of the values of a prefix's key, where others are dimensions too."""
    key, place = _meaning(prefix)
    if key == semconv.BATCH_SIZE or key in _FOREIGN:
        raise UnusualError
    if key in _SHARED or key in others or (place is not None and place.role in _NAMED):
        return Way.CELLS
    return Way.PASS_OVER if place is None else Way.NUMBERS


@lru_cache(maxsize=8192)
def _meaning(prefix: bytes) -> tuple[str, Field | None]:
    """Return a prefix's key, and the column that it fills if it does."""
    key = key_of(prefix)
    return key, _ROLES.get(key) or place_of(key)


def _shared_part(key: str, column: Cells) -> Part:
    rows, codes, cells = column
    if key in (semconv.THRESHOLD, semconv.SAMPLE_RATE):
        return NumberPart(rows, _plain_numbers(cells)[codes])
    if key == semconv.EVENT_TIME:
        return NumberPart.of_times(rows, codes, cells)
    return _names(column)


def _names(column: Cells) -> NamePart:
    rows, codes, cells = column
    return NamePart.of(rows, codes, [text_of(cell) for cell in cells])


def _parts(place: Field, column: Column) -> list[Part]:
    """Return a column as numbers, as names, or as some of both."""
    if isinstance(column, NumberPart):
        return [column]
    if place.role in _NAMED:
        return [_names(column)]
    rows, codes, cells = column
    if place.role not in (Role.INPUT, Role.OUTPUT):
        return [NumberPart(rows, _plain_numbers(cells)[codes])]
    numeric = [is_number(cell) for cell in cells]
    if all(numeric):
        return [NumberPart(rows, np.array(cells, np.float64)[codes])]
    if None in cells:
        raise UnusualError
    if not any(numeric):
        return [_names(column)]
    places, mine = part_places(NamePart(rows, codes, ())), np.array(numeric)[codes]
    values = np.array([cell if is_number(cell) else np.nan for cell in cells], np.float64)
    texts = [None if is_number(cell) else text_of(cell) for cell in cells]
    return [
        NumberPart(places[mine], values[codes[mine]]),
        NamePart.of(places[~mine], codes[~mine], texts),
    ]


def _plain_numbers(cells: Sequence[Cell]) -> npt.NDArray[np.float64]:
    if not all(is_number(cell) for cell in cells):
        raise UnusualError
    return np.array(cells, np.float64)
