"""The settings in force: what `configure` decides and every call reads."""

import logging
import os
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from opentelemetry import _logs, trace
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from barograph import semconv
from barograph.capture import Capture
from barograph.redaction import Redactor
from barograph.sampling import DroppedPredictions, Sampling
from barograph.span_factory import SpanFactory, factory_of

__all__ = ["SCOPE", "Runtime", "current", "from_environment", "install", "sdk_version"]

SCOPE = "barograph"
_TRUE = frozenset({"1", "true", "yes", "on"})


def sdk_version() -> str:
    """Return the version of the installed distribution."""
    try:
        return version("barograph")
    except PackageNotFoundError:
        return "0"


def disabled_by_environment() -> bool:
    """Whether `BAROGRAPH_DISABLED` or `OTEL_SDK_DISABLED` switches the SDK off."""
    names = ("BAROGRAPH_DISABLED", "OTEL_SDK_DISABLED")
    return any(os.environ.get(name, "").strip().lower() in _TRUE for name in names)


def content_from_environment() -> bool:
    """Whether OpenTelemetry's switch for the content of generative calls is on, for spans."""
    named = os.environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    return named.strip().lower() in {"true", "span_only", "span_and_event"}


def capture_from_environment() -> Capture:
    """Return the mode of `BAROGRAPH_CAPTURE`; a mode that does not exist sends the least."""
    named = os.environ.get("BAROGRAPH_CAPTURE", "").strip()
    if not named:
        return Capture.SUMMARY
    try:
        return Capture.parse(named)
    except ValueError as error:
        logging.getLogger("barograph").warning("BAROGRAPH_CAPTURE: %s; capturing nothing", error)
        return Capture.OFF


def _ratio_of(sampler: object) -> float:
    """Return the rate of OpenTelemetry's ratio sampler, alone or for roots; 1 of any other."""
    root = getattr(sampler, "_root", sampler)
    return root.rate if isinstance(root, TraceIdRatioBased) else 1.0


@dataclass(slots=True)
class Runtime:
    """One configuration. Replaced as a whole, never changed while calls read it."""

    enabled: bool = True
    capture: Capture = Capture.SUMMARY
    content: bool = False
    """Whether generative calls carry their messages, as OpenTelemetry's own switch asks."""
    redactor: Redactor = field(default_factory=Redactor)
    sampling: Sampling = field(default_factory=Sampling)
    dropped: DroppedPredictions = field(default_factory=DroppedPredictions)
    tracer_provider: trace.TracerProvider | None = None
    """None: the global one, whenever one is set."""
    logger_provider: _logs.LoggerProvider | None = None
    _ratio: float = 1.0
    _tracer_of: tuple[trace.TracerProvider, trace.Tracer] | None = None
    _factory_of: tuple[trace.Tracer, SpanFactory | None] | None = None
    _logger_of: tuple[_logs.LoggerProvider, _logs.Logger] | None = None

    def closed(self) -> "Runtime":
        """Return settings under which nothing of a call is captured but its id."""
        return Runtime(capture=Capture.OFF, redactor=self.redactor)

    def share(self, span: trace.Span) -> float:
        """Return the probability with which `span` was kept, as far as this process knows.

        It is the smaller of Barograph's rate and that of an OpenTelemetry ratio sampler: both
        decide by the same bits of the trace id. What a remote parent was kept by is unknown.
        """
        parent = getattr(span, "parent", None)
        if parent is not None and parent.is_remote:
            return self.sampling.rate
        return min(self.sampling.rate, self._ratio)

    def factory(self) -> SpanFactory | None:
        """Return what starts spans cheaply; None if there is no provider, or only its own way."""
        known = self._factory_of
        if known is not None and self.tracer_provider is not None:
            return known[1]
        tracer = self.tracer()
        if known is not None and known[0] is tracer:
            return known[1]
        if tracer is None:
            return None
        factory = factory_of(tracer)
        self._factory_of = (tracer, factory)
        return factory

    def tracer(self) -> trace.Tracer | None:
        """Return the tracer to use; None while no provider exists."""
        provider = self.tracer_provider or trace.get_tracer_provider()
        known = self._tracer_of
        if known is not None and known[0] is provider:
            return known[1]
        if isinstance(provider, trace.ProxyTracerProvider):
            return None
        tracer = provider.get_tracer(SCOPE, sdk_version(), semconv.SCHEMA_URL)
        self._tracer_of = (provider, tracer)
        self._ratio = _ratio_of(getattr(tracer, "sampler", None))
        return tracer

    def logger(self) -> _logs.Logger | None:
        """Return the logger that sends late facts; None while no provider exists."""
        provider = self.logger_provider or _logs.get_logger_provider()
        known = self._logger_of
        if known is not None and known[0] is provider:
            return known[1]
        if type(provider).__name__ == "ProxyLoggerProvider":  # it has no public name
            return None
        logger = provider.get_logger(SCOPE, sdk_version(), semconv.SCHEMA_URL)
        self._logger_of = (provider, logger)
        return logger


def from_environment() -> Runtime:
    """Return the settings that hold before `configure` is called."""
    capture = capture_from_environment()
    return Runtime(
        enabled=not disabled_by_environment(),
        capture=capture,
        content=capture is Capture.FULL or content_from_environment(),
    )


_current = from_environment()


def current() -> Runtime:
    """Return the settings in force."""
    return _current


def install(runtime: Runtime) -> Runtime:
    """Put `runtime` in force and return the one it replaces."""
    global _current  # the one place that holds it
    previous, _current = _current, runtime
    return previous
