"""An id is found among the arguments, or else in the result; one that is in neither is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

import barograph
from barograph.runtime import current
from barograph.testing import Recorder
from tests.sdk.ways import WAYS, way


def missed(call: Callable[[], object]) -> int:
    """How many ids the call misses."""
    before = barograph.stats().failures.get("id", 0)
    call()
    return barograph.stats().failures.get("id", 0) - before


@dataclass
class Answer:
    order: str | None
    score: float


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("result", [0.5, "yes", None, {"score": 0.5}, Answer("a", 0.5)])
def test_a_name_that_neither_argument_nor_result_has_is_counted(how: str, result: Any) -> None:
    @barograph.observe(model="m", id="ordre")
    def predict(order: str) -> Any:
        return result

    with way(how), Recorder() as recorder:
        assert missed(lambda: predict("a")) == 1
    assert "barograph.prediction.id" not in recorder.predictions[0]


@pytest.mark.parametrize("how", WAYS)
def test_an_id_that_is_there_is_not_missed_even_if_it_is_empty(how: str) -> None:
    @barograph.observe(model="m", id="order")
    def by_argument(order: str | None) -> float:
        return 0.5

    @barograph.observe(model="m", id="order")
    def by_result(given: str | None) -> Answer:
        return Answer(given, 0.5)

    @barograph.observe(model="m", id="order.key")
    def by_path(order: dict[str, str]) -> float:
        return 0.5

    with way(how), Recorder():
        for given in ("a", None):
            assert missed(partial(by_argument, given)) == 0
            assert missed(partial(by_result, given)) == 0
        assert missed(lambda: by_path({"key": "a"})) == 0
        assert missed(lambda: by_path({"code": "a"})) == 1


def test_a_call_that_raises_has_no_result_to_look_at(recorder: Recorder) -> None:
    @barograph.observe(model="m", id="order")
    def predict(x: float) -> float:
        return 1 / x

    def failing() -> None:
        with pytest.raises(ZeroDivisionError):
            predict(0.0)

    assert missed(failing) == 0
    assert missed(lambda: predict(1.0)) == 1


def test_a_stream_and_a_batch_are_looked_at_too(recorder: Recorder) -> None:
    @barograph.observe(model="m", id="order")
    def stream(x: float) -> Iterator[str]:
        yield "a"

    @barograph.observe(model="m", id="order", batch=True)
    def batch(rows: list[dict[str, Any]]) -> list[float]:
        return [0.5 for _ in rows]

    assert missed(lambda: list(stream(1.0))) == 1
    assert missed(lambda: batch([{"x": 1.0}])) == 1
    assert missed(lambda: batch([{"order": "a", "x": 1.0}])) == 0
    assert missed(lambda: batch([])) == 0


def test_it_is_logged_once(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    @barograph.observe(model="m", id="ordre")
    def predict(order: str) -> float:
        return 0.5

    predict("a")
    caplog.clear()
    predict("b")
    assert not caplog.records


@pytest.mark.parametrize("capture", ["off", "summary", "full"])
def test_an_id_in_the_result_is_sent_whatever_is_captured(capture: str) -> None:
    @barograph.observe(model="m", id="order")
    def predict(x: float) -> Answer:
        return Answer("order-17", x)

    with Recorder(capture=capture) as recorder:
        predict(0.5)
        ref = barograph.current_ref()
    assert recorder.predictions[0]["barograph.prediction.id"] == "order-17"
    assert "barograph.output.order" not in recorder.predictions[0]
    assert ref is not None
    assert ref.prediction_id == "order-17"


def test_an_id_in_the_result_of_a_call_that_is_not_sent_gets_no_facts() -> None:
    @barograph.observe(model="m", id="order")
    def predict(x: float) -> Answer:
        return Answer("order-17", x)

    with Recorder(sample_rate=0.0) as recorder:
        predict(0.5)
        barograph.label("order-17", 1, model="m")
    assert recorder.facts == []
    with Recorder() as recorder:
        current().dropped.dropped("m", "order-17")
        predict(0.5)  # made again, and kept
        barograph.label("order-17", 1, model="m")
    assert len(recorder.facts) == 1
