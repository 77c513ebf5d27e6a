"""The OTLP exporters that `configure` builds: for an address, or by OpenTelemetry's variables."""

import os
from typing import Literal
from urllib.parse import urlsplit

from opentelemetry.sdk._logs.export import LogRecordExporter
from opentelemetry.sdk.trace.export import SpanExporter

from barograph.exporter import BarographSpanExporter
from barograph.fact_exporter import FactExporter

__all__ = ["base_address", "fact_exporter", "protocol", "span_exporter"]

Signal = Literal["TRACES", "LOGS"]
_GRPC_PORTS = frozenset({4317, 34317})


def base_address(endpoint: str) -> str:
    """Return the base address of an OTLP/HTTP receiver, without a slash at its end.

    Raises:
        ValueError: It has no scheme or host, or is the address of one signal.

    Examples:
        >>> base_address("http://127.0.0.1:34318/")
        'http://127.0.0.1:34318'
    """
    address = endpoint.rstrip("/")
    try:
        parts = urlsplit(address)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        whole = False
    if not whole:
        raise ValueError(f"endpoint must be an address like http://host:34318, got {endpoint!r}")
    if address.endswith(("/v1/traces", "/v1/logs")):
        raise ValueError(f"endpoint must be the part before /v1, got {endpoint!r}")
    return address


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
        return BarographSpanExporter(endpoint=f"{base_address(endpoint)}/v1/traces")
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
        return FactExporter(endpoint=f"{base_address(endpoint)}/v1/logs")
    if _none("LOGS"):
        return None
    if protocol("LOGS") == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import (  # noqa: PLC0415  # gRPC is slow to import
            OTLPLogExporter as GrpcLogExporter,
        )

        return GrpcLogExporter()
    return FactExporter()
