"""Evaluations from a plain OpenTelemetry GenAI source, through the real Collector.

Neither side knows of Barograph: spans and events are as the semantic conventions of
generative AI have them, and all that joins them is the provider's ``gen_ai.response.id``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

from components import Collector, wait_until
from tests.end_to_end.chain import Chain, wait_for_answer

pytestmark = pytest.mark.components

_CALLS = 1250
"""A reference of 1,000, and two windows."""
_RESOURCE = Resource({"service.name": "assistant"})


@contextmanager
def _spans(collector: Collector) -> Iterator[TracerProvider]:
    provider = TracerProvider(resource=_RESOURCE, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=collector.otlp_grpc, insecure=True)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield provider
    finally:
        assert provider.force_flush()
        provider.shutdown()


def _chat(collector: Collector, model: str, responses: Sequence[str]) -> None:
    """Call a model as an instrumentation of a provider's client records it."""
    with _spans(collector) as provider:
        tracer = provider.get_tracer("opentelemetry.instrumentation.some_client")
        for response in responses:
            attributes = {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": model,
            }
            with tracer.start_as_current_span(
                f"chat {model}", kind=SpanKind.CLIENT, attributes=attributes
            ) as span:
                span.set_attribute("gen_ai.response.model", model)
                span.set_attribute("gen_ai.response.id", response)
                span.set_attribute("gen_ai.usage.output_tokens", 120)


def _evaluate(collector: Collector, responses: Sequence[str]) -> None:
    """Score responses where nobody knows their spans any more: three of four are good."""
    provider = LoggerProvider(resource=_RESOURCE, shutdown_on_exit=False)
    exporter = OTLPLogExporter(endpoint=collector.otlp_grpc, insecure=True)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("some_evaluator")
    for number, response in enumerate(responses):
        logger.emit(
            LogRecord(
                event_name="gen_ai.evaluation.result",
                attributes={
                    "gen_ai.evaluation.name": "relevance",
                    "gen_ai.evaluation.score.value": 0.0 if number % 4 == 0 else 1.0,
                    "gen_ai.response.id": response,
                },
            )
        )
    assert provider.force_flush()
    provider.shutdown()


@pytest.mark.parametrize("first", ["call", "evaluation"])
def test_an_evaluation_by_response_id_joins_in_either_order(chain: Chain, first: str) -> None:
    """And is in Prometheus, on the page's figures, and where one asks for the response."""
    model = f"assistant-{first}"
    responses = [f"chatcmpl-{first}-{number}" for number in range(_CALLS)]
    if first == "call":
        _chat(chain.collector, model, responses)
        wait_until(lambda: chain.counted(model)[0] == _CALLS, what="the calls")
        _evaluate(chain.collector, responses)
    else:
        _evaluate(chain.collector, responses)
        wait_for_answer(chain, "barograph_monitor_waiting", _CALLS)
        _chat(chain.collector, model, responses)
        wait_until(lambda: chain.counted(model)[0] == _CALLS, what="the calls")
    named = f'{{barograph_model_name="{model}",name="relevance"}}'
    wait_for_answer(chain, f"barograph_evaluation_score_count{named}", _CALLS)
    # The figures are those of the last closed window.
    _chat(chain.collector, model, [f"chatcmpl-{first}-later-{number}" for number in range(150)])
    path = f"/api/models/{model}/{quote(chain.model(model)['version'])}"

    def shown() -> dict[str, Any]:
        signals = chain.processor.api(path)["history"][-1]["signals"]
        found: dict[str, Any] = signals.get("evaluation", {}).get("relevance", {})
        return found

    # The reference has the scores of its own calls.
    wait_until(lambda: shown().get("scores") == _CALLS - 1000, what="the scores in a window")
    assert shown()["reference"] == 0.75
    assert shown()["value"] == pytest.approx(0.75, abs=0.01)
    wait_for_answer(chain, f"barograph_evaluation_mean_ratio{named}", shown()["value"])
    wait_for_answer(chain, "barograph_monitor_waiting", 0)
    [asked] = chain.processor.api(f"/api/predictions?id={quote(responses[4])}")["predictions"]
    assert (asked["model"], asked["evaluations"]) == (model, {"relevance": 0.0})
