"""`configure`: where predictions go, and how much of them."""

import logging
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any

from opentelemetry import _logs, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider

from barograph import exporters, runtime
from barograph.capture import Capture
from barograph.export_queue import OnFull
from barograph.metrics import register_metrics
from barograph.processors import FactProcessor, PredictionProcessor
from barograph.redaction import Mask, Redactor
from barograph.sampling import Sampling
from barograph.span_limits import span_limits

__all__ = ["configure", "force_flush", "shutdown"]

_logger = logging.getLogger("barograph")
_lock = threading.RLock()


@dataclass(slots=True)
class _Built:
    """The providers that `configure` made itself, and therefore shuts down."""

    tracer_provider: TracerProvider | None = None
    logger_provider: LoggerProvider | None = None

    def shutdown(self) -> None:
        """Send what is queued and stop. Never raises."""
        for provider in (self.tracer_provider, self.logger_provider):
            try:
                if provider is not None:
                    provider.shutdown()
            except Exception:  # an exporter's
                _logger.warning("barograph: a provider did not shut down cleanly", exc_info=True)


_built = _Built()


def configure(  # the order is fixed by the design
    service: str | None = None,
    endpoint: str | None = None,
    tracer_provider: trace.TracerProvider | None = None,
    logger_provider: _logs.LoggerProvider | None = None,
    capture: str | None = None,
    mask: Mask | None = None,
    sample_rate: float = 1.0,
    enabled: bool = True,
    *,
    on_full: OnFull = "drop",
    set_global: bool = False,
) -> None:
    """Decide where predictions go, and how much of them. Calling it again replaces everything.

    What an earlier call built is shut down, after sending what it had queued. Without any call
    the global providers of OpenTelemetry are used; as long as none is set, nothing is sent.

    Args:
        service: The service's name; by default `OTEL_SERVICE_NAME`.
        endpoint: Base address of an OTLP/HTTP receiver, such as `http://127.0.0.1:34318`. By
            default the global provider, if a real one is set; else the `OTEL_EXPORTER_OTLP_*`
            variables.
        tracer_provider: A provider of your own for spans; it is never shut down from here.
        logger_provider: The same for late facts.
        capture: `off`, `summary` or `full`; by default `BAROGRAPH_CAPTURE`, else `summary`.
        mask: Sees every value as `mask(key, value)` and returns what is sent in its place. None,
            or an exception, drops the value.
        sample_rate: Share of traces kept, in [0, 1].
        enabled: False switches everything off; so does `BAROGRAPH_DISABLED`.
        on_full: When predictions come faster than they can be sent: "drop" counts and drops the
            new ones, "block" makes their callers wait. Only for providers built here.
        set_global: Also make the providers built here OpenTelemetry's global ones.

    Raises:
        ValueError: An option is out of range, or `endpoint` is no base address.
    """
    if on_full not in {"drop", "block"}:
        raise ValueError(f"on_full must be 'drop' or 'block', got {on_full!r}")
    if mask is not None and not callable(mask):
        raise ValueError(f"mask must be callable, got {type(mask).__name__}")
    if endpoint is not None:
        exporters.base_address(endpoint)
    mode = runtime.capture_from_environment() if capture is None else Capture.parse(capture)
    sampling = Sampling(sample_rate)
    enabled = enabled and not runtime.disabled_by_environment()
    global _built  # the one place that holds it
    with _lock:
        built = _Built()
        if enabled:
            built = _build(service, endpoint, tracer_provider, logger_provider, on_full)
        fresh = runtime.Runtime(
            enabled=enabled,
            capture=mode,
            content=mode is Capture.FULL or runtime.content_from_environment(),
            redactor=Redactor(mask),
            sampling=sampling,
            tracer_provider=tracer_provider or built.tracer_provider,
            logger_provider=logger_provider or built.logger_provider,
        )
        runtime.install(fresh)
        previous, _built = _built, built
    if enabled:
        register_metrics(runtime.sdk_version())
    previous.shutdown()
    if set_global and built.tracer_provider is not None:
        trace.set_tracer_provider(built.tracer_provider)
    if set_global and built.logger_provider is not None:
        _logs.set_logger_provider(built.logger_provider)


def _build(
    service: str | None,
    endpoint: str | None,
    tracer_provider: Any,
    logger_provider: Any,
    on_full: OnFull,
) -> _Built:
    """Build what the caller did not bring and OpenTelemetry does not have."""
    resource = Resource.create({SERVICE_NAME: service} if service else {})
    built = _Built()
    brought = tracer_provider is not None or logger_provider is not None
    if tracer_provider is None and _needed(trace.get_tracer_provider(), endpoint, brought):
        exporter = exporters.span_exporter(endpoint)
        built.tracer_provider = TracerProvider(resource=resource, span_limits=span_limits())
        if exporter is not None:
            built.tracer_provider.add_span_processor(PredictionProcessor(exporter, on_full=on_full))
    if logger_provider is None and _needed(_logs.get_logger_provider(), endpoint, brought):
        fact_exporter = exporters.fact_exporter(endpoint)
        built.logger_provider = LoggerProvider(resource=resource)
        if fact_exporter is not None:
            built.logger_provider.add_log_record_processor(
                FactProcessor(fact_exporter, on_full=on_full)
            )
    return built


def _needed(global_provider: Any, endpoint: str | None, brought: bool) -> bool:
    """Whether to build a provider: for an address, or where there is none at all.

    A caller who brings one provider of the two decides about both.
    """
    if endpoint is not None:
        return True
    missing = type(global_provider).__name__ in {"ProxyTracerProvider", "ProxyLoggerProvider"}
    return missing and not brought


def force_flush(timeout: float = 5.0) -> bool:
    """Send everything queued so far; false if that takes more than `timeout` seconds.

    Blocks: call it at the end of a job, never in a request. Never raises.
    """
    deadline = monotonic() + timeout
    settings = runtime.current()
    done = True
    for provider in (
        settings.tracer_provider or trace.get_tracer_provider(),
        settings.logger_provider or _logs.get_logger_provider(),
    ):
        flush = getattr(provider, "force_flush", None)
        if flush is None:
            continue
        try:
            done = bool(flush(max(1, int((deadline - monotonic()) * 1000)))) and done
        except Exception:  # a processor of the user's
            _logger.warning("barograph: flushing failed", exc_info=True)
            done = False
    return done


def shutdown() -> None:
    """Send what is queued, stop what `configure` built, and watch nothing until it is called again.

    Done at exit by itself. Never raises.
    """
    global _built  # the one place that holds it
    with _lock:
        runtime.install(runtime.Runtime(enabled=False))
        previous, _built = _built, _Built()
    previous.shutdown()
