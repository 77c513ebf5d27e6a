"""Trace requests to columns, the plain way: span by span, whatever they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from barograph_processor.observation import ObservationBatch, SpanBatch
from barograph_processor.otlp.columns import RowGroups
from barograph_processor.otlp.conventions import (
    barograph,
    gen_ai,
    openinference,
    read_annotations,
    read_event,
)
from barograph_processor.otlp.dimensions import TraceDimensions
from barograph_processor.otlp.events import FactGroups
from barograph_processor.otlp.message import parsed
from barograph_processor.otlp.relatives import Relatives
from barograph_processor.otlp.rows import Ids, SpanFacts, SpanRows
from barograph_processor.otlp.schema import is_newer_schema
from barograph_processor.otlp.tally import RejectedItemError, Tally
from barograph_processor.otlp.timestamps import MAX_NS
from barograph_processor.otlp.values import attributes_of, text_of
from barograph_processor.semconv import RESPONSE_ID

__all__ = ["PlainReader"]

_CONVENTIONS: Final = (barograph.read_span, gen_ai.read_span, openinference.read_span)


class PlainReader:
    """Reads the spans of a request one by one. Not locked; of one thread.

    Args:
        dimensions: What of the trace is read beside the predictions.
        tally: Where refused spans and warnings are counted.
        facts: Where late facts go.
    """

    def __init__(self, dimensions: TraceDimensions, tally: Tally, facts: FactGroups) -> None:
        self._dimensions = dimensions
        self._tally = tally
        self._facts = facts
        self._groups = RowGroups()
        self._relatives = Relatives()

    def read(self, payload: bytes) -> int:
        """Read the spans of a request, and return how many there are."""
        request = parsed(ExportTraceServiceRequest(), payload)
        spans = 0
        for resource_spans in request.resource_spans:
            levels: Mapping[str, str] = {}
            if self._dimensions.reads_resource:
                encoded = resource_spans.resource.SerializeToString()
                levels = self._dimensions.of_resource(encoded)
            for scope_spans in resource_spans.scope_spans:
                newer = is_newer_schema(scope_spans.schema_url or resource_spans.schema_url)
                for span in scope_spans.spans:
                    spans += 1
                    with self._tally.item():
                        self._read_span(span, levels, newer=newer)
        return spans

    def _read_span(self, span: Span, resource: Mapping[str, str], *, newer: bool) -> None:
        tally = self._tally
        ids = Ids.of(span.trace_id, span.span_id)
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
            for event in span.events[: tally.events(len(span.events))]
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
            linked=[Ids.of(link.trace_id, link.span_id) for link in span.links[:1]],
            time_ns=view.end_ns,
            tally=tally,
        )
        self._note(span, view, rows)
        if rows is None and not ours:
            tally.passed_over += 1
            return
        if span.dropped_attributes_count:
            tally.warn("truncated")
        if newer:
            tally.warn("newer_schema")
        # Nothing is added before all of the span is read: a refused span leaves no part behind.
        if rows is not None:
            self._groups.add(
                replace(
                    rows,
                    trace=self._dimensions.of_span(view, resource),
                    response_id=_response_id(view) if len(rows) == 1 else None,
                )
            )
        for fact in ours:
            self._facts.add(fact)

    def predictions(self) -> Sequence[ObservationBatch]:
        """Return what was read, a batch for each model, task and options."""
        return self._groups.batches(self._tally)

    def spans(self) -> Sequence[SpanBatch]:
        """Return who was called by whom, in a batch if there is anybody."""
        return self._relatives.batches()

    def _note(self, span: Span, view: SpanFacts, rows: SpanRows | None) -> None:
        if self._dimensions.spans:
            self._relatives.add(view, span.name, span.parent_span_id, rows)


def _response_id(view: SpanFacts) -> str | None:
    """Return what the provider calls its response, by whatever convention the span is read."""
    value = view.attributes.get(RESPONSE_ID)
    return text_of(value) if isinstance(value, str) else None
