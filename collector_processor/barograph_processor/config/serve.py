"""``[serve]``: addresses, and where state is kept."""

import re
from typing import Final, Literal

from barograph_processor.config.table import Table, waits

__all__ = ["ServeConfig"]

_HOST_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")

_PAGE: Final = re.compile(r"https?://[^\s?#<>|]+")


class ServeConfig(Table, frozen=True, kw_only=True):
    """Where the service listens, keeps its state, and exports to.

    Attributes:
        state_dir: Journal and checkpoints.
        otlp_grpc: ``HOST:PORT`` of OTLP/gRPC.
        otlp_http: ``HOST:PORT`` of OTLP/HTTP.
        web: ``HOST:PORT`` of the page, the API and ``/metrics``.
        hosts: Names by which HTTP clients may call it, beside addresses and names
            without a dot.
        trust_network: Whether to listen beyond this machine without TLS or without
            asking who comes, because something else sees to it.
        export: Where metrics and alarms are sent: ``HOST:PORT`` for OTLP/gRPC, an
            http URL for OTLP/HTTP. None sends nothing.
        public_url: Under which people reach the page; links in notifications start with it.
        trace_url: Template of a link to a trace, with ``{trace_id}``.
        evaluation_seconds: Time between two exports.
        log_format: How the log on stderr is written.
    """

    state_dir: str = "barograph-state"
    otlp_grpc: str = "127.0.0.1:34317"
    otlp_http: str = "127.0.0.1:34318"
    web: str = "127.0.0.1:34380"
    hosts: tuple[str, ...] = ()
    trust_network: bool = False
    export: str | None = None
    public_url: str | None = None
    trace_url: str | None = None
    evaluation_seconds: float = 5.0
    log_format: Literal["text", "json"] = "text"

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        waits(evaluation_seconds=self.evaluation_seconds)
        for name in ("otlp_grpc", "otlp_http", "web"):
            address = getattr(self, name)
            host, _, port = address.rpartition(":")
            if not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - a port
                raise ValueError(f"{name} must be HOST:PORT, got {address!r}")
        for host in self.hosts:
            if not _HOST_NAME.fullmatch(host):
                raise ValueError(f"hosts must be names without a port, got {host!r}")
        if self.public_url is not None and not _PAGE.fullmatch(self.public_url):
            raise ValueError(f"public_url must be an http or https URL, got {self.public_url!r}")
        if self.trace_url is not None and "{trace_id}" not in self.trace_url:
            raise ValueError(f"trace_url must hold {{trace_id}}, got {self.trace_url!r}")
