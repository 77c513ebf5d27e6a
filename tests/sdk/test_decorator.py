"""Every shape of call is watched, and stays what it was."""

# ruff: noqa: ARG002  # the models of a test ignore what they are given

import asyncio
import copy
import functools
import inspect
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.status import StatusCode

import barograph
from barograph import semconv
from barograph.testing import Recorder


@barograph.observe(model="fraud", version="3.1", task="binary", id="order_id", slices=("region",))
def predict(order_id: str, amount: float, region: str = "EU") -> float:
    """Predict fraud."""
    return 0.25 if amount else 0.5


class Model:
    rate = 2.0

    @barograph.observe(model="method")
    def method(self, x: float) -> float:
        return x * self.rate

    @barograph.observe(model="above")
    @classmethod
    def class_above(cls, x: float) -> float:
        return x * cls.rate

    @classmethod
    @barograph.observe(model="below")
    def class_below(cls, x: float) -> float:
        return x * cls.rate

    @barograph.observe(model="above")
    @staticmethod
    def static_above(x: float) -> float:
        return x

    @staticmethod
    @barograph.observe(model="below")
    def static_below(x: float) -> float:
        return x


class Scorer:
    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, x: float) -> float:
        return x * self.scale

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scorer) and other.scale == self.scale

    __hash__ = None  # type: ignore[assignment]  # by value


def test_a_call_is_a_span_as_the_wire_page_says(recorder: Recorder) -> None:
    assert predict("order-17", 3.5, region="US") == 0.25
    (span,) = recorder.spans
    assert span.name == "predict fraud"
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.schema_url == semconv.SCHEMA_URL
    assert dict(span.attributes or {}) == {
        "barograph.model.name": "fraud",
        "barograph.model.version": "3.1",
        "barograph.task": "binary",
        "barograph.prediction.id": "order-17",
        "barograph.input.amount": 3.5,
        "barograph.input.region": "US",
        "barograph.slice.region": "US",
        "barograph.prediction.value": 0.25,
    }


def test_a_default_counts_as_an_argument(recorder: Recorder) -> None:
    predict("order-17", 3.5)
    assert recorder.predictions[0]["barograph.input.region"] == "EU"


def test_bare_uses_the_functions_name_and_the_default_version(recorder: Recorder) -> None:
    @barograph.observe
    def score(x: float) -> float:
        return x

    score(1.5)
    (span,) = recorder.spans
    assert span.name == "predict score"
    assert (span.attributes or {})[semconv.MODEL_VERSION] == "unversioned"
    assert semconv.TASK not in (span.attributes or {})
    assert semconv.PREDICTION_ID not in (span.attributes or {})


def test_the_function_keeps_its_face() -> None:
    assert predict.__name__ == "predict"
    assert predict.__doc__ == "Predict fraud."
    assert list(inspect.signature(predict).parameters) == ["order_id", "amount", "region"]
    original = predict.__wrapped__  # type: ignore[attr-defined]  # of functools.wraps
    assert original("order-17", 1.0) == 0.25
    assert pickle.loads(pickle.dumps(predict)) is predict  # noqa: S301  # what is tested


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("method", "method"),
        ("class_above", "above"),
        ("class_below", "below"),
        ("static_above", "above"),
        ("static_below", "below"),
    ],
)
def test_methods_of_all_kinds_are_watched_without_their_receiver(
    recorder: Recorder, name: str, model: str
) -> None:
    expected = 3.0 if "static" in name else 6.0
    assert getattr(Model(), name)(3.0) == expected
    (attributes,) = recorder.predictions
    assert attributes[semconv.MODEL_NAME] == model
    assert {key for key in attributes if key.startswith(semconv.INPUT_PREFIX)} == {
        "barograph.input.x"
    }
    assert attributes["barograph.prediction.value"] == expected


@pytest.mark.parametrize("name", ["class_above", "class_below", "static_above", "static_below"])
def test_class_and_static_methods_work_on_the_class_itself(recorder: Recorder, name: str) -> None:
    getattr(Model, name)(3.0)
    assert len(recorder.spans) == 1


def test_a_callable_object_stays_itself(recorder: Recorder) -> None:
    scorer = barograph.observe(model="scorer")(Scorer(3.0))
    assert scorer(2.0) == 6.0
    assert isinstance(scorer, Scorer)
    assert scorer.scale == 3.0
    again = pickle.loads(pickle.dumps(scorer))  # noqa: S301  # what is tested
    assert again == Scorer(3.0)
    assert again(1.0) == copy.copy(scorer)(1.0) == 3.0
    assert len(recorder.spans) == 3


