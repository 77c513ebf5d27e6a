"""Export over OTLP/HTTP, as protobuf."""

import gzip
import math
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from barograph_processor.exporter.transport import ExportSignal, Outcome

__all__ = ["HttpTransport"]

_PATHS: Final[Mapping[ExportSignal, str]] = {"metrics": "/v1/metrics", "logs": "/v1/logs"}
# https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
_RETRYABLE: Final = frozenset({429, 502, 503, 504})
_OK: Final = range(200, 300)
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
        # No proxy from the environment: what is exported goes where the configuration says.
        self._client = httpx.Client(
            headers={**_HEADERS, **headers}, timeout=timeout, verify=trusted, trust_env=False
        )

    def send(self, signal: ExportSignal, payload: bytes) -> Outcome:
        """Send a request; see ``Transport``."""
        try:
            answer = self._client.post(
                self._base + _PATHS[signal], content=gzip.compress(payload, 1)
            )
        except httpx.HTTPError as error:
            return Outcome("failed", str(error) or type(error).__name__)
        if answer.status_code in _OK:
            return Outcome("sent")
        message = f"HTTP {answer.status_code}"
        if answer.status_code in _RETRYABLE:
            return Outcome("failed", message, _retry_after(answer.headers.get("retry-after")))
        return Outcome("refused", message)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _retry_after(header: str | None) -> float | None:
    """Read seconds or a date; None if it is neither."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
