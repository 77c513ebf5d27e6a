"""OTLP requests to columns.

Pure functions of the bytes, so that a replay of the journal sees what was seen
before. Bad items are refused one by one, in the request that carries them.

Spans are read by a fast way that knows only what is usual, and where that finds
anything else by the plain way, through the protocol's own message classes. Both
give equal answers.
"""

from collections.abc import Callable, Sequence

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from barograph_processor.observation import ObservationBatch, SpanBatch
from barograph_processor.otlp.chunks import chunks
from barograph_processor.otlp.conventions import read_event
from barograph_processor.otlp.decoded import DecodedLogs, DecodedTraces
from barograph_processor.otlp.dimensions import NOTHING, TraceDimensions
from barograph_processor.otlp.events import FactGroups
from barograph_processor.otlp.message import parsed
from barograph_processor.otlp.plain import PlainReader
from barograph_processor.otlp.rows import Ids
from barograph_processor.otlp.schema import is_newer_schema
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.tally import RejectedItemError, Tally
from barograph_processor.otlp.timestamps import MAX_NS
from barograph_processor.otlp.usual import read_usual_requests, read_usual_traces
from barograph_processor.otlp.values import attributes_of

__all__ = ["decode_logs", "decode_together", "decode_traces", "decode_traces_plainly"]


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
    relatives: list[SpanBatch] = []
    spans = 0
    for chunk in chunks(payload):
        tally.reject_oversized(chunk.oversized)
        spans += chunk.oversized
        before = spans
        usual = read_usual(chunk.payload, dimensions)
        if usual is None:
            plain = PlainReader(dimensions, tally, facts)
            spans += plain.read(chunk.payload)
            predictions.extend(plain.predictions())
            relatives.extend(plain.spans())
        else:
            spans += usual.accepted
            tally.passed_over += usual.passed_over
            predictions.extend(usual.predictions)
            relatives.extend(usual.spans)
        if chunk.lost_resource and dimensions.reads_resource:
            tally.warnings["large_resource"] += spans - before
    return DecodedTraces(
        predictions=tuple(predictions),
        spans=tuple(relatives),
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
        payloads: At least one, each no larger than ``CHUNK_BYTES``.
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


def _read_records(payload: bytes, received_ns: int, tally: Tally, facts: FactGroups) -> int:
    """Read the records of a request, and return how many there are."""
    request = parsed(ExportLogsServiceRequest(), payload)
    records = 0
    for resource_logs in request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            newer = is_newer_schema(scope_logs.schema_url or resource_logs.schema_url)
            for record in scope_logs.log_records:
                records += 1
                with tally.item():
                    _read_record(record, newer, received_ns, tally, facts)
    return records


def _read_record(
    record: LogRecord, newer: bool, received_ns: int, tally: Tally, facts: FactGroups
) -> None:
    attributes = attributes_of(record.attributes)
    name = record.event_name or attributes.get("event.name")
    if not isinstance(name, str):
        tally.passed_over += 1
        return
    ids = Ids.of(record.trace_id, record.span_id)
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