def test_a_partial_is_watched(recorder: Recorder) -> None:
    observed = barograph.observe(model="partial")(functools.partial(max, 3))
    assert observed(5) == 5
    assert len(recorder.spans) == 1


def test_a_builtin_without_a_signature_is_watched(recorder: Recorder) -> None:
    assert barograph.observe(model="builtin")(max)(1, 2) == 2
    assert recorder.predictions[0]["barograph.prediction.value"] == 2.0


async def test_a_coroutine_is_watched_in_its_own_task(recorder: Recorder) -> None:
    @barograph.observe(model="async")
    async def score(x: float) -> float:
        await asyncio.sleep(0)
        assert trace.get_current_span().is_recording()
        return x

    assert inspect.iscoroutinefunction(score)
    assert list(await asyncio.gather(score(1.0), score(2.0))) == [1.0, 2.0]
    assert {p["barograph.prediction.value"] for p in recorder.predictions} == {1.0, 2.0}
    assert not trace.get_current_span().get_span_context().is_valid


async def test_a_cancelled_coroutine_ends_its_span_without_an_error(recorder: Recorder) -> None:
    @barograph.observe(model="async")
    async def score() -> None:
        await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await score()
    (span,) = recorder.spans
    assert span.status.status_code is StatusCode.UNSET
    assert (span.attributes or {})["barograph.output.cancelled"] == 1


def test_calls_nest_in_one_trace(recorder: Recorder) -> None:
    @barograph.observe(model="outer")
    def outer(x: float) -> float:
        return inner(x)

    @barograph.observe(model="inner")
    def inner(x: float) -> float:
        return x

    outer(1.0)
    first, second = recorder.spans
    assert first.parent is not None
    assert second.context is not None
    assert first.parent.span_id == second.context.span_id
    assert second.parent is None


