"""Jaeger, Collector and Prometheus, wired to each other, with room for the demo."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from components.collector import Collector
from components.errors import ComponentError
from components.jaeger import Jaeger
from components.process import accepts_tcp, free_addresses
from components.prometheus import Prometheus

__all__ = ["Stage"]

_USUAL = ("127.0.0.1:34317", "127.0.0.1:34318", "127.0.0.1:34380")


class Stage:
    """Everything but the application and the processor; a context manager that runs it.

    Args:
        directory: For logs, the Collector's queue and Prometheus's data.
        usual_ports: Use the ports that the documentation names, instead of free ones.

    Attributes:
        jaeger: Gets the traces.
        collector: Gets everything; sends to ``processor``.
        prometheus: Scrapes the Collector.
        processor: Where the demo's processor is to take OTLP over gRPC, ``host:port``.
        processor_http: Where it is to take OTLP over HTTP.
        web: Where its page is to be.

    Raises:
        ComponentMissingError: A program is not there.
    """

    def __init__(self, directory: Path, *, usual_ports: bool) -> None:
        self.processor, self.processor_http, self.web = (
            _USUAL if usual_ports else free_addresses(len(_USUAL))
        )
        self.jaeger = Jaeger(directory, usual_ports=usual_ports)
        self.collector = Collector(
            directory,
            processor=self.processor,
            traces_backend=self.jaeger.otlp_grpc,
            usual_ports=usual_ports,
        )
        self.prometheus = Prometheus(
            directory, {"collector": self.collector.prometheus}, usual_port=usual_ports
        )
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start everything.

        Raises:
            ComponentError: A program did not start, or another one listens on a port of ours;
                it would answer in our name.
        """
        taken = [address for address in self._addresses() if accepts_tcp(address)]
        if taken:
            raise ComponentError(
                f"another program listens on {', '.join(taken)}: end it, or use --free-ports"
            )
        with ExitStack() as starting:
            for component in (self.jaeger, self.collector, self.prometheus):
                starting.enter_context(component)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._running.close()

    def _addresses(self) -> Iterator[str]:
        jaeger, collector = self.jaeger, self.collector
        yield from (self.processor, self.processor_http, self.web)
        yield from (jaeger.otlp_grpc, jaeger.otlp_http, jaeger.query)
        yield from (collector.otlp_grpc, collector.otlp_http, collector.derived)
        yield from (collector.prometheus, collector.health, collector.own_metrics)
        yield self.prometheus.address
