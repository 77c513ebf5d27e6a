"""Jaeger, a traces backend, with its traces in memory."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from components.build import JAEGER
from components.errors import ComponentError
from components.process import Process, accepts_tcp, free_addresses, http_get

__all__ = ["Jaeger"]

_CONFIG = JAEGER.directory / "config.yaml"
_USUAL = {
    "OTLP_GRPC": "127.0.0.1:24317",
    "OTLP_HTTP": "127.0.0.1:24318",
    "QUERY_HTTP": "127.0.0.1:16686",
    "QUERY_GRPC": "127.0.0.1:16685",
}


class Jaeger(Process):
    """A Jaeger whose traces are gone when it stops; a context manager, see Process.

    Its page is a placeholder, since the page's files are not in the Go module;
    its query API is the real one.

    Args:
        directory: For its log.
        usual_ports: Listen on 24317, 24318 (OTLP) and 16686 (query), where
            ``otel-config.yaml`` expects a backend, instead of on free ports.
        binary: Another Jaeger than the one that is built here.

    Attributes:
        otlp_grpc: ``host:port`` that takes OTLP over gRPC.
        otlp_http: ``host:port`` that takes OTLP over HTTP.
        query: ``host:port`` of the HTTP query API.

    Raises:
        ComponentMissingError: Jaeger has not been built.
    """

    def __init__(
        self, directory: Path, *, usual_ports: bool = False, binary: Path | None = None
    ) -> None:
        usual = dict(_USUAL)
        addresses = (
            usual if usual_ports else dict(zip(usual, free_addresses(len(usual)), strict=True))
        )
        self.otlp_grpc = addresses["OTLP_GRPC"]
        self.otlp_http = addresses["OTLP_HTTP"]
        self.query = addresses["QUERY_HTTP"]
        super().__init__(
            "jaeger",
            [str(binary or JAEGER.find()), "--config", str(_CONFIG)],
            directory=directory,
            env={f"BAROGRAPH_JAEGER_{name}": address for name, address in addresses.items()},
            ready=lambda: (
                http_get(self.query, "/api/services")[0] == HTTPStatus.OK
                and accepts_tcp(self.otlp_grpc)
            ),
        )

    def trace(self, trace_id: str) -> dict[str, Any] | None:
        """Return a trace as Jaeger's HTTP API has it, or None while it has no such trace.

        Args:
            trace_id: 32 hex digits.

        Returns:
            Keys ``traceID``, ``spans`` (each with ``spanID``, ``operationName``,
            ``tags``, ``startTime`` and ``duration`` in microseconds) and ``processes``.

        Raises:
            ComponentError: Jaeger answered with an error.
            OSError: It does not answer.
        """
        status, body = http_get(self.query, f"/api/traces/{trace_id}")
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            raise ComponentError(f"Jaeger answered {status} to trace {trace_id}: {body[:200]!r}")
        traces: list[dict[str, Any]] = json.loads(body)["data"]
        return traces[0] if traces else None

    def has(self, trace_id: str) -> bool:
        """Tell whether Jaeger has a trace; raises as ``trace`` does.

        Also of a trace with an attribute that is NaN or infinite: Jaeger keeps
        it, but ``trace``, like Jaeger's page, gets an error instead of it.
        """
        status, body = http_get(self.query, f"/api/v3/traces/{trace_id}")
        if status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
            raise ComponentError(f"Jaeger answered {status} to trace {trace_id}: {body[:200]!r}")
        return status == HTTPStatus.OK

    def services(self) -> list[str]:
        """Return the service names that it has seen; raises as ``trace`` does."""
        status, body = http_get(self.query, "/api/services")
        if status != HTTPStatus.OK:
            raise ComponentError(f"Jaeger answered {status} to /api/services: {body[:200]!r}")
        return sorted(json.loads(body)["data"] or [])
