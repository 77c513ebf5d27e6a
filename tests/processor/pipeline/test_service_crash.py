"""kill -9 of the whole service: its metrics end as those of a run that was never interrupted."""

import random
import time
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from components.process import http_get
from components.processor import Processor
from tests.processor.otlp.build import START_NS, logs, prediction, record, span, traces

_KILLS = 5
_SPANS = 100
_REQUESTS = 60
_TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_CONFIG = """
[reference]
rows = 1000
[window]
rows = 500
[limits]
checkpoint_seconds = 0.2
"""
# About the process, not about the models: what it holds now, and what it was asked twice.
_OWN = ("barograph_monitor_", "#")


def _request(number: int, labels: bool) -> tuple[str, bytes]:
    rng = random.Random(number)  # noqa: S311 - the same request in both runs
    first = (number // 2 if labels else number) * _SPANS
    if labels and number % 2:
        return _LOGS, logs(
            *(
                record(
                    "barograph.label",
                    {
                        "barograph.prediction.id": f"p{n}",
                        "barograph.label.value": rng.random() < 0.3,
                        "barograph.label.time": 1_700_000_000 + n,
                    },
                )
                for n in range(first, first + _SPANS)
            )
        )
    return _TRACES, traces(
        *(
            prediction(
                n,
                {
                    "task": "binary",
                    "prediction.id": f"p{n}",
                    "prediction.value": rng.random(),
                    "input.x": rng.gauss(0.0 if n < 2000 else 3.0, 1.0),
                    "input.c": rng.choice("abc"),
                    "event.time": 1_700_000_000 + n,
                },
            )
            for n in range(first, first + _SPANS)
        ),
        *(_called(n) for n in range(first, first + _SPANS)),
    )


def _called(number: int) -> Span:
    """What a prediction called: of the next request, of this one, or of the one before."""
    above = (number + _SPANS * (number % 3 - 1) + 1) % 10**6
    start = START_NS + above
    return span(
        10**6 + number,
        {},
        name=("retrieve", "rank")[number % 2],
        trace_id=above.to_bytes(16),
        parent_span_id=above.to_bytes(8),
        start_time_unix_nano=start,
        end_time_unix_nano=start + 10 ** (5 + number % 4),
    )


def _send(processor: Processor, number: int, labels: bool) -> bool:
    path, payload = _request(number, labels)
    with grpc.insecure_channel(processor.otlp_grpc) as channel:
        export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            path, request_serializer=None, response_deserializer=None
        )
        try:
            export(payload, timeout=30)
        except grpc.RpcError:
            return False
    return True


def _metrics(processor: Processor) -> dict[str, str]:
    """Return the models' series once everything acknowledged is processed."""
    while True:
        _, body = http_get(processor.web, "/metrics")
        lines = [line for line in body.decode().splitlines() if line]
        if "barograph_monitor_queue_bytes 0.0" in lines:
            break
        time.sleep(0.1)
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith(_OWN))


@pytest.mark.parametrize("labels", [True, False], ids=["labels-between", "spans-alone"])
def test_killed_and_uninterrupted_services_show_the_same(tmp_path: Path, labels: bool) -> None:
    """Where spans alone come, requests are joined, and in other groups after each crash."""
    config = tmp_path / "barograph.toml"
    config.write_text(_CONFIG)
    rng = random.Random(1)  # noqa: S311 - reproducible
    kills = sorted(rng.sample(range(5, _REQUESTS), _KILLS))

    with Processor(tmp_path / "straight", config=config) as processor:
        for number in range(_REQUESTS):
            assert _send(processor, number, labels)
        expected = _metrics(processor)

    with Processor(tmp_path / "killed", config=config) as processor:
        for number in range(_REQUESTS):
            assert _send(processor, number, labels)
            if number in kills:
                time.sleep(rng.uniform(0.0, 0.3))
                processor.kill()
                processor.start()
                # The Collector does not know that it was acknowledged, and sends it again.
                assert _send(processor, number, labels)
        found = _metrics(processor)

    assert found["barograph_predictions_total" + _labels("m", "1")] == (
        "3000.0" if labels else "6000.0"
    )
    # What was called is among the slices that do worst.
    assert any("trace.span.r" in name for name in expected) is labels
    assert found == expected


def _labels(name: str, version: str) -> str:
    return f'{{barograph_model_name="{name}",barograph_model_version="{version}"}}'
