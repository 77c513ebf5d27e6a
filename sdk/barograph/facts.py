"""Late facts: what becomes known of a prediction after its call."""

from collections.abc import Mapping
from time import time_ns
from typing import Any, Literal, TypeAlias

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, SpanContext, TraceFlags

from barograph import semconv, telemetry
from barograph.details import identity_of
from barograph.event_time import event_time, instant_ns
from barograph.limits import MAX_FULL_CHARS
from barograph.reference import PredictionRef
from barograph.runtime import Runtime, current
from barograph.scalar import scalar

__all__ = ["Target", "evaluation", "label", "outcome", "reaction"]

Target: TypeAlias = str | int | PredictionRef
"""A prediction: the application's own key, or a reference."""
Source: TypeAlias = Literal["human", "system", "model"]
Reaction: TypeAlias = Literal[
    "accepted", "edited", "overridden", "rejected", "retried", "verified", "escalated", "abandoned"
]

# A context of its own: a fact must not be stamped with whatever span happens to be current.
_NOWHERE = trace.set_span_in_context(INVALID_SPAN, Context())


def label(
    target: Target | None,
    value: Any,
    *,
    model: str | None = None,
    version: str | None = None,
    source: Source | None = None,
    time: Any = None,
) -> None:
    """Tell the true answer to a prediction: a class, or a quantity.

    Args:
        target: The prediction's id or reference.
        value: The true class (a string, a boolean or a whole number) or quantity.
        model: The model, where an id alone could mean two.
        version: The model's version.
        source: Who says so: `human`, `system` or `model`.
        time: When it became known, if not now: a datetime, or seconds since the epoch.

    Never raises: what cannot be sent is counted in `barograph.stats`.
    """
    attributes = {semconv.LABEL_VALUE: value, semconv.LABEL_SOURCE: source}
    if time is not None:
        attributes[semconv.LABEL_TIME] = event_time(time)
    _emit(semconv.EVENT_LABEL, target, attributes, model, version, required=semconv.LABEL_VALUE)


def reaction(
    target: Target | None,
    kind: Reaction,
    *,
    magnitude: float | None = None,
    model: str | None = None,
    version: str | None = None,
    time: Any = None,
) -> None:
    """Tell what a user did with a prediction.

    Args:
        target: The prediction's id or reference.
        kind: `accepted`, `edited`, `overridden`, `rejected`, `retried`, `verified`, `escalated`
            or `abandoned`.
        magnitude: How much of it was changed, in [0, 1].
        model: The model, where an id alone could mean two.
        version: The model's version.
        time: When it happened, if not now: a datetime, or seconds since the epoch.

    Never raises: what cannot be sent is counted in `barograph.stats`.
    """
    if kind not in semconv.REACTION_KINDS:
        telemetry.failed("reaction", ValueError("no such kind"))
        return
    attributes = {semconv.REACTION_KIND: kind, semconv.REACTION_MAGNITUDE: _number(magnitude)}
    required = semconv.REACTION_KIND
    _emit(semconv.EVENT_REACTION, target, attributes, model, version, required=required, time=time)


def evaluation(
    target: Target | None,
    name: str,
    *,
    score: float | None = None,
    label: str | None = None,
    explanation: str | None = None,
    source: Source | None = None,
    model: str | None = None,
    version: str | None = None,
    time: Any = None,
) -> None:
    """Tell how a prediction was judged, as OpenTelemetry's `gen_ai.evaluation.result`.

    Args:
        target: The prediction's id or reference.
        name: What was judged, such as `helpfulness`.
        score: The judgement as a number.
        label: The judgement as a word.
        explanation: Why. Sent as given, up to 32,768 characters, without secrets.
        source: Who judged: `human`, `system` or `model`.
        model: The model, where an id alone could mean two.
        version: The model's version.
        time: When it happened, if not now: a datetime, or seconds since the epoch.

    Never raises: what cannot be sent is counted in `barograph.stats`.
    """
    attributes = {
        semconv.EVALUATION_NAME: name,
        semconv.EVALUATION_SCORE_VALUE: _number(score),
        semconv.EVALUATION_SCORE_LABEL: label,
        semconv.EVALUATION_EXPLANATION: explanation,
        semconv.EVALUATION_SOURCE: source,
    }
    required = semconv.EVALUATION_NAME
    _emit(
        semconv.EVENT_EVALUATION, target, attributes, model, version, required=required, time=time
    )


