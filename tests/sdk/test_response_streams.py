"""A stream of a real client, returned by a watched function, is watched until it ends."""

import copy
import gc
import inspect
from collections.abc import AsyncIterable, Callable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from opentelemetry import trace

import barograph
from barograph.testing import Recorder
from tests.sdk.model_events import CHAT, EVENTS
from tests.sdk.model_server import ModelServer


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ModelServer(EVENTS)
    yield server.address
    server.close()


def watched(function: Callable[[], Any]) -> Callable[[], Any]:
    return barograph.observe(model="m", task="generation")(function)


def opening(address: str, *, asynchronous: bool = False) -> dict[str, Callable[[], Any]]:
    """What users call, by name; each returns a stream, or what a `with` statement makes one."""
    kinds: Any = (openai.AsyncOpenAI, anthropic.AsyncAnthropic)
    if not asynchronous:
        kinds = (openai.OpenAI, anthropic.Anthropic)
    chat, claude = (kind(api_key="x", base_url=address, max_retries=0) for kind in kinds)
    asked: Any = {"model": "m", "messages": [{"role": "user", "content": "Weather?"}]}
    return {
        "openai": lambda: chat.chat.completions.create(**asked, stream=True),
        "openai helper": lambda: chat.chat.completions.stream(**asked),
        "responses": lambda: chat.responses.create(model="m", input="Weather?", stream=True),
        "responses helper": lambda: chat.responses.stream(model="m", input="Weather?"),
        "anthropic": lambda: claude.messages.create(**asked, max_tokens=9, stream=True),
        "anthropic helper": lambda: claude.messages.stream(**asked, max_tokens=9),
    }


PLAIN = ["openai", "responses", "anthropic"]
HELPERS = [f"{name} helper" for name in PLAIN]


def check(recorder: Recorder, name: str, *, complete: bool = True) -> None:
    """Everything of the stream is on one span, and its text is not."""
    (sent,) = recorder.predictions
    chat = name.startswith("openai")
    reasons = ("end_turn",) if "anthropic" in name else ("stop",) if chat else ("completed",)
    assert sent["gen_ai.usage.input_tokens"] == 7
    assert sent["gen_ai.usage.output_tokens"] == 3
    assert sent["gen_ai.response.finish_reasons"] == reasons
    assert sent["gen_ai.provider.name"] == ("anthropic" if "anthropic" in name else "openai")
    assert sent["gen_ai.response.model"].endswith("-x-2026")
    assert sent["barograph.output.length"] == 13
    assert sent["barograph.output.tool_calls"] == 1
    assert sent["barograph.output.valid_tool_arguments"] == 1.0
    assert sent["barograph.output.complete"] == int(complete)
    assert ("barograph.prediction.confidence" in sent) == chat
    assert "rain" not in str(sent)
    assert recorder.spans[0].status.is_unset
    assert barograph.current_ref() is not None


@pytest.mark.parametrize("name", PLAIN)
def test_a_stream_is_watched_to_its_end(recorder: Recorder, address: str, name: str) -> None:
    bare = opening(address)[name]
    expected = bare()
    items = [item.model_dump() for item in expected]
    with watched(bare)() as stream:
        assert isinstance(stream, type(expected))
        assert stream.response.status_code == 200
        assert recorder.spans == ()
        first = next(stream)
        assert trace.get_current_span() is trace.INVALID_SPAN
        assert [item.model_dump() for item in (first, *stream)] == items
    check(recorder, name)
    assert list(stream) == []
    assert len(recorder.spans) == 1


@pytest.mark.parametrize("name", HELPERS)
def test_a_helpers_stream_is_watched_to_its_end(
    recorder: Recorder, address: str, name: str
) -> None:
    with opening(address)[name]() as plain:
        kind, items = type(plain), [item.type for item in plain]
    with watched(opening(address)[name])() as stream:
        assert isinstance(stream, kind)
        assert [item.type for item in stream] == items
    check(recorder, name)


