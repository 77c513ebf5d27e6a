"""Secrets and personal identifiers do not leave, whatever key they come under."""

# ruff: noqa: ARG005  # the models of a test ignore what they are given

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import barograph
from barograph.redaction import redact
from barograph.testing import Recorder


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("ada.lovelace+x@mail.example.org", "[email]"),
        ("card 4111-1111-1111-1111 ok", "card [card] ok"),
        ("5500 0000 0000 0004", "[card]"),
        ("378282246310005", "[card]"),
        ("order 4111111111111112", "order 4111111111111112"),  # no valid check digit
        ("sk-proj-abcdefghijklmnop1234", "[token]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz012345", "[token]"),
        ("AKIAIOSFODNN7EXAMPLE", "[token]"),
        ("Bearer abcdefghijklmnopqrst", "[token]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc", "[token]"),
        ("postgres://ada:hunter2@db", "[token]db"),
        ("DE89 3704 0044 0532 0130 00", "[iban]"),
        ("123-45-6789", "[ssn]"),
        ("2013-01-01T05:15:00", "2013-01-01T05:15:00"),
        ("plain words, 3.14 and order-17", "plain words, 3.14 and order-17"),
    ],
)
def test_known_patterns_are_replaced(text: str, clean: str) -> None:
    assert redact(text) == clean


@given(st.text(max_size=200))
def test_any_text_passes_without_failing(text: str) -> None:
    assert isinstance(redact(text), str)


@pytest.mark.parametrize(
    "text", ["a" * 65_536, "1 " * 30_000, "@" * 65_536, "a@" * 30_000, "eyJ" * 20_000]
)
def test_no_text_takes_long(text: str) -> None:
    """The patterns are bounded; without bounds these take minutes."""
    begin = time.perf_counter()
    redact(text)
    assert time.perf_counter() - begin < 5


def test_arguments_are_cleaned_by_value_and_by_name(recorder: Recorder) -> None:
    @barograph.observe(model="m", slices=("mail",))
    def score(mail: str, password: str, api_key: int, card: int, card_type: str) -> float:
        return 0.5

    score("ada@example.org", "hunter2", 7, 4111111111111111, "visa")
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.mail"] == "[email]"
    assert attributes["barograph.slice.mail"] == "[email]"
    assert attributes["barograph.input.password"] == "[redacted]"
    assert attributes["barograph.input.api_key"] == "[redacted]"
    assert attributes["barograph.input.card"] == "[card]"
    assert attributes["barograph.input.card_type"] == "visa"


def test_batches_are_cleaned_too(recorder: Recorder) -> None:
    @barograph.observe(model="m", task="multiclass", batch=True)
    def score(rows: list[dict[str, Any]]) -> list[str]:
        return ["ada@example.org", "b"]

    score([{"mail": "ada@example.org", "token": "x"}, {"mail": "none", "token": "y"}])
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.mail"] == ("[email]", "none")
    assert attributes["barograph.input.token"] == ("[redacted]", "[redacted]")
    assert attributes["barograph.prediction.label"] == ("[email]", "b")


def test_an_id_that_is_a_secret_becomes_the_same_digest_everywhere(recorder: Recorder) -> None:
    @barograph.observe(model="m", id="mail")
    def score(mail: str) -> float:
        return 0.5

    score("ada@example.org")
    barograph.label("ada@example.org", "x")
    sent = recorder.predictions[0]["barograph.prediction.id"]
    assert sent.startswith("sha256:")
    assert recorder.facts[0][1]["barograph.prediction.id"] == sent
    assert "ada@" not in str(recorder.predictions)


