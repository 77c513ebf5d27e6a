"""Peers that send by OTLP: all use OpenTelemetry's exporter, to the same sink.

What a peer records by default is left as it is.
"""

import os
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from benchmarks.sdk_overhead.contender import Contender, Watched, exporter, library, provider, sink
from benchmarks.sdk_overhead.workload import flatten, predict

__all__ = ["OTLP_PEERS", "RAW"]


def raw() -> Watched:
    made, flush = provider()
    return Watched(_by_hand(made.get_tracer("benchmark")), flush)


def raw_off() -> Watched:
    return Watched(_by_hand(trace.get_tracer("benchmark")))


def _by_hand(tracer: trace.Tracer) -> Any:
    def call(features: dict[str, Any]) -> Any:
        with tracer.start_as_current_span("predict") as span:
            result = predict(features)
            if span.is_recording():
                span.set_attributes(flatten(features, result))
            return result

    return call


def openinference() -> Watched:
    made = library("openinference.instrumentation").TracerProvider()
    made.add_span_processor(BatchSpanProcessor(exporter()))
    return Watched(made.get_tracer("benchmark").chain(predict), made.force_flush)


def openinference_off() -> Watched:
    os.environ["OTEL_SDK_DISABLED"] = "true"
    return openinference()


def traceloop() -> Watched:
    os.environ["TRACELOOP_METRICS_ENABLED"] = "false"
    library("traceloop.sdk").Traceloop.init(
        app_name="benchmark",
        exporter=exporter(),
        disable_batch=False,
        telemetry_enabled=False,
        instruments=set(),
    )
    made: Any = trace.get_tracer_provider()
    task = library("traceloop.sdk.decorators").task
    return Watched(task(name="predict")(predict), made.force_flush)


def traceloop_off() -> Watched:
    library("traceloop.sdk").Traceloop.init(enabled=False)
    return Watched(library("traceloop.sdk.decorators").task(name="predict")(predict))


def logfire() -> Watched:
    processor = BatchSpanProcessor(exporter())
    library("logfire").configure(
        send_to_logfire=False, console=False, additional_span_processors=[processor]
    )
    return Watched(_logfire(), processor.force_flush)


def logfire_off() -> Watched:
    os.environ["LOGFIRE_IGNORE_NO_CONFIG"] = "1"
    return Watched(_logfire())


def _logfire() -> Any:
    instrument = library("logfire").instrument
    return instrument("predict", extract_args=True, record_return=True)(predict)


def langfuse(*, on: bool = True) -> Watched:
    module = library("langfuse")
    client = module.Langfuse(
        public_key="pk-benchmark",
        secret_key="sk-benchmark",  # noqa: S106  # made up
        base_url=sink(),
        span_exporter=exporter(),
        tracing_enabled=on,
    )
    return Watched(module.observe(name="predict")(predict), client.flush)


def langfuse_off() -> Watched:
    return langfuse(on=False)


def openlit() -> Watched:
    module = library("openlit")
    made, flush = provider()
    trace.set_tracer_provider(made)
    module.init(application_name="benchmark", disable_metrics=True, disable_events=True)
    return Watched(module.trace(predict), flush)


def openlit_off() -> Watched:
    os.environ["OTEL_SDK_DISABLED"] = "true"
    return openlit()


def mlflow() -> Watched:
    # Where OpenTelemetry's metrics would go too, MLflow sends some: needs the whole of MLflow.
    os.environ.pop("OTEL_EXPORTER_OTLP_ENDPOINT")
    os.environ["MLFLOW_TRACKING_URI"] = sink()
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{sink()}/v1/traces"
    os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
    watched = library("mlflow").trace(name="predict")(predict)
    made = library("mlflow.tracing.provider").provider
    return Watched(watched, lambda: made.get().force_flush())


def mlflow_off() -> Watched:
    os.environ["MLFLOW_TRACKING_URI"] = sink()
    library("mlflow").tracing.disable()
    return Watched(library("mlflow").trace(name="predict")(predict))


RAW = Contender("raw OpenTelemetry", None, raw, raw_off)
OTLP_PEERS = [
    Contender("OpenInference", "openinference-instrumentation", openinference, openinference_off),
    Contender("Traceloop", "traceloop-sdk httpx", traceloop, traceloop_off),
    Contender("OpenLIT", "openlit", openlit, openlit_off),
    Contender("Logfire", "logfire", logfire, logfire_off),
    Contender("Langfuse", "langfuse", langfuse, langfuse_off),
    Contender("MLflow", "mlflow-tracing", mlflow, mlflow_off),
]
