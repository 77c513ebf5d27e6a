"""The queue as processors of the official SDK: one for spans, one for late facts."""

from opentelemetry.context import Context
from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from barograph.export_queue import ExportQueue, OnFull, QueueLimits

__all__ = ["FactProcessor", "PredictionProcessor"]

_SHUTDOWN_SECONDS = 30.0


class PredictionProcessor(SpanProcessor):
    """Queues ended spans for `exporter`; sized by `OTEL_BSP_*`."""

    def __init__(self, exporter: SpanExporter, *, on_full: OnFull = "drop") -> None:
        self._exporter = exporter
        self.queue: ExportQueue[ReadableSpan] = ExportQueue(
            lambda batch: exporter.export(batch) is SpanExportResult.SUCCESS,
            signal="spans",
            limits=QueueLimits.from_environment("OTEL_BSP", 5_000),
            on_full=on_full,
        )
        self._put = self.queue.put

    def on_end(self, span: ReadableSpan) -> None:
        """Queue `span` if it was sampled."""
        context = span.context
        if context is not None and context.trace_flags.sampled:
            self._put(span)

    def shutdown(self) -> None:
        """Send what is queued and shut the exporter down."""
        self.queue.shutdown(_SHUTDOWN_SECONDS)
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int | None = 30_000) -> bool:
        """Send what is queued; false if that takes longer."""
        return self.queue.flush(30.0 if timeout_millis is None else timeout_millis / 1000)


class FactProcessor(LogRecordProcessor):
    """Queues log records for `exporter`; sized by `OTEL_BLRP_*`."""

    def __init__(self, exporter: LogRecordExporter, *, on_full: OnFull = "drop") -> None:
        self._exporter = exporter
        self.queue: ExportQueue[ReadableLogRecord] = ExportQueue(
            lambda batch: exporter.export(batch) is LogRecordExportResult.SUCCESS,
            signal="facts",
            limits=QueueLimits.from_environment("OTEL_BLRP", 1_000),
            on_full=on_full,
        )

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Queue a record, without the context it was made in, which may be large."""
        record = object.__new__(type(log_record.log_record))  # a shallow copy, at a fifth of copy()
        record.__dict__.update(log_record.log_record.__dict__)
        record.context = Context()
        self.queue.put(
            ReadableLogRecord(
                log_record=record,
                resource=log_record.resource or Resource.create({}),
                instrumentation_scope=log_record.instrumentation_scope,
                limits=log_record.limits,
            )
        )

    def shutdown(self) -> None:
        """Send what is queued and shut the exporter down."""
        self.queue.shutdown(_SHUTDOWN_SECONDS)
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # of the SDK

    def force_flush(self, timeout_millis: int | None = 30_000) -> bool:
        """Send what is queued; false if that takes longer."""
        return self.queue.flush(30.0 if timeout_millis is None else timeout_millis / 1000)
