"""A watched call that follows a plan: from its arguments to its ended span, in a few steps.

It leaves the plan as soon as anything is out of the ordinary (a result of another look, an
exception, a span that the user has touched) and goes on as a `barograph.call.Call`.
"""

from collections.abc import Mapping
from contextvars import Token
from time import time_ns
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace.propagation import (
    _SPAN_KEY,  # `set_span_in_context` sets it; reading the context twice costs twice
)

from barograph import reentry, semconv, telemetry
from barograph.arguments import Arguments
from barograph.call import Call, remember
from barograph.current_context import CALL_KEY, attach, get_current, leave
from barograph.details import Details
from barograph.input_plan import InputPlan
from barograph.opening import begin
from barograph.plan import Plans
from barograph.reference import PredictionRef
from barograph.result_plan import noted_plan
from barograph.runtime import Runtime, current
from barograph.site import Site
from barograph.span import PredictionSpan

__all__ = ["FastCall", "Starter"]

_NOWHERE = Context()


class FastCall:
    """A call in progress. Its span is current from its making until `finish` or `fail`.

    Never raises, ends the span exactly once. Owned by the thread or task that runs the call.
    """

    __slots__ = ("_noted", "_plan", "_plans", "_span", "_token", "_values")

    def __init__(
        self, plans: Plans, plan: InputPlan, values: tuple[Any, ...], span: PredictionSpan
    ) -> None:
        self._plans = plans
        self._plan = plan
        self._values = values
        self._span = span
        context = Context({**get_current(), _SPAN_KEY: span, CALL_KEY: self})
        self._token: Token[Context] | None = attach(context)
        self._noted: dict[str, Any] | None = None

    @property
    def site(self) -> Site:
        """What is known about the model."""
        return self._plans.site

    @property
    def runtime(self) -> Runtime:
        """The settings the call began under."""
        return self._plans.runtime

    @property
    def recording(self) -> bool:
        """Whether the span is kept: any other call takes the general way."""
        return True

    @property
    def details(self) -> Details:
        """What is known of the call before its result."""
        plans, plan = self._plans, self._plan
        attributes = dict(zip(plan.keys, self._values, strict=True))
        if semconv.SAMPLE_RATE in plans.constants:
            attributes[semconv.SAMPLE_RATE] = plans.constants[semconv.SAMPLE_RATE]
        return Details({**attributes, **(self._noted or {})}, self._key)

    @property
    def _key(self) -> str | None:
        return None if self._plan.id is None else self._values[0]

    def note(self, key: str, value: Any) -> None:
        """Add an attribute that is ready to be sent."""
        self._noted = {**(self._noted or {}), key: value}

    @property
    def ref(self) -> PredictionRef:
        """The prediction's name for late facts."""
        context = self._span.get_span_context()
        site = self._plans.site
        return PredictionRef(context.trace_id, context.span_id, site.model, site.version, self._key)

    def suspend(self) -> Call:
        """Leave, to go on as a stream that is entered and left step by step."""
        token, self._token = self._token, None
        if token is not None:
            leave(token)
        return self._general()

    def finish(self, result: Any, stated: Mapping[str, Any] | None = None) -> None:
        """End the span with what was returned, and with parts stated outright."""
        ended = time_ns()
        try:
            if self._token is not None:
                leave(self._token)
            span = self._span
            plans = self._plans
            read = None if span.touched or stated else plans.result(result)
            if read is not None and self._noted:
                read = noted_plan(*read, self._noted, self._plan.keys)
            if read is None:
                self._general().finish(result, stated, ended)
                return
            plan, values = read
            layout = self._plan.layouts.get(plan) or plans.layout(self._plan, plan)
            span.conclude(layout, self._values + values, ended)
        except Exception as error:  # noqa: BLE001  # a processor of the user's
            telemetry.failed("end", error)

    def fail(self, error: BaseException) -> None:
        """End the span with the exception that the function raised."""
        if self._token is not None:
            leave(self._token)
        self._general().fail(error)

    def _general(self) -> Call:
        """Go on without a plan."""
        plans = self._plans
        return Call(plans.site, plans.runtime, self._span, self.details)


class FastStream(FastCall):
    """A generator's run in progress. Its span is current only from `enter` to `leave`."""

    __slots__ = ("_context",)

    def __init__(
        self, plans: Plans, plan: InputPlan, values: tuple[Any, ...], span: PredictionSpan
    ) -> None:
        super().__init__(plans, plan, values, span)
        self._context = get_current()
        self.leave()

    def enter(self) -> None:
        """Make the span the current one, until `leave`."""
        self._token = attach(self._context)

    def leave(self) -> None:
        """Restore the context that `enter` found; nothing if another task is running now."""
        token, self._token = self._token, None
        if token is not None and get_current() is self._context:
            leave(token)

    def finish(self, result: Any, stated: Mapping[str, Any] | None = None) -> None:
        """End the span with what the stream amounts to."""
        self._context = _NOWHERE  # it holds this call, and must not keep it
        super().finish(result, stated)

    def fail(self, error: BaseException) -> None:
        """End the span with the exception that the generator raised."""
        self._context = _NOWHERE
        super().fail(error)


class Starter:
    """Starts watching the calls of one function, by plan where it can.

    State: the plans for the settings in force, replaced when those are.
    """

    __slots__ = ("_arguments", "_plans", "_runtime", "_site")

    def __init__(self, site: Site, arguments: Arguments) -> None:
        self._site = site
        self._arguments = arguments
        self._runtime: Runtime | None = None
        self._plans: Plans | None = None

    def stream(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> FastStream | Call | None:
        """Start watching a call whose context is entered and left by the caller."""
        started: Any = self.start(args, kwargs, FastStream)
        if type(started) is Call:
            started.leave()
        call: FastStream | Call | None = started
        return call

    def start(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], kind: type[FastCall] = FastCall
    ) -> FastCall | Call | None:
        """Start watching a call, and enter its context; None if it is not to be watched.

        Never raises.
        """
        runtime = current()
        if not runtime.enabled or reentry.inside():
            return None
        if runtime is not self._runtime:
            self._prepare(runtime)
        span = None
        try:
            plans = self._plans
            factory = None if plans is None else runtime.factory()
            if plans is not None and factory is not None:
                span = factory.start(self._site, runtime.sampling)
                if type(span) is PredictionSpan:
                    read = plans.inputs(args, kwargs)
                    if read is not None:
                        call = kind(plans, read[0], read[1], span)
                        remember(call)
                        return call
        except Exception as error:  # noqa: BLE001  # a hostile argument, or a user's processor
            telemetry.failed("begin", error)
            if span is None:
                return None
        slow = begin(self._site, self._arguments, args, kwargs, span)
        if slow is not None:
            slow.enter()
        return slow

    def _prepare(self, runtime: Runtime) -> None:
        possible = Plans.possible(self._site, runtime)
        self._plans = Plans(self._site, runtime, self._arguments) if possible else None
        self._runtime = runtime
