"""The whole chain: Collector, processor, Prometheus and Jaeger, wired to each other."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import Collector, Jaeger, Processor, Prometheus, free_addresses, wait_until
from tests.end_to_end.application import Application
from tests.end_to_end.traffic import own_counter

__all__ = ["Chain", "running_chain", "wait_for_answer", "wait_for_counts"]

_CONFIG = """\
[serve]
evaluation_seconds = 0.5
[limits]
checkpoint_seconds = 2
[reference]
rows = 1000
[window]
rows = 100
[operations]
latency_p95_s = 1.0
error_rate = 0.01
"""


@dataclass(frozen=True)
class Chain:
    """What stands between an application and the people who watch it."""

    collector: Collector
    jaeger: Jaeger
    prometheus: Prometheus
    processor: Processor

    def model(self, name: str) -> dict[str, Any]:
        """Return a model as the processor's API has it; empty while it knows no such model."""
        models: list[dict[str, Any]] = self.processor.api("/api/models")["models"]
        return next((model for model in models if model["name"] == name), {})

    def counted(self, name: str) -> tuple[int, int]:
        """Return the predictions and the labels that the processor has counted of a model."""
        model = self.model(name)
        return (model["predictions"], model["labels"]) if model else (0, 0)

    def alarms(self, name: str, signal: str) -> list[dict[str, Any]]:
        """Return the alarms of a model, open or not, newest first."""
        alarms: list[dict[str, Any]] = self.processor.api("/api/alarms?state=all")["alarms"]
        return [one for one in alarms if one["model"] == name and one["signal"] == signal]

    def asked(self, promql: str) -> float:
        """Return the sum of what Prometheus answers; nothing is zero."""
        return sum(sample["value"] for sample in self.prometheus.query(promql))

    def owed(self) -> float:
        """Return how much waits for the processor in the Collector's queue, bytes."""
        return own_counter(self.collector, "otelcol_exporter_queue_size", "otlp_grpc/barograph")


@contextmanager
def running_chain(directory: Path) -> Iterator[Chain]:
    """Start all of it, each on free ports, the Collector with ``otel-config.yaml`` unchanged."""
    config = directory / "barograph.toml"
    config.write_text(_CONFIG)
    otlp_grpc = free_addresses(1)[0]
    with ExitStack() as stack:
        jaeger = stack.enter_context(Jaeger(directory))
        collector = stack.enter_context(
            Collector(directory, processor=otlp_grpc, traces_backend=jaeger.otlp_grpc)
        )
        processor = stack.enter_context(
            Processor(directory, otlp_grpc=otlp_grpc, export=collector.derived, config=config)
        )
        prometheus = stack.enter_context(Prometheus(directory, {"collector": collector.prometheus}))
        yield Chain(collector, jaeger, prometheus, processor)


def wait_for_counts(chain: Chain, application: Application) -> None:
    """Wait until the processor has counted every call and label, then see that it stops there."""
    sent = (application.calls, application.labels)
    wait_until(
        lambda: chain.counted(application.model) >= sent, what=f"{sent} counted", timeout=120
    )
    wait_until(lambda: chain.owed() == 0, what="an empty queue")
    assert chain.counted(application.model) == sent


def wait_for_answer(chain: Chain, promql: str, value: float) -> None:
    """Wait until this is what Prometheus answers."""
    wait_until(lambda: chain.asked(promql) == value, what=f"{promql} = {value}")
