"""One watched call: from its arguments to its ended span."""

import contextvars
import traceback
from collections.abc import Mapping
from time import time_ns
from typing import Any, Protocol

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from barograph import reentry, semconv, telemetry
from barograph.arguments import Arguments
from barograph.batch_outputs import understand_batch
from barograph.capture import Capture
from barograph.column import clean_array
from barograph.details import Details, identity_of, scalar_details, table_details
from barograph.inputs import Attributes, attribute_key
from barograph.limits import MAX_FULL_CHARS
from barograph.outputs import understand
from barograph.record import fields_of
from barograph.reference import PredictionRef
from barograph.runtime import Runtime, current
from barograph.selection import select_output
from barograph.site import Site

__all__ = ["Call", "begin", "current_ref", "error_type"]

_latest: contextvars.ContextVar["Call | None"] = contextvars.ContextVar(
    "barograph_latest", default=None
)


class Describe(Protocol):
    """Describes a call; of one that is not kept, its id alone."""

    def __call__(self, runtime: Runtime, *, kept: bool) -> Details:
        """Return what is known of the call before its result."""


_MAX_OTHER_ATTRIBUTES = 100  # beyond, OpenTelemetry's default limit of 128 drops the oldest


def error_type(error: BaseException) -> str:
    """Return the qualified name of an exception's type, as OpenTelemetry writes it."""
    kind = type(error)
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def current_ref() -> PredictionRef | None:
    """Return the latest prediction begun in this context, or None.

    It stays the latest after its call has ended, so that the caller can refer to it.
    """
    call = _latest.get()
    return None if call is None else call.ref


class Call:
    """A call in progress. Its methods never raise, and end the span exactly once.

    Owned by the one thread or task that runs the call; a generator may move it between them.
    """

    __slots__ = ("_context", "_details", "_ended", "_runtime", "_site", "_span", "_token")

    def __init__(self, site: Site, runtime: Runtime, span: Span, details: Details) -> None:
        self._site = site
        self._runtime = runtime
        self._span = span
        self._details = details
        self._context: Context = trace.set_span_in_context(span)
        self._token: contextvars.Token[Context] | None = None
        self._ended = False
        _latest.set(self)

    @property
    def details(self) -> Details:
        """What is known of the call before its result."""
        return self._details

    @property
    def runtime(self) -> Runtime:
        """The settings the call began under."""
        return self._runtime

    @property
    def recording(self) -> bool:
        """Whether the span is kept."""
        return self._span.is_recording()

    @property
    def ref(self) -> PredictionRef:
        """The prediction's name for late facts."""
        context = self._span.get_span_context()
        return PredictionRef(
            context.trace_id,
            context.span_id,
            self._site.model,
            self._site.version,
            self._details.prediction_id,
            context.trace_flags.sampled,
        )

    def note(self, key: str, value: Any) -> None:
        """Add an attribute that is ready to be sent; it goes out with the rest, at the end."""
        self._details.attributes[key] = value

    def enter(self) -> None:
        """Make the span the current one, until `leave`."""
        self._token = otel_context.attach(self._context)

    def leave(self) -> None:
        """Restore the context that `enter` found; nothing if another task is running now."""
        token, self._token = self._token, None
        if token is not None and otel_context.get_current() is self._context:
            otel_context.detach(token)

    def finish(self, result: Any, stated: Mapping[str, Any] | None = None) -> None:
        """End the span with what the function returned, and with parts stated outright."""
        ended = time_ns()
        if self._ended:
            return
        attributes: Attributes = {}
        if self._runtime.capture is not Capture.OFF and self.recording:
            try:
                attributes = self._outcome(result, stated or {})
            except Exception as error:  # noqa: BLE001  # a user's selector, or a hostile result
                telemetry.failed("output", error)
        self._end(attributes, ended)

    def fail(self, error: BaseException) -> None:
        """End the span with the exception that the function raised."""
        ended = time_ns()
        if self._ended:
            return
        attributes: Attributes = {}
        try:
            attributes = self._error(error)
        except Exception as own:  # noqa: BLE001  # an exception's own __str__ may raise
            telemetry.failed("error", own)
        self._end(attributes, ended)

    def end(self, attributes: Attributes) -> None:
        """End the span with attributes that are ready to be sent."""
        if not self._ended:
            self._end(attributes, time_ns())

    def _end(self, attributes: Attributes, ended: int) -> None:
        self._ended = True
        try:
            everything = {**self._details.attributes, **attributes}
            if everything:
                if len(everything) > _MAX_OTHER_ATTRIBUTES:
                    everything.update(self._site.constants)
                self._span.set_attributes(everything)
            self._span.end(ended)
        except Exception as error:  # noqa: BLE001  # any span processor may be plugged in
            telemetry.failed("end", error)

    def _outcome(self, result: Any, stated: Mapping[str, Any]) -> Attributes:
        site, details = self._site, self._details
        chosen = select_output(site.output, result)
        if site.batch:
            return self._batch_outcome(chosen)
        if details.prediction_id is None and isinstance(site.id, str):
            fields = fields_of(result) or {}
            details.prediction_id = identity_of(fields.get(site.id), self._runtime)
            if details.prediction_id is not None:
                details.attributes[semconv.PREDICTION_ID] = details.prediction_id
                if chosen is result:
                    chosen = {name: part for name, part in fields.items() if name != site.id}
        outcome = understand(chosen, site.task, self._runtime.capture, site.classes)
        outcome.state(stated)
        parts: Attributes = {
            semconv.PREDICTION_VALUE: outcome.value,
            semconv.PREDICTION_LABEL: outcome.label,
            semconv.PREDICTION_CONFIDENCE: outcome.confidence,
        }
        for name, number in outcome.outputs.items():
            parts[attribute_key(semconv.OUTPUT_PREFIX, name)] = number
        return self._cleaned(parts)

    def _cleaned(self, parts: Attributes) -> Attributes:
        redactor = self._runtime.redactor
        cleaned = {
            key: redactor.value(key, value) for key, value in parts.items() if value is not None
        }
        return {key: value for key, value in cleaned.items() if value is not None}

    def _batch_outcome(self, result: Any) -> Attributes:
        site, batch = self._site, self._details.batch
        outcome = understand_batch(
            result,
            site.task,
            total=None if batch is None else batch.total,
            step=1 if batch is None else batch.step,
            offset=0 if batch is None else batch.offset,
            classes=site.classes,
        )
        if outcome is None:
            if result is not None and (batch is None or batch.total):
                telemetry.failed("output", TypeError("the result is no table of the batch's rows"))
            return {}
        arrays = {
            semconv.PREDICTION_VALUE: outcome.value,
            semconv.PREDICTION_LABEL: outcome.label,
            semconv.PREDICTION_CONFIDENCE: outcome.confidence,
            **{attribute_key(semconv.OUTPUT_PREFIX, k): v for k, v in outcome.outputs.items()},
        }
        found: Attributes = {}
        for key, array in arrays.items():
            cleaned = None if array is None else clean_array(key, array, self._runtime.redactor)
            if cleaned is not None:
                found[key] = cleaned
        if batch is None and found:
            found[semconv.BATCH_SIZE] = len(next(iter(found.values())))
        return found

    def _error(self, error: BaseException) -> Attributes:
        if not isinstance(error, Exception):  # cancelled, or the process is leaving: no fault
            return {attribute_key(semconv.OUTPUT_PREFIX, "cancelled"): 1}
        kind = error_type(error)
        event: Attributes = {"exception.type": kind}
        if self._runtime.capture is Capture.FULL:
            redact = self._runtime.redactor.text
            event["exception.message"] = redact(str(error)[:MAX_FULL_CHARS])
            stack = "".join(traceback.format_exception(error))
            event["exception.stacktrace"] = redact(stack[-MAX_FULL_CHARS:])
        self._span.add_event("exception", event)
        self._span.set_status(Status(StatusCode.ERROR))
        return {"error.type": kind}