def test_the_mask_sees_every_value_and_decides() -> None:
    seen: dict[str, Any] = {}

    def mask(key: str, value: Any) -> Any:
        seen[key] = value
        return None if key.endswith("amount") else value

    @barograph.observe(model="m", id="order", slices=("region",))
    def score(order: str, amount: float, region: str) -> dict[str, Any]:
        return {"label": "a", "confidence": 0.5, "tokens": 3}

    with Recorder(mask=mask) as recorder:
        score("order-17", 3.5, "EU")
        barograph.evaluation("order-17", "q", score=0.5, explanation="why")
    (attributes,) = recorder.predictions
    assert "barograph.input.amount" not in attributes
    assert set(seen) == {
        "barograph.prediction.id",
        "barograph.input.amount",
        "barograph.input.region",
        "barograph.slice.region",
        "barograph.prediction.label",
        "barograph.prediction.confidence",
        "barograph.output.tokens",
        "gen_ai.evaluation.name",
        "gen_ai.evaluation.score.value",
        "gen_ai.evaluation.explanation",
    }


def test_a_mask_that_fails_drops_the_value_and_is_counted() -> None:
    def mask(key: str, value: Any) -> Any:
        raise RuntimeError(value)

    @barograph.observe(model="m")
    def score(amount: float) -> float:
        return 0.5

    before = barograph.stats().failures.get("mask", 0)
    with Recorder(mask=mask) as recorder:
        assert score(3.5) == 0.5
    (attributes,) = recorder.predictions
    assert set(attributes) == {"barograph.model.name", "barograph.model.version"}
    assert barograph.stats().failures["mask"] == before + 2


def test_a_mask_in_a_batch_sees_each_value() -> None:
    def mask(key: str, value: Any) -> Any:
        return None if value in {2.0, "b"} else value

    @barograph.observe(model="m", batch=True)
    def score(rows: list[dict[str, Any]]) -> list[float]:
        return [1.0, 2.0]

    with Recorder(mask=mask) as recorder:
        score([{"x": 1.0, "word": "a"}, {"x": 2.0, "word": "b"}])
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.word"] == ("a", "")
    assert attributes["barograph.input.x"][0] == 1.0
    assert attributes["barograph.input.x"][1] != attributes["barograph.input.x"][1]


def test_a_mask_that_calls_the_model_does_not_recurse() -> None:
    @barograph.observe(model="m")
    def score(x: float) -> float:
        return x

    with Recorder(mask=lambda key, value: score(value)) as recorder:
        assert score(1.0) == 1.0
    assert len(recorder.spans) == 1


@pytest.mark.parametrize(
    "text", ["x" * 65, "two\nlines", "two\u2028lines", "tab\x0bbed"], ids=["long", "lf", "ls", "vt"]
)
def test_text_that_is_no_category_is_summarized(recorder: Recorder, text: str) -> None:
    @barograph.observe(model="m", slices=("text",))
    def score(text: str) -> float:
        return 0.5

    score(text)
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.text.length"] == len(text)
    assert text not in attributes.values()


def test_in_a_generation_no_string_is_a_category(recorder: Recorder) -> None:
    @barograph.observe(model="m", task="generation")
    def chat(prompt: str) -> str:
        return "short"

    chat("hi")
    assert not {"hi", "short"} & set(recorder.predictions[0].values())


def test_full_capture_sends_texts_without_secrets() -> None:
    @barograph.observe(model="m", task="generation")
    def chat(prompt: str) -> str:
        return "write to ada@example.org"

    with Recorder(capture="full") as recorder:
        chat("hi")
    (attributes,) = recorder.predictions
    assert attributes["barograph.input.prompt"] == "hi"
    assert attributes["barograph.output.text"] == "write to [email]"


def test_off_sends_neither_inputs_nor_outputs() -> None:
    @barograph.observe(model="m", id="order", slices=("region",))
    def score(order: str, amount: float, region: str) -> float:
        return 0.5

    with Recorder(capture="off") as recorder:
        score("order-17", 1.0, "EU")
    assert set(recorder.predictions[0]) == {
        "barograph.model.name",
        "barograph.model.version",
        "barograph.prediction.id",
        "barograph.slice.region",
    }