def test_the_current_span_is_ours_and_takes_what_users_add(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    def score(x: float) -> float:
        span = trace.get_current_span()
        assert span.is_recording()
        span.set_attribute("user.key", "value")
        span.add_event("thought", {"a": 1})
        span.record_exception(ValueError("handled"))
        span.add_link(trace.SpanContext(1, 2, is_remote=True))
        return x

    score(1.0)
    (span,) = recorder.spans
    assert (span.attributes or {})["user.key"] == "value"
    assert [event.name for event in span.events] == ["thought", "exception"]
    assert span.links[0].context.trace_id == 1


def test_an_exception_passes_and_is_reported_by_type_alone(recorder: Recorder) -> None:
    error = ValueError("the secret message")

    @barograph.observe(model="m")
    def score(x: float) -> float:
        raise error

    with pytest.raises(ValueError, match="the secret message") as caught:
        score(1.0)
    assert caught.value is error
    (span,) = recorder.spans
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert (span.attributes or {})["barograph.input.x"] == 1.0
    assert [dict(event.attributes or {}) for event in span.events] == [
        {"exception.type": "ValueError"}
    ]
    assert "secret" not in span.to_json()


def test_full_capture_has_the_message_and_the_stack() -> None:
    @barograph.observe(model="m")
    def score() -> None:
        raise KeyError("why ada@example.org")

    with Recorder(capture="full") as recorder, pytest.raises(KeyError):
        score()
    attributes = dict(recorder.spans[0].events[0].attributes or {})
    assert attributes["exception.message"] == "'why [email]'"
    assert "test_decorator.py" in str(attributes["exception.stacktrace"])
    assert "ada@example.org" not in str(attributes["exception.stacktrace"])


def test_the_same_object_comes_back() -> None:
    result: dict[str, Any] = {"label": "a", "confidence": 0.5}

    @barograph.observe(model="m")
    def score() -> dict[str, Any]:
        return result

    with Recorder():
        assert score() is result
    assert result == {"label": "a", "confidence": 0.5}


def test_inputs_are_those_before_the_call(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    def score(features: dict[str, float]) -> float:
        return features.pop("amount")

    score({"amount": 3.0, "age": 40})
    assert recorder.predictions[0]["barograph.input.amount"] == 3.0
    assert recorder.predictions[0]["barograph.input.age"] == 40


def test_wrong_arguments_raise_what_python_raises(recorder: Recorder) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        predict("order-17")  # type: ignore[call-arg]  # what is tested
    assert (recorder.spans[0].attributes or {})["error.type"] == "TypeError"


@pytest.mark.parametrize(
    "options",
    [{"task": "guess"}, {"model": ""}, {"threshold": 1.5}],
    ids=["task", "model", "threshold"],
)
def test_a_wrong_option_fails_at_decoration(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        barograph.observe(**options)(predict)


@pytest.mark.parametrize("target", [Model, 3], ids=["class", "number"])
def test_what_cannot_be_watched_fails_at_decoration(target: Any) -> None:
    with pytest.raises(TypeError, match="observe"):
        barograph.observe(target)


def test_without_a_provider_calls_run_bare() -> None:
    barograph.configure(enabled=False)
    assert predict("order-17", 1.0) == 0.25
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def test_positive_and_threshold_are_sent_where_stated(recorder: Recorder) -> None:
    @barograph.observe(model="m", task="binary", positive="fraud", threshold=0.7)
    def score() -> float:
        return 0.5

    score()
    assert recorder.predictions[0]["barograph.task.positive"] == "fraud"
    assert recorder.predictions[0]["barograph.task.threshold"] == 0.7


def test_a_wide_model_loses_no_name(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry drops the oldest attribute beyond 128: that must not be the model's name."""
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "128")

    @barograph.observe(model="wide", version="2")
    def score(features: dict[str, float]) -> float:
        return 0.5

    features = {f"x{at}": float(at) for at in range(300)}
    score(features)
    assert len(recorder.predictions[0]) == 303
    with Recorder() as narrow:
        score(features)
    (attributes,) = narrow.predictions
    assert len(attributes) == 128
    assert attributes[semconv.MODEL_NAME] == "wide"
    assert attributes[semconv.MODEL_VERSION] == "2"
    assert attributes[semconv.PREDICTION_VALUE] == 0.5


def test_on_start_of_a_users_processor_may_set_attributes() -> None:
    from opentelemetry.sdk.trace import Span, SpanProcessor  # noqa: PLC0415  # this test's own
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415
        InMemorySpanExporter,
    )

    class Stamp(SpanProcessor):
        def on_start(self, span: Span, parent_context: Any = None) -> None:
            assert (span.attributes or {})[semconv.MODEL_NAME] == "fraud"
            span.set_attribute("tenant", "blue")

    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Stamp())
    provider.add_span_processor(SimpleSpanProcessor(memory))
    barograph.configure(tracer_provider=provider)
    predict("order-17", 1.0)
    barograph.configure(enabled=False)
    assert (memory.get_finished_spans()[0].attributes or {})["tenant"] == "blue"


def test_a_generator_is_one(recorder: Recorder) -> None:
    @barograph.observe(model="gen")
    def stream(x: float) -> Iterator[str]:
        yield from ("a", "b")

    @barograph.observe(model="agen")
    async def astream(x: float) -> AsyncIterator[str]:
        yield "a"

    assert inspect.isgeneratorfunction(stream)
    assert inspect.isasyncgenfunction(astream)
    assert list(stream(1.0)) == ["a", "b"]
    assert len(recorder.spans) == 1


def test_selectors_take_names_paths_and_callables(recorder: Recorder) -> None:
    def band(self: Any, order: dict[str, Any]) -> str:
        return "high" if order["amount"] > 100 else "low"

    class Service:
        @barograph.observe(
            model="m",
            id=lambda order: order["key"],
            slices=("order.region", band),
            features={"amount": "order.amount", "twice": lambda order: order["amount"] * 2},
            output="risk",
        )
        def predict(self, order: dict[str, Any]) -> dict[str, Any]:
            return {"risk": 0.25, "trace": "x"}

    Service().predict({"key": "order-17", "amount": 250.0, "region": "EU"})
    (attributes,) = recorder.predictions
    assert attributes == {
        "barograph.model.name": "m",
        "barograph.model.version": "unversioned",
        "barograph.prediction.id": "order-17",
        "barograph.slice.region": "EU",
        "barograph.slice.band": "high",
        "barograph.input.amount": 250.0,
        "barograph.input.twice": 500.0,
        "barograph.prediction.value": 0.25,
    }


def test_a_cached_method_keeps_its_cache(recorder: Recorder) -> None:
    class Service:
        @barograph.observe(model="m")
        @functools.lru_cache(maxsize=8)  # noqa: B019  # what is tested
        def predict(self, x: float) -> float:
            return x

    service = Service()
    assert service.predict(1.0) == service.predict(1.0) == 1.0
    assert Service.predict.cache_info().hits == 1
    assert len(recorder.spans) == 2


def test_the_first_call_under_a_dropped_parent_takes_nothing_from_later_ones() -> None:
    """The fast path proves itself at its first call, whatever context that has."""
    script = """
from opentelemetry import context, trace
import barograph
from barograph.span import PredictionSpan
from barograph.testing import Recorder
parent = trace.SpanContext(1, 1, is_remote=True, trace_flags=trace.TraceFlags(0))
@barograph.observe(model="m")
def score(): return 0.5
with Recorder() as recorder:
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(parent)))
    score()
    context.detach(token)
    score()
assert [type(span) for span in recorder.spans] == [PredictionSpan]
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
