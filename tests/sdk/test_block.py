"""A block of code is one prediction."""

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
