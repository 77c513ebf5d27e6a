"""Export over OTLP/HTTP, as protobuf."""

import gzip
import ssl
from collections.abc import Mapping
from typing import Final

import httpx

from barograph_processor.exporter.post import post
from barograph_processor.exporter.transport import ExportSignal, Outcome

__all__ = ["HttpTransport"]

_PATHS: Final[Mapping[ExportSignal, str]] = {"metrics": "/v1/metrics", "logs": "/v1/logs"}
# https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
_RETRYABLE: Final = frozenset({429, 502, 503, 504})
_HEADERS: Final = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}


class HttpTransport:
    """Posts to ``{base}/v1/metrics`` and ``{base}/v1/logs``, gzipped.

    Args:
        base: Address before ``/v1``.
        trusted: Which servers to trust, and what to show them.
        headers: Of every request, such as a bearer token.
        timeout: Seconds for each of connecting, writing and reading.
    """

    def __init__(
        self, base: str, *, trusted: ssl.SSLContext, headers: Mapping[str, str], timeout: float
    ) -> None:
        self._base = base
        self._timeout = timeout
        # No proxy from the environment: what is exported goes where the configuration says.
        self._client = httpx.Client(
            headers={**_HEADERS, **headers}, timeout=timeout, verify=trusted, trust_env=False
        )

    def send(self, signal: ExportSignal, payload: bytes) -> Outcome:
        """Send a request; see ``Transport``."""
        return post(
            self._client,
            self._base + _PATHS[signal],
            gzip.compress(payload, 1),
            retryable=_RETRYABLE,
            patience=self._timeout,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