@pytest.mark.parametrize(
    ("name", "drain"),
    [
        ("openai helper", lambda s: s.get_final_completion().choices[0].message.content),
        ("responses helper", lambda s: s.get_final_response().output_text),
        ("anthropic helper", lambda s: s.get_final_text()),
        ("anthropic helper", lambda s: "".join(s.text_stream)),
        ("anthropic helper", lambda s: s.until_done() or s.get_final_text()),
    ],
)
def test_draining_helpers_are_watched(
    recorder: Recorder, address: str, name: str, drain: Callable[[Any], str]
) -> None:
    with watched(opening(address)[name])() as stream:
        assert drain(stream) == "It will rain."
    check(recorder, name)


@pytest.mark.parametrize("name", [*PLAIN, *HELPERS])
async def test_async_streams_are_watched_to_their_end(
    recorder: Recorder, address: str, name: str
) -> None:
    bare = opening(address, asynchronous=True)[name]
    if name in HELPERS:
        async with watched(bare)() as stream:
            assert isinstance(stream, AsyncIterable)
            assert [item async for item in stream]
    else:

        async def ask() -> Any:
            return await bare()

        stream = await watched(ask)()
        assert inspect.isasyncgen(aiter(stream))
        assert isinstance(stream, (openai.AsyncStream, anthropic.AsyncStream))
        assert [item async for item in stream]
        await stream.close()
    check(recorder, name)


async def test_an_async_text_stream_is_watched(recorder: Recorder, address: str) -> None:
    async with watched(opening(address, asynchronous=True)["anthropic helper"])() as stream:
        assert [text async for text in stream.text_stream] == ["It will ", "rain."]
    check(recorder, "anthropic helper")


def test_closing_early_ends_the_span_once(recorder: Recorder, address: str) -> None:
    stream = watched(opening(address)["openai"])()
    for _ in stream:
        break
    assert recorder.spans == ()
    stream.close()
    stream.close()
    (sent,) = recorder.predictions
    assert sent["barograph.output.complete"] == 0
    assert sent["barograph.output.items"] == 1
    assert sent["barograph.output.length"] == 8


def test_a_stream_that_is_forgotten_ends_its_span(recorder: Recorder, address: str) -> None:
    stream = watched(opening(address)["openai"])()
    next(stream)
    inner = stream.__wrapped__
    del stream
    gc.collect()
    assert recorder.predictions[0]["barograph.output.complete"] == 0
    inner.close()


def test_an_error_in_the_stream_is_the_spans(recorder: Recorder) -> None:
    server = ModelServer({"/chat/completions": [CHAT[0], {"error": {"message": "overloaded"}}]})
    try:
        stream = watched(opening(server.address)["openai"])()
        with pytest.raises(openai.APIError, match="overloaded"):
            list(stream)
    finally:
        server.close()
    (span,) = recorder.spans
    assert (span.attributes or {})["error.type"] == "openai.APIError"


def test_a_manager_that_cannot_open_is_an_error(recorder: Recorder) -> None:
    server = ModelServer(EVENTS)
    server.close()
    with (
        pytest.raises(anthropic.APIConnectionError),
        watched(opening(server.address)["anthropic helper"])(),
    ):
        pass
    assert recorder.predictions[0]["error.type"] == "anthropic.APIConnectionError"


def test_the_proxy_is_no_more_than_the_stream(recorder: Recorder, address: str) -> None:
    stream = watched(opening(address)["openai"])()
    assert not isinstance(stream, AsyncIterable)
    with pytest.raises(AttributeError):
        _ = stream.nothing_of_the_kind
    with pytest.raises(NotImplementedError):
        copy.copy(stream)
    stream.mine = 1
    assert stream.__wrapped__.mine == 1
    assert len(list(stream)) == len(CHAT)


def test_switched_off_the_stream_itself_comes_back(address: str) -> None:
    barograph.configure(enabled=False)
    assert type(watched(opening(address)["openai"])()) is openai.Stream
