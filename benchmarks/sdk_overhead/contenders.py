"""What is compared: each contender makes a watched `predict`, and what flushes it.

A contender is built in a process of its own, in an environment of its own. All send their spans
by OpenTelemetry's OTLP/HTTP exporter to the same sink, where they let themselves be told to;
Barograph uses its own. What a contender records by default is left as it is.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from benchmarks.sdk_overhead.workload import MODEL, VERSION, flatten, predict

__all__ = ["CONTENDERS", "Contender", "Watched"]

Predict = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Watched:
    call: Predict
    flush: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Contender:
    name: str
    requirement: str | None
    """What pip installs for it; None for what Barograph itself needs."""
    build: Callable[[], Watched]


def load(name: str) -> Any:
    """Import a library that is only in the contender's own environment."""
    return importlib.import_module(name)


def _provider() -> tuple[Any, Callable[[], object]]:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    return provider, provider.force_flush


def _exporter() -> Any:
    return OTLPSpanExporter()


def bare() -> Watched:
    return Watched(predict)


def raw() -> Watched:
    provider, flush = _provider()
    tracer = provider.get_tracer("benchmark")

    def call(features: dict[str, Any]) -> Any:
        with tracer.start_as_current_span("predict") as span:
            result = predict(features)
            span.set_attributes(flatten(features, result))
            return result

    return Watched(call, flush)


def barograph_() -> Watched:
    barograph = load("barograph")
    barograph.configure(endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"])
    return Watched(
        barograph.observe(model=MODEL, version=VERSION)(predict),
        lambda: barograph.force_flush(60),
    )


def barograph_disabled() -> Watched:
    barograph = load("barograph")
    barograph.configure(enabled=False)
    return Watched(barograph.observe(model=MODEL, version=VERSION)(predict))


def openinference() -> Watched:
    provider = load("openinference.instrumentation").TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    return Watched(provider.get_tracer("benchmark").chain(predict), provider.force_flush)


def logfire() -> Watched:
    library = load("logfire")
    processor = BatchSpanProcessor(_exporter())
    library.configure(send_to_logfire=False, console=False, additional_span_processors=[processor])
    watched = library.instrument("predict", extract_args=True, record_return=True)(predict)
    return Watched(watched, processor.force_flush)


def traceloop() -> Watched:
    os.environ["TRACELOOP_TELEMETRY"] = "false"
    os.environ["TRACELOOP_METRICS_ENABLED"] = "false"
    load("traceloop.sdk").Traceloop.init(
        app_name="benchmark",
        exporter=_exporter(),
        disable_batch=False,
        telemetry_enabled=False,
        instruments=set(),
    )
    task = load("traceloop.sdk.decorators").task
    provider: Any = trace.get_tracer_provider()
    return Watched(task(name="predict")(predict), provider.force_flush)


def openlit() -> Watched:
    library = load("openlit")
    provider, flush = _provider()
    trace.set_tracer_provider(provider)
    library.init(application_name="benchmark", disable_metrics=True, disable_events=True)
    return Watched(library.trace(predict), flush)


def langfuse() -> Watched:
    library = load("langfuse")
    client = library.Langfuse(
        public_key="pk-benchmark",
        secret_key="sk-benchmark",  # noqa: S106  # made up
        base_url=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"],
        span_exporter=_exporter(),
    )
    return Watched(library.observe(name="predict")(predict), client.flush)


def mlflow() -> Watched:
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = (
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces"
    )
    os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
    library = load("mlflow")
    provider = load("mlflow.tracing.provider").provider
    return Watched(library.trace(name="predict")(predict), lambda: provider.get().force_flush())


def ddtrace() -> Watched:
    os.environ["DD_TRACE_AGENT_URL"] = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"]
    os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
    os.environ["DD_REMOTE_CONFIGURATION_ENABLED"] = "false"
    tracer = load("ddtrace.trace").tracer

    def call(features: dict[str, Any]) -> Any:
        with tracer.trace("predict") as span:
            result = predict(features)
            for name, value in flatten(features, result).items():
                span.set_tag(name, value)
            return result

    return Watched(call, tracer.flush)


CONTENDERS = [
    Contender("bare call", None, bare),
    Contender("raw OpenTelemetry", None, raw),
    Contender("Barograph", None, barograph_),
    Contender("Barograph, disabled", None, barograph_disabled),
    Contender("OpenInference", "openinference-instrumentation", openinference),
    Contender("Traceloop", "traceloop-sdk", traceloop),
    Contender("Logfire", "logfire", logfire),
    Contender("Langfuse", "langfuse", langfuse),
    Contender("OpenLIT", "openlit", openlit),
    Contender("MLflow", "mlflow-tracing", mlflow),
    Contender("Datadog", "ddtrace", ddtrace),
]
