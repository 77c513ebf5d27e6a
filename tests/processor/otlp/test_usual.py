"""The fast way and the plain way read the same, whatever they are given."""

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from barograph_processor.exceptions import UndecodableError
from barograph_processor.otlp.decode import decode_traces, decode_traces_plainly
from barograph_processor.otlp.dimensions import TraceDimensions
from barograph_processor.otlp.usual import read_usual_traces
from tests.processor.otlp.build import attributes, prediction, resource_spans, span, traces
from tests.processor.otlp.sameness import assert_same

pytestmark = pytest.mark.usefixtures("way")

_FEATURES = ("a", "b", "amount", "größe")
_NAMES = st.sampled_from(["", "eu", "us", "ä" * 70, "x" * 300]) | st.text(max_size=4)
_INTS = st.sampled_from([0, 1, -1, 127, 128, 2**53 + 1]) | st.integers(-(2**63), 2**63 - 1)
_NUMBERS = st.floats() | _INTS
_TIMES = st.sampled_from(["2013-01-01T00:00:00Z", "2013-01-01", "", 1356998400, 0.5])
_SHARES = st.floats(0, 1) | st.sampled_from([0, 1])
_CODES = st.sampled_from([Status.STATUS_CODE_UNSET, Status.STATUS_CODE_ERROR])
_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "number": _NUMBERS,
    "double": st.floats(),
    "name": _NAMES,
    "bool": st.booleans(),
    "any": _NUMBERS | _NAMES | st.booleans(),
}


@st.composite
def usual_values(draw: st.DrawFn, kinds: dict[str, str]) -> dict[str, Any]:
    """Draw a call's attributes; each feature is of one kind."""
    options: dict[str, st.SearchStrategy[Any]] = {
        "task": st.sampled_from(["binary", "regression"]),
        "prediction.id": st.text(max_size=3) | st.integers(0, 9),
        "prediction.value": _NUMBERS,
        "prediction.label": _NAMES | st.booleans() | _NUMBERS,
        "prediction.confidence": _SHARES,
        "output.length": st.integers(0, 300),
        "slice.region": _NAMES,
        "event.time": _TIMES,
        "sample.rate": st.sampled_from([1.0, 0.5, 1]),
        "review.propensity": _SHARES,
        "task.positive": st.sampled_from(["yes", 1]),
        "task.threshold": st.sampled_from([0.5, 0.25, 1]),
        "model.version": st.sampled_from(["1", "2", ""]),
    }
    options |= {f"input.{name}": _KINDS[kind] for name, kind in kinds.items()}
    keys = draw(st.lists(st.sampled_from(sorted(options)), unique=True, max_size=8))
    return {key: draw(options[key]) for key in keys}


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Draw spans of a few call sites, some of them others' and some failed."""
    kinds = {name: draw(st.sampled_from(sorted(_KINDS))) for name in _FEATURES}
    drawn: list[Span] = []
    for number in range(draw(st.integers(1, 12))):
        if draw(st.integers(0, 5)) == 0:
            drawn.append(span(number, {"http.route": draw(_NAMES)}))
            continue
        values = draw(usual_values(kinds))
        if draw(st.booleans()) and drawn:
            # The same call site once more, with other values: what gathers alike.
            values = {
                key: draw(usual_values(kinds)).get(key, value) for key, value in values.items()
            }
        failed = Status(code=draw(_CODES))
        drawn.append(prediction(number, values, status=failed))
    return drawn


