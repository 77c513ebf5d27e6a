"""``[exporter]``: how the downstream is spoken to."""

from barograph_processor.config.secret import check_source
from barograph_processor.config.table import Table, positive, waits

__all__ = ["ExporterConfig"]


class ExporterConfig(Table, frozen=True, kw_only=True):
    """What goes with every export, and what waits while the downstream is away.

    Attributes:
        headers: File or variable that holds headers as ``name=value`` lines, or
            separated by commas as in OTEL_EXPORTER_OTLP_HEADERS.
        ca: PEM file of the authorities to trust instead of the system's.
        cert: PEM file of the client's chain, for mTLS.
        key: PEM file of its private key.
        timeout_seconds: Time for one attempt.
        queue_bytes: Alarms on disk that wait for the downstream.
    """

    headers: str | None = None
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    timeout_seconds: float = 10.0
    queue_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        waits(timeout_seconds=self.timeout_seconds)
        positive(queue_bytes=self.queue_bytes)
        check_source("headers", self.headers)
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together: give both, or none")
