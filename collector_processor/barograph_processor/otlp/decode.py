"""OTLP requests to columns.

Pure functions of the bytes, so that a replay of the journal sees what was seen
before. Bad items are refused one by one, in the request that carries them.

Spans are read by a fast way that knows only what is usual, and where that finds
anything else by the plain way, through the protocol's own message classes. Both
give equal answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from barograph_processor.exceptions import UndecodableError
from barograph_processor.observation import ObservationBatch
from barograph_processor.otlp.chunks import chunks
from barograph_processor.otlp.columns import RowGroups
from barograph_processor.otlp.conventions import (
    barograph,
    gen_ai,
    openinference,
    read_annotations,
    read_event,
)
from barograph_processor.otlp.decoded import DecodedLogs, DecodedTraces
from barograph_processor.otlp.dimensions import NOTHING, TraceDimensions
from barograph_processor.otlp.events import FactGroups
from barograph_processor.otlp.rows import Ids, SpanFacts
from barograph_processor.otlp.schema import is_newer_schema
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.tally import RejectedItemError, Tally
from barograph_processor.otlp.timestamps import MAX_NS
from barograph_processor.otlp.usual import read_usual_requests, read_usual_traces
from barograph_processor.otlp.values import attributes_of

__all__ = ["decode_logs", "decode_together", "decode_traces", "decode_traces_plainly"]

_CONVENTIONS: Final = (barograph.read_span, gen_ai.read_span, openinference.read_span)
_TRACE_ID_BYTES: Final = 16
_SPAN_ID_BYTES: Final = 8
_HALF: Final = 8

_Request = TypeVar("_Request", bound=Message)


def decode_traces(payload: bytes, dimensions: TraceDimensions = NOTHING) -> DecodedTraces:
    """Read an ExportTraceServiceRequest.

    Of spans that are none of ours only the frame is read.

    Args:
        payload: The message.
        dimensions: What of the trace is read beside the predictions.

    Raises:
        UndecodableError: The bytes are no such message.
    """
    return _decode_traces(payload, dimensions, read_usual_traces)


def decode_traces_plainly(payload: bytes, dimensions: TraceDimensions = NOTHING) -> DecodedTraces:
    """Read an ExportTraceServiceRequest, span by span; else as ``decode_traces``.

    Raises:
        UndecodableError: The bytes are no such message.
    """
    return _decode_traces(payload, dimensions, lambda *_: None)


def _decode_traces(
    payload: bytes,
    dimensions: TraceDimensions,
    read_usual: Callable[[bytes, TraceDimensions], DecodedTraces | None],
) -> DecodedTraces:
    tally, facts = Tally(), FactGroups()
    predictions: list[Table | ObservationBatch] = []
    spans = 0
    for chunk in chunks(payload):
        tally.reject_oversized(chunk.oversized)
        spans += chunk.oversized
        before = spans
        usual = read_usual(chunk.payload, dimensions)
        if usual is None:
            reading = _Reading(dimensions, tally, RowGroups(), facts)
            spans += reading.read(chunk.payload)
            predictions.extend(reading.groups.batches(tally))
        else:
            spans += usual.accepted
            tally.passed_over += usual.passed_over
            predictions.extend(usual.predictions)
        if chunk.lost_resource and dimensions.reads_resource:
            tally.warnings["large_resource"] += spans - before
    return DecodedTraces(
        predictions=tuple(predictions),
        events=facts.batches(),
        accepted=spans - tally.rejected,
        rejected=tally.rejected,
        message=tally.message("span"),
        warnings=tally.warnings,
        rejections=tally.rejections,
        passed_over=tally.passed_over,
    )


def decode_together(
    payloads: Sequence[bytes], dimensions: TraceDimensions = NOTHING
) -> list[DecodedTraces] | None:
    """Read requests of spans together, if that makes no difference to any of them.

    Args:
        payloads: At least one, together no larger than ``CHUNK_BYTES``.
        dimensions: As for ``decode_traces``.

    Returns:
        What ``decode_traces`` returns for each; None if they are to be read one by one.
    """
    return read_usual_requests(payloads, dimensions)


def decode_logs(payload: bytes, *, received_ns: int = 0) -> DecodedLogs:
    """Read an ExportLogsServiceRequest.

    Args:
        payload: The message.
        received_ns: When it came, ns since the epoch, for records that say no time.

    Raises:
        UndecodableError: The bytes are no such message.
    """
    tally, facts = Tally(), FactGroups()
    records = 0
    for chunk in chunks(payload):
        tally.reject_oversized(chunk.oversized)
        records += chunk.oversized + _read_records(chunk.payload, received_ns, tally, facts)
    return DecodedLogs(
        events=facts.batches(),
        accepted=records - tally.rejected,
        rejected=tally.rejected,
        message=tally.message("log record"),
        warnings=tally.warnings,
        rejections=tally.rejections,
        passed_over=tally.passed_over,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """A request's spans, read one by one, and where what they hold goes."""

    dimensions: TraceDimensions
    tally: Tally
    groups: RowGroups
    facts: FactGroups

    def read(self, payload: bytes) -> int:
        """Read the spans of a request, and return how many there are."""
        request = _parse(ExportTraceServiceRequest(), payload)
        spans = 0
        for resource_spans in request.resource_spans:
            levels: Mapping[str, str] = {}
            if self.dimensions.reads_resource:
                encoded = resource_spans.resource.SerializeToString()
                levels = self.dimensions.of_resource(encoded)
            for scope_spans in resource_spans.scope_spans:
                newer = is_newer_schema(scope_spans.schema_url or resource_spans.schema_url)
                for span in scope_spans.spans:
                    spans += 1
                    try:
                        self._read_span(span, levels, newer=newer)
                    except RejectedItemError as error:
                        self.tally.reject_item(error.reason)
                    else:
                        self.tally.close_item()
        return spans

    def _read_span(self, span: Span, resource: Mapping[str, str], *, newer: bool) -> None:
        tally = self.tally
        ids = _ids(span.trace_id, span.span_id)
        if not (ids.span and (ids.trace_high or ids.trace_low)):
            raise RejectedItemError("invalid_id")
        if not span.start_time_unix_nano <= span.end_time_unix_nano <= MAX_NS:
            raise RejectedItemError("invalid_times")
        view = SpanFacts(
            ids=ids,
            start_ns=span.start_time_unix_nano,
            end_ns=span.end_time_unix_nano,
            failed=span.status.code == Status.STATUS_CODE_ERROR,
            attributes=attributes_of(span.attributes),
        )
        rows = None
        for read in _CONVENTIONS:
            rows = read(view, tally)
            if rows is not None:
                break
        ours = [
            fact
            for event in span.events
            if (
                fact := read_event(
                    event.name,
                    attributes_of(event.attributes),
                    ids=ids,
                    time_ns=min(event.time_unix_nano, MAX_NS) or span.end_time_unix_nano,
                    tally=tally,
                )
            )
        ]
        ours += read_annotations(
            view.attributes,
            own=None if rows is None else ids,
            linked=[_ids(link.trace_id, link.span_id) for link in span.links[:1]],
            time_ns=view.end_ns,
            tally=tally,
        )
        if rows is None and not ours:
            tally.passed_over += 1
            return
        if span.dropped_attributes_count:
            tally.warn("truncated")
        if newer:
            tally.warn("newer_schema")
        # Nothing is added before all of the span is read: a refused span leaves no part behind.
        if rows is not None:
            self.groups.add(replace(rows, trace=self.dimensions.of_span(view, resource)))
        for fact in ours:
            self.facts.add(fact)


