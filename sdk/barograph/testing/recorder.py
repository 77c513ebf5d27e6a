"""A place in memory that spans and late facts go to."""

from types import TracebackType
from typing import Any, Self

from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from barograph import runtime
from barograph.capture import Capture
from barograph.redaction import Mask, Redactor
from barograph.sampling import Sampling
from barograph.span_limits import span_limits

__all__ = ["Recorder"]


class _Keep(LogRecordProcessor):
    def __init__(self) -> None:
        self.records: list[ReadWriteLogRecord] = []

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self.records.append(log_record)

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002  # OTel's interface
        return True


class Recorder:
    """Records what instrumented code sends, instead of sending it.

    A context manager: it replaces the settings in force and restores them at its end. State:
    everything recorded. Not for use from several threads at once; what they send is recorded.

    Args:
        capture: As for `barograph.configure`; the environment is not asked.
        mask: The same.
        sample_rate: The same.
        sampler: Sampler of the tracer provider.

    Examples:
        >>> import barograph
        >>> @barograph.observe(model="fraud", task="binary")
        ... def predict(amount: float) -> float:
        ...     return 0.25
        >>> with Recorder() as recorder:
        ...     _ = predict(99.5)
        >>> recorder.predictions[0]["barograph.prediction.value"]
        0.25
    """

    def __init__(
        self,
        *,
        capture: str = "summary",
        mask: Mask | None = None,
        sample_rate: float = 1.0,
        sampler: Sampler | None = None,
    ) -> None:
        self._memory = InMemorySpanExporter()
        self._facts = _Keep()
        self.tracer_provider = TracerProvider(
            sampler=sampler, shutdown_on_exit=False, span_limits=span_limits()
        )
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._memory))
        self.logger_provider = LoggerProvider(shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(self._facts)
        mode = Capture.parse(capture)
        self._runtime = runtime.Runtime(
            capture=mode,
            content=mode is Capture.FULL or runtime.content_from_environment(),
            redactor=Redactor(mask),
            sampling=Sampling(sample_rate),
            tracer_provider=self.tracer_provider,
            logger_provider=self.logger_provider,
        )
        self._previous: runtime.Runtime | None = None

    def __enter__(self) -> Self:
        self._previous = runtime.install(self._runtime)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._previous is not None:
            runtime.install(self._previous)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """The ended spans, in the order of their ends."""
        return self._memory.get_finished_spans()

    @property
    def predictions(self) -> list[dict[str, Any]]:
        """The attributes of the ended spans."""
        return [dict(span.attributes or {}) for span in self.spans]

    @property
    def facts(self) -> list[tuple[str, dict[str, Any]]]:
        """The late facts, each as the event's name and its attributes."""
        return [
            (entry.log_record.event_name or "", dict(entry.log_record.attributes or {}))
            for entry in self._facts.records
        ]

    @property
    def records(self) -> list[ReadWriteLogRecord]:
        """The late facts as log records."""
        return list(self._facts.records)

    def clear(self) -> None:
        """Forget what was recorded."""
        self._memory.clear()
        self._facts.records.clear()