_RESOURCES = st.none() | st.dictionaries(
    st.sampled_from(["service.version", "deployment.environment", "host.name", "http.route"]),
    _NAMES | st.integers(0, 3) | st.lists(_NAMES, max_size=2),
)
DIMENSIONS = st.builds(
    TraceDimensions,
    resource=st.sampled_from([(), ("service.version", "deployment.environment.name")]),
    attributes=st.sampled_from([(), ("http.route",), ("http.route", "barograph.input.a")]),
    latency=st.booleans(),
    spans=st.booleans(),
)
_SPAN_NAMES = st.sampled_from(["", "retrieve", "GET /größe", "x" * 300]) | st.text(max_size=3)
_PARENTS = st.sampled_from([b"", b"\0" * 8, b"\1", (1).to_bytes(8), (5).to_bytes(8)])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw a request of some resources."""
    left = draw(spans())
    for each in left:
        each.end_time_unix_nano += draw(st.sampled_from([0, 10**6, 10**10, 10**16]))
        if draw(st.booleans()):
            each.name, each.parent_span_id = draw(_SPAN_NAMES), draw(_PARENTS)
        if draw(st.integers(0, 3)) == 0:
            each.attributes.extend(attributes({"http.route": draw(_NAMES)}))
    parts = []
    while left:
        count = draw(st.integers(1, len(left)))
        parts.append(resource_spans(*left[:count], resource=draw(_RESOURCES)))
        left = left[count:]
    return ExportTraceServiceRequest(resource_spans=parts).SerializeToString()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests(), DIMENSIONS)
def test_both_ways_read_the_same(payload: bytes, dimensions: TraceDimensions) -> None:
    found = read_usual_traces(payload, dimensions)
    assume(found is not None)
    assert found is not None
    assert_same(found, decode_traces_plainly(payload, dimensions))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_one_call_site_is_usual(data: st.DataObject) -> None:
    """What the SDK sends call after call goes the fast way."""
    drawn = [
        prediction(
            number,
            {
                "task": "binary",
                "prediction.value": data.draw(st.floats(allow_nan=False)),
                "prediction.confidence": data.draw(_SHARES),
                "input.amount": data.draw(_NUMBERS),
                "input.new": data.draw(st.booleans()),
                "input.country": data.draw(st.sampled_from(["DE", "FR"])),
                "slice.region": data.draw(_NAMES),
            },
        )
        for number in range(data.draw(st.integers(1, 20)))
    ]
    payload = traces(*drawn)
    found = read_usual_traces(payload)
    assert found is not None
    assert_same(found, decode_traces_plainly(payload))


@settings(max_examples=300, deadline=None)
@given(spans(), st.integers(0, 10**6), st.integers(0, 255), st.booleans())
def test_damaged_bytes_are_refused_or_read_alike(
    drawn: list[Span], place: int, byte: int, cut: bool
) -> None:
    whole = traces(*drawn)
    at = place % len(whole)
    payload = whole[:at] if cut else whole[:at] + bytes([byte]) + whole[at + 1 :]
    found = read_usual_traces(payload)
    try:
        expected = decode_traces_plainly(payload)
    except UndecodableError:
        # Where nothing of ours is damaged the fast way does not see it, and need not.
        return
    if found is not None:
        assert_same(found, expected)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300))
@example(b"\x0a\x02\x12\x00" * 100)
@example(b"\x0a\x04\x12\x02\x12\x00")
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    with contextlib.suppress(UndecodableError):
        decode_traces(payload)


def test_models_interleaved_and_ragged() -> None:
    drawn = [
        prediction(
            n,
            {
                "model.name": f"model-{n % 16}",
                f"input.f{n % 3}": float(n),
                f"input.c{n % 5}": "ab"[n % 2],
                "input.same": n if n % 16 < 8 else "text",
            },
        )
        for n in range(512)
    ]
    payload = traces(*drawn)
    found = read_usual_traces(payload)
    assert found is not None
    assert len(found.batches) == 16
    assert_same(found, decode_traces_plainly(payload))


@pytest.mark.parametrize(
    "unusual",
    [
        prediction(0, {"batch.size": 1, "input.x": [1.0]}),
        prediction(0, {"input.x": [1.0]}),
        prediction(0, {"input.x": b"raw"}),
        prediction(0, {"input.x": {"a": 1}}),
        prediction(0, {"prediction.confidence": 1.5}),
        prediction(0, {"task": "divination"}),
        prediction(0, {"sample.rate": 7}),
        prediction(0, {"event.time": "soon"}),
        prediction(0, {}, span_id=b"\1"),
        prediction(0, {}, end_time_unix_nano=1),
        prediction(0, {}, dropped_attributes_count=1),
        span(0, {"barograph.model.name": ""}),
        span(0, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-x"}),
    ],
)
def test_unusual_spans_are_read_by_the_plain_way(unusual: Span) -> None:
    payload = traces(prediction(1, {"input.x": 1.0}), unusual)
    assert_same(decode_traces(payload), decode_traces_plainly(payload))


@pytest.mark.parametrize(
    "others",
    [
        [],
        [prediction(1, {"input.y": 1.0})],
        [prediction(1, {"input.y": 1.0, "input.z": 1.0})],
    ],
    ids=["alike", "ragged", "twice among others"],
)
def test_key_twice_in_one_span(others: list[Span]) -> None:
    doubled = prediction(0, {"input.x": 1.0})
    doubled.attributes.extend(attributes({"barograph.input.x": 2.0}))
    payload = traces(doubled, *others)
    assert read_usual_traces(payload) is None
    assert_same(decode_traces(payload), decode_traces_plainly(payload))


def test_evaluation_events_are_not_overlooked() -> None:
    event = Span.Event(
        name="gen_ai.evaluation.result",
        attributes=attributes(
            {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.value": 0.5}
        ),
    )
    other = Span.Event(name="exception")
    assert len(decode_traces(traces(prediction(0, {}, events=[event, other]))).events) == 1
    found = read_usual_traces(traces(prediction(0, {}, events=[other])))
    assert found is not None


def test_several_resources_and_scopes() -> None:
    request = ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                scope_spans=[
                    ScopeSpans(spans=[prediction(2 * r + s, {"input.x": 1.0 * r})])
                    for s in range(2)
                ]
            )
            for r in range(2)
        ]
    )
    payload = request.SerializeToString()
    found = read_usual_traces(payload)
    assert found is not None
    assert_same(found, decode_traces_plainly(payload))
