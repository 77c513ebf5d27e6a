"""Starts spans as OpenTelemetry's own tracer does, for a third of the cost.

The rules are those of `opentelemetry.sdk.trace.Tracer.start_span`: parent from the current
context, the tracer's sampler, id generator and limits, every processor told. Whatever is not
recognized, a sampler or a version of the SDK, takes the official way.
"""

import logging
import random
from collections.abc import Callable
from time import time_ns
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import (
    SpanLimits,
    SpanProcessor,
    SynchronousMultiSpanProcessor,
    Tracer,
    TracerProvider,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags
from opentelemetry.trace.propagation import (
    _SPAN_KEY,  # `get_current_span` looks under it; reading twice costs twice
)

from barograph.current_context import attach, get_current, leave
from barograph.processors import PredictionProcessor
from barograph.sampling import Sampling
from barograph.site import Site
from barograph.span import NO_STATE, PredictionSpan

__all__ = ["SpanFactory", "factory_of"]

_logger = logging.getLogger("barograph")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SAYS_RANDOM = hasattr(RandomIdGenerator, "is_trace_id_random")
_RANDOM = TraceFlags.RANDOM_TRACE_ID if _SAYS_RANDOM else 0
_PLANNED = 128  # more attributes than any plan has; OpenTelemetry's default limit
_ROOT = TraceFlags(TraceFlags.SAMPLED | _RANDOM)
_QUIET_STARTS = (SpanProcessor.on_start, BatchSpanProcessor.on_start, PredictionProcessor.on_start)
_bits = random.getrandbits
_tuple: Any = tuple.__new__
_new: Any = object.__new__
_QUIET_ENDINGS = tuple(
    getattr(kind, "_on_ending", None) for kind in (SpanProcessor, BatchSpanProcessor)
)


def _keeps_everything(sampler: Sampler) -> bool:
    """Whether `sampler` keeps every root and follows every parent."""
    if sampler is ALWAYS_ON:
        return False  # it overrules its parents; rare, so the official way
    return (
        isinstance(sampler, ParentBased)
        and type(sampler).should_sample is ParentBased.should_sample
        and sampler._root is ALWAYS_ON  # noqa: SLF001  # no public way to ask, here and below
        and sampler._remote_parent_sampled is ALWAYS_ON  # noqa: SLF001
        and sampler._remote_parent_not_sampled is ALWAYS_OFF  # noqa: SLF001
        and sampler._local_parent_sampled is ALWAYS_ON  # noqa: SLF001
        and sampler._local_parent_not_sampled is ALWAYS_OFF  # noqa: SLF001
    )


class SpanFactory:
    """Starts spans for one tracer of the SDK.

    Reads what may change (resource, sampler, processors) from the tracer at each start.
    """

    __slots__ = ("_ends", "_generator", "_known", "_limits", "_scope", "_starts", "_tracer")

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._scope = tracer._instrumentation_scope  # noqa: SLF001  # no public way, here and below
        self._limits = tracer._span_limits  # noqa: SLF001
        plain = type(tracer.id_generator) is RandomIdGenerator
        self._generator = None if plain else tracer.id_generator
        self._known: tuple[Any, ...] = ()
        self._starts: tuple[Callable[..., None], ...] = ()
        self._ends: tuple[Callable[..., None], ...] = ()
        self._learn(tracer.span_processor)

    @property
    def limits(self) -> Any:
        """The limits of the tracer's spans."""
        return self._limits

    def _learn(self, processor: Any) -> None:
        """Note which of the processors want to hear of starts, and of ends."""
        self._known = processor._span_processors  # noqa: SLF001  # no public way to ask
        self._starts = tuple(
            each.on_start for each in self._known if type(each).on_start not in _QUIET_STARTS
        )
        # Told before the end by newer versions of the SDK only.
        told = [(each, getattr(type(each), "_on_ending", None)) for each in self._known]
        ending = tuple(
            each._on_ending  # noqa: SLF001  # no public way to tell
            for each, hook in told
            if hook is not None and hook not in _QUIET_ENDINGS
        )
        # Our own processor asks whether a span is sampled: those made here are.
        own = PredictionProcessor
        self._ends = ending + tuple(
            each.queue.put if type(each) is own else each.on_end for each in self._known
        )

    def start(self, site: Site, sampling: Sampling) -> Span:
        """Start a span of `site`; one that does not record if its trace is sampled out."""
        tracer = self._tracer
        held: Any = get_current().get(_SPAN_KEY)
        parent: SpanContext | None = None if held is None else held.get_span_context()
        generator = self._generator
        if parent is None or not parent.is_valid:
            parent = None
            state = NO_STATE
            if generator is None:
                trace_id = _bits(128) or 1
                flags = _ROOT
            else:
                trace_id = generator.generate_trace_id()
                flags = _ROOT if _SAYS_RANDOM and generator.is_trace_id_random() else _SAMPLED
            kept = True
        else:
            trace_id = parent.trace_id
            state = parent.trace_state
            kept = parent.trace_flags.sampled
            flags = _ROOT if parent.trace_flags & _RANDOM else _SAMPLED
        if not kept or (sampling.rate < 1 and not sampling.keeps(trace_id)):
            flags = TraceFlags(flags & ~TraceFlags.SAMPLED)
            kept = False
        span_id = (_bits(64) or 1) if generator is None else generator.generate_span_id()
        # What `SpanContext.__new__` makes of ids that are known to be in range; `_works` proves it.
        context: SpanContext = _tuple(SpanContext, (trace_id, span_id, False, flags, state, True))
        if not kept:
            return NonRecordingSpan(context)
        processor = tracer.span_processor
        if processor._span_processors is not self._known:  # noqa: SLF001  # no public way to ask
            self._learn(processor)
        span: PredictionSpan = _new(PredictionSpan)
        span._name = site.name  # noqa: SLF001  # what its class would do at a higher cost
        span._context = context  # noqa: SLF001
        span._parent = parent  # noqa: SLF001
        span._constants = site.constants  # noqa: SLF001
        span._span_processor = processor  # noqa: SLF001
        span._resource = tracer.resource  # noqa: SLF001
        span._limits = self._limits  # noqa: SLF001
        span._instrumentation_scope = self._scope  # noqa: SLF001
        span._ends = self._ends  # noqa: SLF001
        span._start_time = time_ns()  # noqa: SLF001
        for start in self._starts:
            start(span, parent_context=None)
        return span


def _unmeasured(tracer: Any) -> bool:
    """Whether the tracer is switched on, and keeps no metrics of its own about its spans."""
    config = getattr(tracer, "_tracer_config", None)
    metrics = getattr(tracer, "_tracer_metrics", None)
    enabled = config is None or config.is_enabled
    return enabled and (metrics is None or type(metrics).__name__ == "NoOpTracerMetrics")


def _roomy(limits: SpanLimits) -> bool:
    """Whether no span of a plan can reach the limits."""
    room = limits.max_span_attributes
    return limits.max_span_attribute_length is None and (room is None or room >= _PLANNED)


def factory_of(tracer: trace.Tracer) -> SpanFactory | None:
    """Return the factory for `tracer`, or None if only the tracer itself can start its spans."""
    try:
        usable = (
            type(tracer) is Tracer
            and type(tracer.span_processor) is SynchronousMultiSpanProcessor
            and _keeps_everything(tracer.sampler)
            and _unmeasured(tracer)
            and _roomy(tracer._span_limits)  # noqa: SLF001  # no public way to ask
            and _works()
        )
        return SpanFactory(tracer) if usable and isinstance(tracer, Tracer) else None
    except AttributeError as error:  # another version of the SDK
        _logger.debug("barograph: spans are made by OpenTelemetry's own tracer: %r", error)
        return None


_proved: bool | None = None


def _works() -> bool:
    """Prove once, against the SDK that is installed, that a fast span is what it would make."""
    global _proved  # noqa: PLW0603  # a fact about this process
    if _proved is None:
        token = attach(Context())  # whatever span is current has no say in it
        try:
            _proved = _same()
        except Exception as error:  # noqa: BLE001  # any difference whatever
            _logger.debug("barograph: the fast path cannot be proved: %r", error)
            _proved = False
        finally:
            leave(token)
    return _proved


def _same() -> bool:
    provider = TracerProvider(sampler=ParentBased(ALWAYS_ON), shutdown_on_exit=False)
    tracer = provider.get_tracer("barograph")
    assert isinstance(tracer, Tracer)
    official = tracer.start_span("predict proof", start_time=1)
    fast = SpanFactory(tracer).start(Site(model="proof"), Sampling())
    fast._start_time = 1  # type: ignore[attr-defined]  # noqa: SLF001  # the clock may differ
    fast._constants = {}  # type: ignore[attr-defined]  # noqa: SLF001  # and this is ours
    ids = fast.get_span_context()
    remade = SpanContext(ids.trace_id, ids.span_id, False, ids.trace_flags, ids.trace_state)  # noqa: FBT003  # as the SDK does
    flags = [span.get_span_context().trace_flags for span in (official, fast)]
    documents = []
    for span in (official, fast):
        span.set_attribute("key", "value")
        span.add_event("event", {"key": 1}, timestamp=2)
        span.set_status(trace.StatusCode.ERROR, "why")
        span.end(3)
        span._context = SpanContext(1, 1, False, span.get_span_context().trace_flags)  # type: ignore[attr-defined]  # noqa: FBT003, SLF001  # ids differ
        documents.append(span.to_json())  # type: ignore[attr-defined]  # of the SDK's spans
    same = documents[0] == documents[1] and flags[0] == flags[1]
    return bool(same and tuple(ids) == tuple(remade))
