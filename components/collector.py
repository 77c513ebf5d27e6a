"""The OpenTelemetry Collector with this repository's ``otel-config.yaml``."""

import subprocess
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

from components.build import COLLECTOR
from components.errors import ComponentError
from components.process import Process, free_addresses, http_get

__all__ = ["CONFIG", "Collector", "validate"]

CONFIG = Path(__file__).resolve().parent.parent / "otel-config.yaml"

# Names from otel-config.yaml, without their common prefix, and the usual addresses.
_PREFIX = "BAROGRAPH_COLLECTOR_"
_USUAL = {
    "OTLP_GRPC": "127.0.0.1:4317",
    "OTLP_HTTP": "127.0.0.1:4318",
    "DERIVED": "127.0.0.1:14317",
    "PROMETHEUS": "127.0.0.1:8889",
    "HEALTH": "127.0.0.1:13133",
    "METRICS": "127.0.0.1:8888",
    "PROCESSOR": "127.0.0.1:34317",
    "TRACES_BACKEND": "127.0.0.1:24317",
}


class Collector(Process):
    """A Collector that runs ``otel-config.yaml`` unchanged; a context manager, see Process.

    All addresses are ``host:port``. Every one that is not given is a free one;
    for ``processor`` and ``traces_backend`` that means that nobody answers
    there, until the caller starts something on it.

    Args:
        directory: For its log, and for its queue in ``queue``.
        processor: Where the processor listens for OTLP over gRPC.
        traces_backend: Where a traces backend listens for OTLP over gRPC.
        usual_ports: Listen on the ports that the configuration has by default,
            and expect the others on theirs, instead of on free ones.
        span_metrics_flush: How often span_metrics are updated.
        env: More variables, named as in ``otel-config.yaml``; they win.
        config: Another configuration, or several, which the Collector merges.
        binary: Another Collector than the one that is built here.

    Attributes:
        otlp_grpc: Takes OTLP over gRPC from applications.
        otlp_http: Takes OTLP over HTTP from applications.
        derived: Takes what the processor derives, OTLP over gRPC.
        prometheus: Serves ``/metrics`` to Prometheus.
        health: Answers 200 on ``/`` once everything runs.
        own_metrics: Serves the Collector's own ``/metrics``.
        processor: Where it sends for the processor.
        traces_backend: Where it sends traces.
        queue: Directory of the queue on disk.

    Raises:
        ComponentMissingError: The Collector has not been built.
    """

    def __init__(
        self,
        directory: Path,
        *,
        processor: str | None = None,
        traces_backend: str | None = None,
        usual_ports: bool = False,
        span_metrics_flush: str = "1s",
        env: Mapping[str, str] | None = None,
        config: Path | Sequence[Path] = CONFIG,
        binary: Path | None = None,
    ) -> None:
        usual = dict(_USUAL)
        addresses = (
            usual if usual_ports else dict(zip(usual, free_addresses(len(usual)), strict=True))
        )
        addresses["PROCESSOR"] = processor or addresses["PROCESSOR"]
        addresses["TRACES_BACKEND"] = traces_backend or addresses["TRACES_BACKEND"]
        self.otlp_grpc = addresses["OTLP_GRPC"]
        self.otlp_http = addresses["OTLP_HTTP"]
        self.derived = addresses["DERIVED"]
        self.prometheus = addresses["PROMETHEUS"]
        self.health = addresses["HEALTH"]
        self.own_metrics = addresses.pop("METRICS")
        self.processor = addresses["PROCESSOR"]
        self.traces_backend = addresses["TRACES_BACKEND"]
        self.queue = directory / "queue"
        configs = [config] if isinstance(config, Path) else config
        host, _, port = self.own_metrics.rpartition(":")
        settings = {
            **{_PREFIX + name: address for name, address in addresses.items()},
            _PREFIX + "METRICS_HOST": host,
            _PREFIX + "METRICS_PORT": port,
            _PREFIX + "QUEUE_DIR": str(self.queue),
            _PREFIX + "SPAN_METRICS_FLUSH": span_metrics_flush,
            **(env or {}),
        }
        super().__init__(
            "collector",
            [str(binary or COLLECTOR.find()), *(f"--config={file}" for file in configs)],
            directory=directory,
            env=settings,
            ready=lambda: http_get(self.health, "/")[0] == HTTPStatus.OK,
        )

    def exposition(self) -> str:
        """Return what Prometheus would scrape from it, as OpenMetrics text, with exemplars.

        Raises:
            ComponentError: It answered something else than 200.
            OSError: It does not answer.
        """
        return _scrape(self.prometheus)

    def own_exposition(self) -> str:
        """Return the Collector's metrics about itself; raises as ``exposition`` does."""
        return _scrape(self.own_metrics)


def validate(
    config: Path = CONFIG, *, env: Mapping[str, str] | None = None, binary: Path | None = None
) -> None:
    """Have the Collector check a configuration, without starting it.

    Args:
        config: The configuration.
        env: The whole environment that its variables come from; empty by
            default, so that its defaults are checked.
        binary: Another Collector than the one that is built here.

    Raises:
        ComponentError: The configuration is wrong; the message says where.
        ComponentMissingError: The Collector has not been built.
    """
    command = [str(binary or COLLECTOR.find()), "validate", "--config", str(config)]
    done = subprocess.run(command, env=dict(env or {}), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ComponentError(f"{config} is not valid:\n{done.stdout}{done.stderr}")


def _scrape(address: str) -> str:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    status, body = http_get(address, "/metrics", headers=accept)
    if status != HTTPStatus.OK:
        raise ComponentError(f"{address}/metrics answered {status}: {body[:200]!r}")
    return body.decode()
