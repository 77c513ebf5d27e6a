"""Responses in the shapes of OpenAI and Anthropic are read, whole and in pieces."""

# the models of a test ignore what they are given

import json
import math
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import barograph
from barograph.testing import Recorder

CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-x-2024",
    "choices": [
        {
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "It will rain."},
            "logprobs": {"content": [{"token": "It", "logprob": math.log(0.5)}] * 3},
        }
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 4},
}
TOOLS = {
    "id": "chatcmpl-2",
    "model": "gpt-x-2024",
    "choices": [
        {
            "finish_reason": "tool_calls",
            "message": {
                "content": None,
                "tool_calls": [
                    {"id": "call_1", "function": {"name": "weather", "arguments": "{}"}},
                    {"id": "call_2", "function": {"name": "time", "arguments": "{}"}},
                ],
            },
        }
    ],
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [
        {"type": "text", "text": "It will "},
        {"type": "text", "text": "rain."},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}},
    ],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 9, "output_tokens": 4},
}
RESPONSE = {
    "id": "resp_1",
    "model": "gpt-x-2024",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "It will rain."}]}],
    "usage": {"input_tokens": 9, "output_tokens": 4},
}


def as_objects(value: Any) -> Any:
    if isinstance(value, dict):
        return SimpleNamespace(**{key: as_objects(part) for key, part in value.items()})
    return [as_objects(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("shape", [lambda value: value, as_objects], ids=["dicts", "objects"])
@pytest.mark.parametrize(
    ("response", "reason", "model"),
    [
        (CHAT, "stop", "gpt-x-2024"),
        (MESSAGE, "end_turn", "claude-x"),
        (RESPONSE, "completed", "gpt-x-2024"),
    ],
    ids=["chat", "message", "response"],
)
def test_a_whole_response_is_read(
    recorder: Recorder, shape: Any, response: Any, reason: str, model: str
) -> None:
    @barograph.observe(model="gpt-x", task="generation")
    def chat(prompt: str) -> Any:
        return shape(response)

    chat("weather?")
    (attributes,) = recorder.predictions
    assert recorder.spans[0].name == "chat gpt-x"
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.request.model"] == "gpt-x"
    assert attributes["gen_ai.response.model"] == model
    assert attributes["gen_ai.response.finish_reasons"] == (reason,)
    assert attributes["gen_ai.usage.input_tokens"] == 9
    assert attributes["gen_ai.usage.output_tokens"] == 4
    assert attributes["barograph.output.length"] == 13
    assert "rain" not in str(attributes)


def test_log_probabilities_become_a_confidence(recorder: Recorder) -> None:
    @barograph.observe(model="gpt-x", task="generation")
    def chat(prompt: str) -> Any:
        return CHAT

    chat("weather?")
    assert recorder.predictions[0]["barograph.prediction.confidence"] == pytest.approx(0.5)


def test_tool_calls_are_counted(recorder: Recorder) -> None:
    @barograph.observe(model="gpt-x", task="generation")
    def chat(prompt: str) -> Any:
        return TOOLS

    chat("weather?")
    (attributes,) = recorder.predictions
    assert attributes["barograph.output.tool_calls"] == 2
    assert attributes["gen_ai.response.finish_reasons"] == ("tool_calls",)
    assert "barograph.output.length" not in attributes


def openai_stream() -> Iterator[Any]:
    for text in ("It ", "will ", "rain."):
        yield {"id": "chatcmpl-1", "model": "gpt-x-2024", "choices": [{"delta": {"content": text}}]}
    yield {"id": "chatcmpl-1", "choices": [{"delta": {}, "finish_reason": "stop"}]}
    yield {"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}


def anthropic_stream() -> Iterator[Any]:
    start = {"id": "msg_1", "model": "gpt-x-2024", "role": "assistant", "content": []}
    yield {"type": "message_start", "message": {**start, "usage": {"input_tokens": 9}}}
    yield {"type": "content_block_start", "content_block": {"type": "text", "text": ""}}
    for text in ("It ", "will ", "rain."):
        yield {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}
    yield {"type": "message_delta", "delta": {"stop_reason": "stop"}, "usage": {"output_tokens": 4}}
    yield {"type": "message_stop"}


def responses_stream() -> Iterator[Any]:
    for text in ("It ", "will ", "rain."):
        yield {"type": "response.output_text.delta", "delta": text}
    yield {"type": "response.completed", "response": {**RESPONSE, "status": "stop"}}


@pytest.mark.parametrize("chunks", [openai_stream, anthropic_stream, responses_stream])
def test_a_stream_of_chunks_is_read(recorder: Recorder, chunks: Any) -> None:
    @barograph.observe(model="gpt-x", task="generation")
    def stream(prompt: str) -> Iterator[Any]:
        yield from chunks()

    assert list(stream("weather?")) == list(chunks())
    (attributes,) = recorder.predictions
    assert attributes["gen_ai.response.model"] == "gpt-x-2024"
    assert attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert attributes["gen_ai.usage.input_tokens"] == 9
    assert attributes["gen_ai.usage.output_tokens"] == 4
    assert attributes["barograph.output.length"] == 13
    assert attributes["barograph.output.complete"] == 1


async def test_an_async_stream_of_chunks_is_read(recorder: Recorder) -> None:
    @barograph.observe(model="gpt-x", task="generation")
    async def stream(prompt: str) -> AsyncIterator[Any]:
        for chunk in openai_stream():
            yield chunk

    assert len([chunk async for chunk in stream("weather?")]) == 5
    assert recorder.predictions[0]["gen_ai.usage.output_tokens"] == 4


def test_messages_are_sent_only_where_the_standards_switch_is_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @barograph.observe(model="gpt-x", task="generation")
    def chat(messages: list[dict[str, str]]) -> Any:
        return CHAT

    asked = [{"role": "user", "content": "I am ada@example.org"}]
    with Recorder() as recorder:
        chat(asked)
    assert "gen_ai.output.messages" not in recorder.predictions[0]
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")
    with Recorder() as recorder:
        chat(asked)
    (attributes,) = recorder.predictions
    assert json.loads(attributes["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "It will rain."}]}
    ]
    assert json.loads(attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "I am [email]"}]}
    ]


@pytest.mark.parametrize(
    "result", [{"output": 0.5, "status": "ok"}, {"content": "x", "role": "y"}, {"choices": 3}]
)
def test_what_only_looks_like_a_response_is_none(recorder: Recorder, result: Any) -> None:
    @barograph.observe(model="m")
    def score() -> Any:
        return result

    score()
    assert not [key for key in recorder.predictions[0] if key.startswith("gen_ai.")]


@pytest.mark.parametrize(
    ("arguments", "valid"),
    [
        ('{"city": "Bonn"}', 1.0),
        ("", 1.0),
        ('{"city": ', 0.0),
        ('["Bonn"]', 0.0),
        ("[" * 5_000, 0.0),
        ('{"a": "' + "x" * 70_000, None),
    ],
)
def test_arguments_of_tools_are_judged(
    recorder: Recorder, arguments: str, valid: float | None
) -> None:
    @barograph.observe(model="m", task="generation")
    def ask() -> Any:
        call = {"id": "a", "function": {"name": "f", "arguments": arguments}}
        return {"choices": [{"message": {"content": None, "tool_calls": [call]}}]}

    ask()
    sent = recorder.predictions[0]
    assert sent["barograph.output.tool_calls"] == 1
    assert sent.get("barograph.output.valid_tool_arguments") == valid


def test_calls_of_a_stream_are_bounded(recorder: Recorder) -> None:
    @barograph.observe(model="m", task="generation")
    def ask() -> Any:
        for at in range(1_000):
            call = {"index": at, "id": f"c{at}", "function": {"arguments": "{}"}}
            yield {"choices": [{"delta": {"tool_calls": [call]}}]}

    list(ask())
    assert recorder.predictions[0]["barograph.output.tool_calls"] == 128


def test_what_a_long_stream_says_at_its_end_is_read(recorder: Recorder) -> None:
    """The text is bounded; token counts and the reason come after it."""

    @barograph.observe(model="m", task="generation")
    def ask() -> Any:
        for _ in range(100):
            yield {"choices": [{"delta": {"content": "word " * 200}}]}
        yield {"choices": [{"delta": {}, "finish_reason": "length"}], "usage": {"prompt_tokens": 1}}

    list(ask())
    sent = recorder.predictions[0]
    assert sent["barograph.output.length"] == 100_000
    assert sent["gen_ai.response.finish_reasons"] == ("length",)
    assert sent["gen_ai.usage.input_tokens"] == 1


def test_a_long_stream_of_text_is_counted_to_its_end(recorder: Recorder) -> None:
    @barograph.observe(model="m", task="generation")
    def ask() -> Any:
        for _ in range(100):
            yield "word " * 200

    list(ask())
    assert recorder.predictions[0]["barograph.output.length"] == 100_000
    assert recorder.predictions[0]["barograph.output.items"] == 100