def outcome(
    target: Target | None,
    value: float,
    *,
    unit: str | None = None,
    model: str | None = None,
    version: str | None = None,
    time: Any = None,
) -> None:
    """Tell what came of a prediction in the business's own terms.

    Args:
        target: The prediction's id or reference.
        value: The outcome, such as money gained or, negative, lost.
        unit: Its unit, such as `EUR`.
        model: The model, where an id alone could mean two.
        version: The model's version.
        time: When it happened, if not now: a datetime, or seconds since the epoch.

    Never raises: what cannot be sent is counted in `barograph.stats`.
    """
    attributes = {semconv.OUTCOME_VALUE: _number(value), semconv.OUTCOME_UNIT: unit}
    required = semconv.OUTCOME_VALUE
    _emit(semconv.EVENT_OUTCOME, target, attributes, model, version, required=required, time=time)


def _number(value: Any) -> float | None:
    plain = scalar(value)
    return None if plain is None or type(plain) is str else float(plain)


def _emit(
    event: str,
    target: Target | None,
    values: Mapping[str, Any],
    model: str | None,
    version: str | None,
    *,
    required: str,
    time: Any = None,
) -> None:
    try:
        runtime = current()
        if not runtime.enabled or target is None:
            return
        logger = runtime.logger()
        if logger is None:
            return
        addressed = _address(target, runtime, model, version)
        if addressed is None:
            return
        context, attributes = addressed
        for key, value in values.items():
            cleaned = _cleaned(key, value, runtime)
            if cleaned is not None:
                attributes[key] = cleaned
        if required not in attributes:
            telemetry.failed(event, ValueError("nothing to send"))
            return
        happened = instant_ns(time)
        logger.emit(
            timestamp=time_ns() if happened is None else happened,
            context=context,
            event_name=event,
            attributes=attributes,
        )
    except Exception as error:  # noqa: BLE001  # never into the user's code
        telemetry.failed(event, error)


def _cleaned(key: str, value: Any, runtime: Runtime) -> Any:
    plain = scalar(value)
    if plain is None:
        return None
    if type(plain) is str:
        plain = plain[:MAX_FULL_CHARS]
    return runtime.redactor.value(key, plain)


def _address(
    target: Target, runtime: Runtime, model: str | None, version: str | None
) -> tuple[Context, dict[str, Any]] | None:
    """Return the context and the attributes that name `target`; None if it was sampled out."""
    if type(target) is PredictionRef:
        prediction_id = target.id
        model, version = model or target.model, version or target.version
        if not target.sampled:
            telemetry.count("facts_withheld")
            return None
        span = SpanContext(
            target.trace_id,
            target.span_id,
            is_remote=True,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )
        context = trace.set_span_in_context(NonRecordingSpan(span), Context())
    else:
        known = identity_of(target, runtime)
        if known is None:
            telemetry.failed("id", TypeError("a prediction's id is text or a whole number"))
            return None
        prediction_id = known
        if runtime.dropped.withholds(model, prediction_id):
            telemetry.count("facts_withheld")
            return None
        context = _NOWHERE
    attributes: dict[str, Any] = {semconv.PREDICTION_ID: prediction_id}
    if model is not None:
        attributes[semconv.MODEL_NAME] = model
    if version is not None:
        attributes[semconv.MODEL_VERSION] = version
    return context, attributes
