"""Opens calls: starts the span, and describes what is known before the result."""

from typing import Any, Protocol

from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags

from barograph import reentry, semconv, telemetry
from barograph.arguments import Arguments
from barograph.call import Call, remember
from barograph.details import Details, scalar_details, table_details
from barograph.runtime import Runtime, current
from barograph.site import Site
from barograph.span import PredictionSpan

__all__ = ["Describe", "begin", "open_call"]


class Describe(Protocol):
    """Describes a call; of one that is not kept, its id alone."""

    def __call__(self, runtime: Runtime, *, kept: bool) -> Details:
        """Return what is known of the call before its result."""


def begin(
    site: Site,
    arguments: Arguments,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    span: Span | None = None,
) -> Call | None:
    """Start watching a function's call; None if it is not to be watched. Never raises."""

    def describe(runtime: Runtime, *, kept: bool) -> Details:
        bound = arguments.bind(args, kwargs)
        details_of = table_details if site.batch else scalar_details
        return details_of(site if kept else site.only_id(), runtime, bound, args, kwargs)

    return open_call(site, describe, span)


def open_call(site: Site, describe: Describe, span: Span | None = None) -> Call | None:
    """Start watching what `describe` describes; None if it is not to be watched. Never raises.

    Args:
        site: What is known about the model.
        describe: Describes the call.
        span: The call's span, if it is started already.
    """
    runtime = current()
    if not runtime.enabled or reentry.inside():
        return None
    try:
        span = span or start_span(site, runtime)
        if span is None:
            return None
        kept = span.is_recording()
        details = Details()
        if kept or site.id is not None:
            try:
                details = describe(runtime if kept else runtime.closed(), kept=kept)
            except Exception as error:  # noqa: BLE001  # a hostile argument
                telemetry.failed("input", error)
        if kept:
            complete(details, site, runtime, runtime.share(span))
        else:
            forget(details, site, runtime)
        call = Call(site, runtime, span, details)
        remember(call)
        if type(span) is PredictionSpan:
            span.restart()  # describing a batch takes a while, which is not the model's
    except Exception as error:  # noqa: BLE001  # a sampler or processor of the user's
        telemetry.failed("begin", error)
        return None
    return call


def start_span(site: Site, runtime: Runtime) -> Span | None:
    """Start the span of one call; None while no provider exists.

    The span is not recording if the trace is sampled out, by OpenTelemetry's sampler or by
    the share of traces that Barograph was told to keep.
    """
    factory = runtime.factory()
    if factory is not None:
        return factory.start(site, runtime.sampling)
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


def complete(details: Details, site: Site, runtime: Runtime, rate: float) -> None:
    """Add the attributes that every kept call carries: id, size of the batch, share kept."""
    attributes = details.attributes
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
