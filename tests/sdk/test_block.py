"""A block of code is one prediction."""

from typing import Any

import pytest

import barograph
from barograph.testing import Recorder


def test_the_manual_form_of_the_wire_page(recorder: Recorder) -> None:
    with barograph.prediction(
        model="gpt-x",
        task="generation",
        id="q-1",
        slices={"tier": "free"},
        features={"temperature": 0.2},
        time=0,
    ) as p:
        p.input(documents=3)
        p.output("It will rain.", confidence=0.8, relevance=0.5)
        assert p.ref is not None
        ref = p.ref
    (span,) = recorder.spans
    assert span.name == "chat gpt-x"
    attributes = recorder.predictions[0]
    assert attributes["barograph.prediction.id"] == ref.id == "q-1"
    assert attributes["barograph.slice.tier"] == "free"
    assert attributes["barograph.input.temperature"] == 0.2
    assert attributes["barograph.input.documents"] == 3
    assert attributes["barograph.event.time"] == "1970-01-01T00:00:00+00:00"
    assert attributes["barograph.prediction.confidence"] == 0.8
    assert attributes["barograph.output.length"] == 13
    assert attributes["barograph.output.relevance"] == 0.5
    assert "rain" not in str(attributes)
    assert barograph.current_ref() == ref


def test_stated_parts_win(recorder: Recorder) -> None:
    with barograph.prediction(model="m", task="multiclass") as p:
        p.output({"label": "a", "confidence": 0.1}, label="b", value=2)
    attributes = recorder.predictions[0]
    assert attributes["barograph.prediction.label"] == "b"
    assert attributes["barograph.prediction.value"] == 2.0
    assert attributes["barograph.prediction.confidence"] == 0.1


def test_an_exception_passes(recorder: Recorder) -> None:
    with pytest.raises(ZeroDivisionError), barograph.prediction(model="m"):
        _ = 1 / 0
    assert (recorder.spans[0].attributes or {})["error.type"] == "ZeroDivisionError"


def test_switched_off_it_does_nothing() -> None:
    barograph.configure(enabled=False)
    with barograph.prediction(model="m") as p:
        p.input(x=1)
        p.output(0.5)
        assert p.ref is None
        barograph.label(p.ref, "x")


@pytest.mark.parametrize("positive", [True, 1, "1"])
def test_blocks_that_differ_in_an_option_alone_are_kept_apart(
    recorder: Recorder, positive: object
) -> None:
    for _ in range(2):
        with barograph.prediction(model="m", task="binary", positive=positive) as p:
            p.output(0.5)
    sent = recorder.predictions[-1].get("barograph.task.positive")
    assert (sent, type(sent)) == (positive, type(positive))


@pytest.mark.parametrize("option", [{"positive": ["a"]}, {"task": "guess"}, {"holdout": 7}])
def test_a_wrong_option_fails_at_once(option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        barograph.prediction(model="m", **option)


def test_a_slice_of_a_block_is_no_feature(recorder: Recorder) -> None:
    for _ in range(2):
        with barograph.prediction(
            model="m", id=7, slices={"tier": "free"}, features={"x": 1.0}, time=0
        ) as p:
            p.output(label="a", confidence=0.5)
    first, second = recorder.predictions
    assert first == second
    assert {key for key in first if "input" in key} == {"barograph.input.x"}
    assert first["barograph.slice.tier"] == "free"
    assert first["barograph.prediction.id"] == "7"
    assert first["barograph.prediction.label"] == "a"
    assert first["barograph.event.time"] == "1970-01-01T00:00:00+00:00"


def test_a_block_without_features_takes_none(recorder: Recorder) -> None:
    with barograph.prediction(model="m", slices={"tier": "free"}) as p:
        p.output(0.5)
    assert not [key for key in recorder.predictions[0] if "input" in key]
