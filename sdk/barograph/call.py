"""One watched call: from its arguments to its ended span."""

import contextvars
import traceback
from collections.abc import Mapping
from time import time_ns
from typing import Any, Protocol

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span
from opentelemetry.trace.status import Status, StatusCode

from barograph import semconv, telemetry
from barograph.batch_outputs import understand_batch
from barograph.capture import Capture
from barograph.column import clean_array
from barograph.current_context import CALL_KEY
from barograph.current_prediction import propensity_of
from barograph.details import Details, identity_of
from barograph.inputs import Attributes, attribute_key
from barograph.limits import MAX_FULL_CHARS
from barograph.messages import messages
from barograph.outputs import understand
from barograph.record import fields_of
from barograph.reference import PredictionRef
from barograph.runtime import Runtime
from barograph.selection import select_output
from barograph.site import Site
from barograph.span import PredictionSpan

__all__ = ["Call", "current_ref", "error_type", "remember"]


class HasRef(Protocol):
    """Something that names a prediction."""

    @property
    def ref(self) -> PredictionRef:
        """The prediction's name for late facts."""


_latest: contextvars.ContextVar[HasRef | None] = contextvars.ContextVar(
    "barograph_latest", default=None
)
remember = _latest.set


_NOWHERE = Context()
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
        self._context = otel_context.set_value(CALL_KEY, self, trace.set_span_in_context(span))
        self._token: contextvars.Token[Context] | None = None
        self._ended = False

    @property
    def site(self) -> Site:
        """What is known about the model."""
        return self._site

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

    def suspend(self) -> "Call":
        """Leave, to go on as a stream that is entered and left step by step."""
        self.leave()
        return self

    def finish(
        self, result: Any, stated: Mapping[str, Any] | None = None, ended: int | None = None
    ) -> None:
        """Leave, and end the span with what was returned, and with parts stated outright."""
        ended = ended or time_ns()
        self.leave()
        if self._ended:
            return
        attributes: Attributes = {}
        try:
            rest = self._identify(result)
            if self.recording and self._runtime.capture is not Capture.OFF:
                attributes = self._outcome(result, rest, stated or {})
        except Exception as error:  # noqa: BLE001  # a user's selector, or a hostile result
            telemetry.failed("output", error)
        if self.recording:
            self._review(result)
        self._end(attributes, ended)

    def fail(self, error: BaseException) -> None:
        """Leave, and end the span with the exception that the function raised."""
        ended = time_ns()
        self.leave()
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
        self._context = _NOWHERE  # it holds this call, and must not keep it
        try:
            everything = {**self._details.attributes, **attributes}
            span = self._span
            if type(span) is PredictionSpan and span.close(everything, ended):
                return
            if everything:
                if len(everything) > _MAX_OTHER_ATTRIBUTES:
                    everything.update(self._site.constants)
                self._span.set_attributes(everything)
            self._span.end(ended)
        except Exception as error:  # noqa: BLE001  # any span processor may be plugged in
            telemetry.failed("end", error)

    def _review(self, result: Any) -> None:
        """Note the propensity of review that the site's selector finds in the result."""
        how = self._site.review
        if how is None or isinstance(how, (int, float)):
            return
        try:
            found = propensity_of(select_output(how, result), self._details)
        except Exception as error:  # noqa: BLE001  # the user's selector
            telemetry.failed("review", error)
            return
        if found is not None:
            self.note(semconv.REVIEW_PROPENSITY, found)

    def _identify(self, result: Any) -> Any:
        """Look for the id in the result, if no argument gave it; return the result without it."""
        site, details, runtime = self._site, self._details, self._runtime
        if site.batch or details.prediction_id is not None or not isinstance(site.id, str):
            return result
        fields = fields_of(result) or {}
        if details.id_unseen and site.id not in fields:
            telemetry.failed("id", KeyError(site.id))
        found = identity_of(fields.get(site.id), runtime)
        if found is None:
            return result
        details.prediction_id = details.attributes[semconv.PREDICTION_ID] = found
        note = runtime.dropped.kept if self.recording else runtime.dropped.dropped
        note(site.model, found)
        return {name: part for name, part in fields.items() if name != site.id}

    def _outcome(self, result: Any, rest: Any, stated: Mapping[str, Any]) -> Attributes:
        """Describe the result, of which `rest` is what is not the id."""
        site = self._site
        chosen = select_output(site.output, result)
        if site.batch:
            return self._batch_outcome(chosen)
        if chosen is result:
            chosen = rest
        outcome = understand(chosen, site.task, self._runtime.capture, site.classes)
        outcome.state(stated)
        parts: Attributes = {
            semconv.PREDICTION_VALUE: outcome.value,
            semconv.PREDICTION_LABEL: outcome.label,
            semconv.PREDICTION_CONFIDENCE: outcome.confidence,
        }
        parts |= outcome.standard
        if outcome.text is not None and site.generation and self._runtime.content:
            parts["gen_ai.output.messages"] = messages("assistant", outcome.text)
        for name, number in outcome.outputs.items():
            parts[attribute_key(semconv.OUTPUT_PREFIX, name)] = number
        return self._cleaned(parts)

    def _cleaned(self, parts: Attributes) -> Attributes:
        redactor = self._runtime.redactor
        cleaned: Attributes = {}
        for key, value in parts.items():
            if type(value) is list:
                value = [kept for part in value if (kept := redactor.value(key, part)) is not None]  # noqa: PLW2901  # the same, cleaned
            elif value is not None:
                value = redactor.value(key, value)  # noqa: PLW2901  # the same, cleaned
            if value is not None and value != []:
                cleaned[key] = value
        return cleaned

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
