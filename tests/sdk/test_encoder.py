"""The encoder writes what the official one writes, for spans of every kind."""

# the models of a test ignore what they are given

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags, TraceState
from opentelemetry.trace.status import Status, StatusCode

import barograph
from barograph.encoder import encode_requests
from barograph.testing import Recorder
from tests.sdk.otlp_server import OtlpServer


def normal(message: ExportTraceServiceRequest) -> bytes:
    """The message with attributes in order: their order means nothing."""
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                entries = sorted(span.attributes, key=lambda entry: entry.key)
                del span.attributes[:]
                span.attributes.extend(entries)
    return bytes(message.SerializeToString(deterministic=True))


def ours(spans: Any) -> bytes:
    (request,) = encode_requests(spans)
    assert len(request) == len(spans)
    return normal(ExportTraceServiceRequest.FromString(request.body))


def official(spans: Any) -> bytes:
    return normal(encode_spans(spans))


ids = st.integers(1, 2**64 - 1)
times = st.integers(0, 2**63)
integers = st.integers(-(2**63), 2**63 - 1)
scalars = st.text() | integers | st.floats() | st.booleans()
arrays = (
    st.lists(st.text(), min_size=1)
    | st.lists(integers, min_size=1)
    | st.lists(st.floats(), min_size=1)
    | st.lists(st.booleans(), min_size=1)
).map(tuple)
attributes = st.dictionaries(st.text(min_size=1), scalars | arrays, max_size=6)
states = st.sampled_from([None, TraceState([("vendor", "1")])])
contexts = st.builds(
    SpanContext,
    st.integers(1, 2**128 - 1),
    ids,
    st.booleans(),
    st.sampled_from([TraceFlags(0), TraceFlags(1), TraceFlags(3)]),
    states,
)
spans = st.builds(
    ReadableSpan,
    name=st.text(),
    context=contexts,
    parent=st.none() | contexts,
    resource=st.sampled_from([Resource({"service.name": "a"}), Resource({}, "https://schema")]),
    attributes=attributes | st.none(),
    events=st.lists(st.builds(Event, st.text(), attributes, times), max_size=1),
    links=st.lists(st.builds(Link, contexts, attributes), max_size=1),
    kind=st.sampled_from(SpanKind),
    status=st.sampled_from([Status(), Status(StatusCode.OK), Status(StatusCode.ERROR, "why")]),
    start_time=times,
    end_time=times,
    instrumentation_scope=st.sampled_from(
        [InstrumentationScope("a"), InstrumentationScope("b", "2", "https://schema", {"k": 1})]
    ),
)


