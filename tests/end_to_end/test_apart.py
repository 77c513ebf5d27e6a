"""What sets the bad predictions apart, from the real SDK through the real Collector."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer, use_span

import barograph
from components import Collector, wait_until
from tests.end_to_end.application import sending
from tests.end_to_end.chain import Chain

pytestmark = pytest.mark.components

_MODEL = "answers"
_APART_S = 60.0
# Told, not slept: on a busy machine a level of time would be no level of its own.
_USUAL_NS, _SLOW_NS = 2_000_000, 300_000_000
_SLOW = "trace.span.retrieve=256 ms-1 s"


class Assistant:
    """Answers from what it retrieves, of a hot and of a cold part of an index.

    From some time on the cold part is slow, and what is answered from it is wrong.
    """

    def __init__(self, tracer: Tracer) -> None:
        self.calls = self.labels = 0
        self._random = random.Random(7)  # noqa: S311 - made-up questions
        self._began = time.time() - 30 * 86400.0
        self._untold: list[tuple[str, bool]] = []

        @barograph.observe(
            model=_MODEL, version="1", task="binary", id="question", time="asked", threshold=0.5
        )
        def answer(question: str, asked: datetime, length: float, took_ns: int) -> float:
            del question, asked
            start_ns = time.time_ns()
            retrieve = tracer.start_span("retrieve", start_time=start_ns)
            with use_span(retrieve), tracer.start_as_current_span("rank"):
                pass
            retrieve.end(start_ns + took_ns)
            return 0.9 if length > 100 else 0.1

        self._answer = answer

    def call(self, count: int, *, slow: bool) -> None:
        """Answer so many questions."""
        for _ in range(count):
            question = f"q{self.calls}"
            asked = datetime.fromtimestamp(self._began + _APART_S * self.calls, UTC)
            bad = slow and self._random.random() < 0.4
            self.calls += 1
            length = self._random.lognormvariate(4.5, 0.5)
            said = self._answer(question, asked, length, _SLOW_NS if bad else _USUAL_NS) > 0.5
            wrong = self._random.random() < (0.6 if bad else 0.05)
            self._untold.append((question, said != wrong))

    def tell(self) -> None:
        """Send the labels of what was asked since the last time."""
        for question, truth in self._untold:
            barograph.label(question, truth, model=_MODEL, source="system")
        self.labels += len(self._untold)
        self._untold.clear()


@contextmanager
def tracing(collector: Collector) -> Iterator[Tracer]:
    """Have the spans below a prediction sent by an exporter of their own, as they often are."""
    provider = TracerProvider()
    exporter = OTLPSpanExporter(f"http://{collector.otlp_http}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=100))
    try:
        yield provider.get_tracer("assistant")
    finally:
        provider.shutdown()


def _slices(chain: Chain, question: str) -> dict[str, Any]:
    (found,) = chain.processor.api(f"/api/predictions?id={question}")["predictions"]
    slices: dict[str, Any] = found["slices"]
    return slices


def test_an_alarm_names_the_retriever_that_became_slow(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, report: Callable[[str], None]
) -> None:
    """No label, no attribute of the model's own says so; traffic without harm names nothing."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.version=2.1,cloud.region=eu-1")
    with sending(chain.collector, monkeypatch), tracing(chain.collector) as tracer:
        assistant = Assistant(tracer)

        def answer(count: int, *, slow: bool) -> None:
            assistant.call(count, slow=slow)
            last = f"q{assistant.calls - 1}"
            wait_until(lambda: chain.counted(_MODEL)[0] >= assistant.calls, what="the predictions")
            # Whoever hears of a prediction's truth has waited longer than its spans take.
            wait_until(
                lambda: _slices(chain, last).get("trace.span.rank") not in (None, "absent"),
                what="the spans below the last prediction",
            )
            assistant.tell()
            wait_until(lambda: chain.counted(_MODEL)[1] >= assistant.labels, what="the labels")

        for _ in range(10):
            answer(200, slow=False)
        slices = _slices(chain, f"q{assistant.calls - 1}")
        assert slices["trace.service.version"] == "2.1"
        assert slices["trace.cloud.region"] == "eu-1"
        assert {"trace.latency", "trace.span.retrieve", "trace.span.rank"} <= slices.keys()
        alarms = chain.processor.api("/api/alarms?state=all")["alarms"]
        assert [alarm for alarm in alarms if alarm["model"] == _MODEL] == []
        for _ in range(10):
            answer(100, slow=True)
    alarms = wait_until(lambda: chain.alarms(_MODEL, "risk"), what="a risk alarm")
    others = chain.alarms(_MODEL, "slice")
    said = [alarm["sentence"] for alarm in (*alarms, *others)]
    assert any(_SLOW in sentence for sentence in said), said
    named = [dict(apart["slice"]) for apart in alarms[0]["apart"]]
    named += [alarm["slice"] for alarm in others]
    assert all(name.startswith("trace.") for slice_ in named for name in slice_), named
    report(f"{alarms[0]['sentence']} {[alarm['sentence'] for alarm in others]}")
