"""What of a prediction's trace becomes a dimension that quality is broken down by."""

from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from barograph_processor.config import TracesConfig
from barograph_processor.observation import ObservationBatch
from barograph_processor.otlp import NOTHING, Table, TraceDimensions, batches_of, decode_traces
from tests.processor.otlp.build import START_NS, prediction, resource_spans, span, traces

_USUAL = TraceDimensions.of(TracesConfig())


def _levels(batch: ObservationBatch) -> dict[str, list[str | None]]:
    return {name: column.values() for name, column in batch.slices.items()}


def _only(payload: bytes, dimensions: TraceDimensions = _USUAL) -> dict[str, list[str | None]]:
    (batch,) = decode_traces(payload, dimensions).batches
    return _levels(batch)


def test_resource_and_latency_by_default() -> None:
    resource = {"service.version": "2.1", "cloud.region": "eu-1", "process.pid": 17}
    found = _only(traces(prediction(0, {"slice.kind": "a"}), resource=resource))
    assert found == {
        "kind": ["a"],
        "trace.service.version": ["2.1"],
        "trace.cloud.region": ["eu-1"],
        "trace.latency": ["64-256 ms"],
    }


def test_nothing_unless_asked_for() -> None:
    payload = traces(prediction(0, {}), resource={"service.version": "2.1"})
    assert _only(payload, NOTHING) == {}
    assert _only(payload, TraceDimensions.of(TracesConfig(enabled=False))) == {}


@pytest.mark.parametrize(
    ("resource", "level"),
    [
        ({"deployment.environment": "old"}, "old"),
        ({"deployment.environment.name": "new"}, "new"),
        ({"deployment.environment": "old", "deployment.environment.name": "new"}, "new"),
        ({"deployment.environment": "old", "deployment.environment.name": ""}, "old"),
    ],
)
def test_environment_by_its_older_name_too(resource: dict[str, str], level: str) -> None:
    found = _only(traces(prediction(0, {}), resource=resource))
    assert found["trace.deployment.environment.name"] == [level]


@pytest.mark.parametrize("batch", [False, True], ids=["usual", "plain"])
def test_listed_attributes_of_the_span_or_else_of_the_resource(batch: bool) -> None:
    """A batch call goes the plain way; its rows share what their span has."""
    values: dict[str, Any] = {"batch.size": 2, "input.x": [1.0, 2.0]} if batch else {}
    drawn = [prediction(n, values) for n in range(3)]
    for each, route in zip(drawn, ["/a", "", None], strict=True):
        if route is not None:
            attribute = each.attributes.add(key="http.route")
            attribute.value.string_value = route
    dimensions = TraceDimensions(attributes=("http.route",), latency=True)
    payload = traces(*drawn, resource={"http.route": "/"})
    found = _only(payload, dimensions)
    rows = 2 if batch else 1
    assert found["trace.http.route"] == ["/a"] * rows + ["/"] * 2 * rows
    assert ("trace.latency" in found) is not batch


def test_what_is_no_scalar_is_no_level() -> None:
    resource = {"service.version": ["1", "2"], "host.name": b"raw", "cloud.region": 3}
    found = _only(traces(prediction(0, {}), resource=resource))
    assert found.keys() == {"trace.cloud.region", "trace.latency"}
    assert found["trace.cloud.region"] == ["3"]


def test_gen_ai_and_open_inference_spans_have_them_too() -> None:
    calls = [
        span(0, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
        span(1, {"openinference.span.kind": "LLM", "llm.model_name": "n"}),
    ]
    decoded = decode_traces(traces(*calls, resource={"service.version": "7"}), _USUAL)
    for batch in decoded.batches:
        found = _levels(batch)
        assert found["trace.service.version"] == ["7"]
        assert found["trace.latency"] == ["64-256 ms"]


def test_rows_of_several_resources_keep_their_own() -> None:
    parts = [
        resource_spans(prediction(0, {}), prediction(1, {}), resource={"service.version": "1"}),
        resource_spans(span(2, {}), prediction(3, {}), resource={"cloud.region": "eu"}),
        resource_spans(prediction(4, {})),
    ]
    payload = ExportTraceServiceRequest(resource_spans=parts).SerializeToString()
    (batch,) = decode_traces(payload, TraceDimensions(_USUAL.resource)).batches
    assert batch.ids[:, 2].tolist() == [1, 2, 4, 5]
    assert _levels(batch) == {
        "trace.service.version": ["1", "1", None, None],
        "trace.cloud.region": [None, None, "eu", None],
    }


def test_requests_of_different_resources_are_one_batch() -> None:
    resources = [{"service.version": "1"}, {"cloud.region": "eu"}, {}]
    tables: list[Table] = []
    for number, resource in enumerate(resources):
        payload = traces(prediction(number, {"input.x": 1.0}), resource=resource)
        (table,) = decode_traces(payload, TraceDimensions(_USUAL.resource)).predictions
        assert isinstance(table, Table)
        tables.append(table)
    (batch,) = batches_of(tables)
    assert _levels(batch) == {
        "trace.service.version": ["1", None, None],
        "trace.cloud.region": [None, "eu", None],
    }


def test_latency_by_absolute_levels() -> None:
    ends = [0, 1_000_000, 3_999_999, 4_000_000, 5 * 10**9, 10**12]
    drawn = [prediction(n, {}, end_time_unix_nano=START_NS + n + end) for n, end in enumerate(ends)]
    assert _only(traces(*drawn))["trace.latency"] == [
        *("under 0.25 ms", "1-4 ms", "1-4 ms", "4-16 ms", "4-16 s", "over 64 s"),
    ]