def _read_records(payload: bytes, received_ns: int, tally: Tally, facts: FactGroups) -> int:
    """Read the records of a request, and return how many there are."""
    request = _parse(ExportLogsServiceRequest(), payload)
    records = 0
    for resource_logs in request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            newer = is_newer_schema(scope_logs.schema_url or resource_logs.schema_url)
            for record in scope_logs.log_records:
                records += 1
                try:
                    _read_record(record, newer, received_ns, tally, facts)
                except RejectedItemError as error:
                    tally.reject_item(error.reason)
                else:
                    tally.close_item()
    return records


def _read_record(
    record: LogRecord, newer: bool, received_ns: int, tally: Tally, facts: FactGroups
) -> None:
    attributes = attributes_of(record.attributes)
    name = record.event_name or attributes.get("event.name")
    if not isinstance(name, str):
        tally.passed_over += 1
        return
    ids = _ids(record.trace_id, record.span_id)
    time_ns = record.time_unix_nano or record.observed_time_unix_nano or received_ns
    if time_ns > MAX_NS:
        raise RejectedItemError("invalid_times")
    fact = read_event(name, attributes, ids=ids, time_ns=time_ns, tally=tally)
    if fact is None:
        tally.passed_over += 1
        return
    if record.dropped_attributes_count:
        tally.warn("truncated")
    if newer:
        tally.warn("newer_schema")
    facts.add(fact)


def _ids(trace_id: bytes, span_id: bytes) -> Ids:
    """Return ids as words; absent ones, of no bytes, are zeros."""
    if len(trace_id) not in (0, _TRACE_ID_BYTES) or len(span_id) not in (0, _SPAN_ID_BYTES):
        raise RejectedItemError("invalid_id")
    return Ids(
        int.from_bytes(trace_id[:_HALF]),
        int.from_bytes(trace_id[_HALF:]),
        int.from_bytes(span_id),
    )


def _parse(message: _Request, payload: bytes) -> _Request:
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise UndecodableError(f"not an OTLP request: {error}") from error
    return message