def begin(
    site: Site, arguments: Arguments, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Call | None:
    """Start watching a function's call; None if it is not to be watched. Never raises."""

    def describe(runtime: Runtime, *, kept: bool) -> Details:
        bound = arguments.bind(args, kwargs)
        details_of = table_details if site.batch else scalar_details
        return details_of(site if kept else site.only_id(), runtime, bound, args, kwargs)

    return open_call(site, describe)


def open_call(site: Site, describe: Describe) -> Call | None:
    """Start watching what `describe` describes; None if it is not to be watched. Never raises."""
    runtime = current()
    if not runtime.enabled or reentry.inside():
        return None
    try:
        span = start_span(site, runtime)
        if span is None:
            return None
        kept = span.is_recording()
        details = Details()
        if kept or site.id is not None:
            try:
                details = describe(runtime if kept else runtime.closed(), kept=kept)
            except Exception as error:  # noqa: BLE001  # a hostile argument
                telemetry.failed("input", error)
        (complete if kept else forget)(details, site, runtime)
        return Call(site, runtime, span, details)
    except Exception as error:  # noqa: BLE001  # a sampler or processor of the user's
        telemetry.failed("begin", error)
        return None


def start_span(site: Site, runtime: Runtime) -> Span | None:
    """Start the span of one call; None while no provider exists.

    The span is not recording if the trace is sampled out, by OpenTelemetry's sampler or by
    the share of traces that Barograph was told to keep.
    """
    tracer = runtime.tracer()
    if tracer is None:
        return None
    span = tracer.start_span(site.name, attributes=dict(site.constants))
    context = span.get_span_context()
    if not context.is_valid:
        return None
    if span.is_recording() and not runtime.sampling.keeps(context.trace_id):
        return NonRecordingSpan(
            SpanContext(
                context.trace_id,
                context.span_id,
                is_remote=False,
                trace_flags=TraceFlags(context.trace_flags & ~TraceFlags.SAMPLED),
                trace_state=context.trace_state,
            )
        )
    return span


def forget(details: Details, site: Site, runtime: Runtime) -> None:
    """Remember the ids of predictions that are not sent, and nothing else of them."""
    ids = details.attributes.get(semconv.PREDICTION_ID, ())
    if details.prediction_id is not None:
        ids = (details.prediction_id,)
    for prediction_id in ids:
        runtime.dropped.dropped(site.model, prediction_id)
    details.attributes.clear()


def complete(details: Details, site: Site, runtime: Runtime) -> None:
    """Add the attributes that every kept call carries: id, size of the batch, share kept."""
    attributes = details.attributes
    rate = runtime.sampling.rate
    if details.prediction_id is not None:
        attributes[semconv.PREDICTION_ID] = details.prediction_id
        runtime.dropped.kept(site.model, details.prediction_id)
    if details.batch is not None:
        attributes[semconv.BATCH_SIZE] = details.batch.rows
        rate /= details.batch.step
        for prediction_id in attributes.get(semconv.PREDICTION_ID, ()):
            runtime.dropped.kept(site.model, prediction_id)
    if rate < 1:
        attributes[semconv.SAMPLE_RATE] = rate
