"""Peers with a protocol of their own: the sink takes that too, and answers what they ask.

Their accounts are made up. Nothing else of theirs is replaced.
"""

import os

from benchmarks.sdk_overhead.contender import Contender, Watched, library, sink
from benchmarks.sdk_overhead.workload import predict

__all__ = ["OWN_PROTOCOL_PEERS"]


def opik() -> Watched:
    os.environ["OPIK_URL_OVERRIDE"] = f"{sink()}/api"
    _opik_alone()
    module = library("opik")
    watched = module.track(name="predict", flush=False)(predict)
    return Watched(watched, lambda: module.flush_tracker(timeout=60))


def opik_off() -> Watched:
    os.environ["OPIK_TRACK_DISABLE"] = "true"
    _opik_alone()
    return Watched(library("opik").track(name="predict")(predict))


def _opik_alone() -> None:
    """It also reports to its makers; not from here."""
    os.environ["OPIK_SENTRY_ENABLE"] = "false"
    os.environ["OPIK_ANALYTICS_ENABLE"] = "false"


def weave() -> Watched:
    _weave_alone()
    module = library("weave")
    client = library("weave.trace.weave_client")
    server = library("weave.trace_server_bindings.remote_http_trace_server")
    made = client.WeaveClient(
        "benchmark",
        "benchmark",
        server.RemoteHTTPTraceServer(sink(), should_batch=True),
        ensure_project_exists=False,
    )
    library("weave.trace.context.weave_client_context").set_weave_client_global(made)
    return Watched(module.op(name="predict")(predict), made.flush)


def weave_off() -> Watched:
    os.environ["WEAVE_DISABLED"] = "true"
    _weave_alone()
    return Watched(library("weave").op(name="predict")(predict))


def _weave_alone() -> None:
    os.environ["WANDB_MODE"] = "offline"
    os.environ["WANDB_ERROR_REPORTING"] = "false"
    os.environ["WEAVE_PRINT_CALL_LINK"] = "false"


def datadog() -> Watched:
    _datadog_alone()
    os.environ["DD_TRACE_AGENT_URL"] = sink()
    observability = library("ddtrace.llmobs").LLMObs
    observability.enable(ml_app="benchmark", agentless_enabled=False, integrations_enabled=False)
    tracer = library("ddtrace.trace").tracer

    def flush() -> None:
        tracer.flush()
        observability.flush()

    return Watched(library("ddtrace.llmobs.decorators").task(name="predict")(predict), flush)


def datadog_off() -> Watched:
    _datadog_alone()
    os.environ["DD_TRACE_ENABLED"] = "false"
    return Watched(library("ddtrace.llmobs.decorators").task(name="predict")(predict))


def _datadog_alone() -> None:
    os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
    os.environ["DD_REMOTE_CONFIGURATION_ENABLED"] = "false"
    os.environ["DD_TRACE_STARTUP_LOGS"] = "false"


OWN_PROTOCOL_PEERS = [
    Contender("Datadog", "ddtrace", datadog, datadog_off),
    Contender("Opik", "opik", opik, opik_off),
    Contender("Weave", "weave", weave, weave_off),
]
