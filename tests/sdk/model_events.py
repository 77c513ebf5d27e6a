"""What model providers send in pieces: one short answer and one tool call, in three ways."""

from typing import Any

__all__ = ["CHAT", "EVENTS"]


def chunk(delta: dict[str, Any], finish: str | None = None, **rest: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **rest.pop("choice", {})}
    return {
        "id": "chat-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-x-2026",
        "choices": [choice],
        **rest,
    }


def piece(arguments: str, **rest: Any) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "function": {"arguments": arguments}, **rest}]}


LOGPROBS = {"logprobs": {"content": [{"token": "It", "logprob": -0.5, "top_logprobs": []}]}}
CHAT = [
    chunk({"role": "assistant", "content": "It will "}, choice=LOGPROBS),
    chunk({"content": "rain."}),
    chunk(piece('{"city"', id="call-1", type="function")),
    chunk(piece(': "Bonn"}')),
    chunk({}, "stop"),
    {**chunk({}), "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
]
MESSAGE: dict[str, Any] = {
    "id": "msg-1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x-2026",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 1},
}
MESSAGES: list[dict[str, Any]] = [
    {"type": "message_start", "message": MESSAGE},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": "It will "},
    },
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "rain."}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "tool-1", "name": "weather", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": '{"city": "Bonn"}'},
    },
    {"type": "content_block_stop", "index": 1},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 3},
    },
    {"type": "message_stop"},
]
CALL = {
    "type": "function_call",
    "id": "f-1",
    "call_id": "call-1",
    "name": "weather",
    "arguments": '{"city": "Bonn"}',
    "status": "completed",
}
WORDS = {
    "type": "message",
    "id": "m-1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "It will rain.", "annotations": []}],
}
RESPONSE = {
    "id": "resp-1",
    "object": "response",
    "created_at": 1,
    "model": "gpt-x-2026",
    "status": "in_progress",
    "output": [],
    "parallel_tool_calls": False,
    "tool_choice": "auto",
    "tools": [],
}
DONE = {
    **RESPONSE,
    "status": "completed",
    "output": [WORDS, CALL],
    "usage": {
        "input_tokens": 7,
        "output_tokens": 3,
        "total_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    },
}
TEXT_DELTA = {"item_id": "m-1", "output_index": 0, "content_index": 0, "logprobs": []}
RESPONSES: list[dict[str, Any]] = [
    {"type": "response.created", "response": RESPONSE},
    {"type": "response.output_item.added", "output_index": 0, "item": {**WORDS, "content": []}},
    {
        "type": "response.content_part.added",
        "item_id": "m-1",
        "output_index": 0,
        "content_index": 0,
        "part": {"type": "output_text", "text": "", "annotations": []},
    },
    {"type": "response.output_text.delta", "delta": "It will ", **TEXT_DELTA},
    {"type": "response.output_text.delta", "delta": "rain.", **TEXT_DELTA},
    {"type": "response.output_item.done", "output_index": 0, "item": WORDS},
    {"type": "response.output_item.added", "output_index": 1, "item": {**CALL, "arguments": ""}},
    {"type": "response.output_item.done", "output_index": 1, "item": CALL},
    {"type": "response.completed", "response": DONE},
]
for at, event in enumerate(RESPONSES):
    event["sequence_number"] = at
EVENTS: dict[str, list[dict[str, Any]]] = {
    "/chat/completions": CHAT,
    "/v1/messages": MESSAGES,
    "/responses": RESPONSES,
}