@given(st.lists(spans, min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_spans_are_encoded_alike(batch: list[ReadableSpan]) -> None:
    for _ in range(3):  # the second time by a layout that is made then
        assert ours(batch) == official(batch)


features = st.dictionaries(
    st.text(min_size=1, max_size=40),
    st.text(max_size=70) | integers | st.floats() | st.booleans(),
    max_size=12,
)


@given(st.lists(features, min_size=1, max_size=4), st.text(min_size=1, max_size=80))
@settings(max_examples=200, deadline=None)
def test_recorded_calls_are_encoded_alike(calls: list[dict[str, Any]], key: str) -> None:
    @barograph.observe(model="mödel", id="key")
    def inner(key: str, features: dict[str, Any]) -> dict[str, Any]:
        return {"label": "a", "confidence": 0.5, "n": -1.0}

    @barograph.observe(model="outer")
    def outer(features: dict[str, Any]) -> float:
        inner(key, features)
        return math.inf

    with Recorder() as recorder:
        for call in calls * 2:
            outer(call)
    assert len(recorder.spans) == 4 * len(calls)
    assert ours(recorder.spans) == official(recorder.spans)


def test_batches_are_encoded_alike() -> None:
    @barograph.observe(model="m", batch=True, id="id")
    def score(rows: list[dict[str, Any]]) -> list[float]:
        return [0.5] * len(rows)

    with Recorder() as recorder:
        score([{"id": at, "x": at / 7, "n": -at, "flag": at % 2 == 0} for at in range(1000)])
    assert ours(recorder.spans) == official(recorder.spans)


def test_large_requests_are_split_and_complete() -> None:
    @barograph.observe(model="m", batch=True)
    def score(x: list[float]) -> list[float]:
        return x

    with Recorder() as recorder:
        for _ in range(6):
            score([0.5] * 5_000)
    requests = list(encode_requests(recorder.spans, limit=250_000))
    assert sum(map(len, requests)) == 6
    bodies = [request.body for request in requests]
    assert len(bodies) == 3
    assert all(len(body) < 260_000 for body in bodies)
    parsed = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    count = sum(len(r.resource_spans[0].scope_spans[0].spans) for r in parsed)
    assert count == 6


@pytest.mark.parametrize("value", [b"bytes", (1, "mixed"), {"a": 1}, (), None])
def test_unusual_values_take_the_official_way(value: Any) -> None:
    span = ReadableSpan(
        "odd",
        SpanContext(1, 2, is_remote=False),
        attributes={"key": value},
        start_time=1,
        end_time=2,
        instrumentation_scope=InstrumentationScope("a"),
    )
    assert ours([span]) == official([span])


def test_a_span_that_cannot_be_encoded_costs_itself_alone(server: OtlpServer) -> None:
    barograph.configure(endpoint=server.endpoint)

    @barograph.observe(model="m")
    def score(x: float) -> float:
        if x == 2.0:
            trace.get_current_span().update_name("\ud800")
        return x

    before = barograph.stats().failures.get("encode", 0)
    for at in range(5):
        score(float(at))
    assert barograph.force_flush(20)
    assert len(server.spans) == 4
    assert barograph.stats().failures["encode"] == before + 1


def test_lone_surrogates_are_replaced(server: OtlpServer) -> None:
    barograph.configure(endpoint=server.endpoint)

    @barograph.observe(
        model="m\ud800", version="\ud801", id="key", slices=("s",), positive="\ud802"
    )
    def score(key: str, s: str, **rest: Any) -> str:
        return "\ud800"

    for _ in range(2):
        score("k\udfff", "s\ud800", **{"\ud800": "\ud800"})
    barograph.label("k\udfff", "\ud800")
    assert barograph.force_flush(20)
    assert len(server.spans) == 2
    sent = {entry.key: entry.value.string_value for entry in server.spans[1].attributes}
    assert sent["barograph.prediction.id"] == "k?"
    assert sent["barograph.model.name"] == "m?"
    (record,) = server.records
    assert {entry.key: entry.value.string_value for entry in record.attributes}[
        "barograph.prediction.id"
    ] == "k?"


def test_the_exporter_works_in_the_official_processor() -> None:
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # this test's own
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # the same

    with OtlpServer() as server:
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = barograph.BarographSpanExporter(endpoint=f"{server.endpoint}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
        with provider.get_tracer("other").start_as_current_span("plain") as span:
            span.set_attribute("a", 1)
        provider.shutdown()
        assert [span.name for span in server.spans] == ["plain"]


def test_spans_and_facts_arrive_over_grpc(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent import futures  # noqa: PLC0415  # this test's own

    import grpc  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415  # slow to import
    from opentelemetry.proto.collector.trace.v1 import (  # noqa: PLC0415  # this test's own
        trace_service_pb2_grpc as service,
    )
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415
        ExportTraceServiceResponse,
    )

    got: list[ExportTraceServiceRequest] = []

    class Servicer(service.TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802  # gRPC's
            got.append(request)
            return ExportTraceServiceResponse()

    server = grpc.server(futures.ThreadPoolExecutor(2))
    service.add_TraceServiceServicer_to_server(Servicer(), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "none")
    barograph.configure()

    @barograph.observe(model="m", task="regression")
    def score(x: float) -> float:
        return x

    for at in range(600):
        score(float(at))
    assert barograph.force_flush(20)
    barograph.configure(enabled=False)
    server.stop(0)
    spans = [s for r in got for rs in r.resource_spans for ss in rs.scope_spans for s in ss.spans]
    assert len(spans) == 600
