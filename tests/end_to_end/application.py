"""An application with one model, watched through the real SDK."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

import barograph
from components import Collector

__all__ = ["Application", "sending"]

_PAUSE_S = 0.002
# So that requests that overtake each other would be too late for their windows.
_APART_S = 60.0
_HISTORY_S = 30 * 86400.0


@contextmanager
def sending(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, *, over: str = "http"
) -> Iterator[None]:
    """Point the SDK at a Collector; on leaving, everything is sent and nothing was dropped.

    Args:
        collector: A running one.
        monkeypatch: Sets OpenTelemetry's variables.
        over: ``http``, by an endpoint in code, or ``grpc``, by the variables.
    """
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    monkeypatch.setenv("OTEL_BLRP_SCHEDULE_DELAY", "100")
    endpoint: str | None = f"http://{collector.otlp_http}"
    if over == "grpc":
        endpoint = None
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{collector.otlp_grpc}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    before = barograph.stats()
    barograph.configure(service="shop", endpoint=endpoint, on_full="block")
    try:
        yield
    finally:
        barograph.shutdown()
    after = barograph.stats()
    assert after.spans.dropped + after.spans.failed == before.spans.dropped + before.spans.failed
    assert after.facts.dropped + after.facts.failed == before.facts.dropped + before.facts.failed
    assert after.failures == before.failures


class Application:
    """Asks a model about orders, and hears at once what was true. An order a minute.

    One thread at a time may call it; ``calls`` may be read from others.

    Args:
        model: The model's name.

    Attributes:
        calls: Calls of the model so far.
        labels: Labels sent so far.
        wrong: Ids of the predictions that their label contradicted.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.calls = 0
        self.labels = 0
        self.wrong: set[str] = set()
        self._random = random.Random(model)  # noqa: S311 - made-up orders
        self._began = time.time() - _HISTORY_S

        @barograph.observe(
            model=model,
            version="7",
            task="binary",
            id="order",
            time="placed",
            slices=("region",),
            threshold=0.5,
        )
        def predict(order: str, placed: datetime, amount: float, region: str) -> float:
            del order, placed, region
            return 0.9 if amount > 100 else 0.1

        self._predict = predict

    def call(self, count: int, *, wrong: float = 0.05, amount: float | None = None) -> None:
        """Predict and label so many orders.

        Args:
            count: How many.
            wrong: Share of them that the truth will contradict.
            amount: The feature of all of them; by default it varies.
        """
        for _ in range(count):
            order = f"{self.model}/{self.calls}"
            placed = datetime.fromtimestamp(self._began + _APART_S * self.calls, UTC)
            value = self._random.lognormvariate(4.5, 0.5) if amount is None else amount
            self.calls += 1
            said = self._predict(order, placed, value, self._random.choice(("eu", "us"))) > 0.5
            contradicted = self._random.random() < wrong
            if contradicted:
                self.wrong.add(order)
            barograph.label(order, said != contradicted, model=self.model, source="system")
            self.labels += 1

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Call on and on, a few hundred times a second, in a thread of its own."""
        enough = threading.Event()

        def call() -> None:
            while not enough.wait(_PAUSE_S):
                self.call(1)

        thread = threading.Thread(target=call, name=self.model)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()
