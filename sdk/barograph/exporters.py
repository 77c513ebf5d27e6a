"""The OTLP exporters that `configure` builds: for an address, or by OpenTelemetry's variables."""

import os
from typing import Literal
from urllib.parse import urlsplit

from opentelemetry.sdk._logs.export import LogRecordExporter
from opentelemetry.sdk.trace.export import SpanExporter

from barograph.exporter import BarographSpanExporter
from barograph.fact_exporter import FactExporter

__all__ = ["fact_exporter", "protocol", "span_exporter"]

Signal = Literal["TRACES", "LOGS"]
_GRPC_PORTS = frozenset({4317, 34317})


def _environment(signal: Signal, name: str) -> str:
    """Read a signal's own variable, else the one for all signals."""
    return (
        os.environ.get(f"OTEL_EXPORTER_OTLP_{signal}_{name}")
        or os.environ.get(f"OTEL_EXPORTER_OTLP_{name}")
        or ""
    ).strip()


def protocol(signal: Signal) -> Literal["grpc", "http/protobuf"]:
    """Return the protocol to use where no address was given to `configure`.

    `OTEL_EXPORTER_OTLP_PROTOCOL` decides; without it the specification's default is HTTP, unless
    the endpoint has a port that is gRPC's by custom.
    """
    named = _environment(signal, "PROTOCOL")
    if named:
        return "grpc" if named == "grpc" else "http/protobuf"
    try:
        port = urlsplit(_environment(signal, "ENDPOINT")).port
    except ValueError:
        port = None
    return "grpc" if port in _GRPC_PORTS else "http/protobuf"


def _none(signal: Signal) -> bool:
    return os.environ.get(f"OTEL_{signal}_EXPORTER", "").strip().lower() == "none"


def span_exporter(endpoint: str | None) -> SpanExporter | None:
    """Return an exporter of spans; None if `OTEL_TRACES_EXPORTER` is `none`."""
    if endpoint is not None:
        return BarographSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    if _none("TRACES"):
        return None
    if protocol("TRACES") == "grpc":
        from barograph.grpc_exporter import (  # noqa: PLC0415  # gRPC is slow to import
            BarographGrpcSpanExporter,
        )

        return BarographGrpcSpanExporter()
    return BarographSpanExporter()


def fact_exporter(endpoint: str | None) -> LogRecordExporter | None:
    """Return an exporter of late facts; None if `OTEL_LOGS_EXPORTER` is `none`."""
    if endpoint is not None:
        return FactExporter(endpoint=f"{endpoint.rstrip('/')}/v1/logs")
    if _none("LOGS"):
        return None
    if protocol("LOGS") == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import (  # noqa: PLC0415  # gRPC is slow to import
            OTLPLogExporter as GrpcLogExporter,
        )

        return GrpcLogExporter()
    return FactExporter()
