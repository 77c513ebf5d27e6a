"""Messages of a conversation, as OpenTelemetry's conventions write them."""

import json
from typing import Any

from barograph.limits import MAX_FULL_CHARS
from barograph.record import fields_of, is_sequence, items_of
from barograph.scalar import scalar

__all__ = ["input_messages", "messages"]

_MAX_MESSAGES = 256


def messages(role: str, text: str) -> str:
    """Return one message of text, as the value of `gen_ai.output.messages`."""
    return json.dumps([_message(role, text)], ensure_ascii=False)


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text[:MAX_FULL_CHARS]}]}


def input_messages(arguments: dict[str, Any]) -> str | None:
    """Return the messages of a call, as the value of `gen_ai.input.messages`.

    Read are a `messages` argument in the shape that OpenAI and Anthropic take, or a `prompt`.
    """
    found: list[dict[str, Any]] = []
    given = arguments.get("messages")
    if is_sequence(given):
        for entry in items_of(given, _MAX_MESSAGES):
            fields = fields_of(entry) or {}
            role, content = scalar(fields.get("role")), scalar(fields.get("content"))
            if type(role) is str and type(content) is str:
                found.append(_message(role, content))
    elif type(prompt := scalar(arguments.get("prompt"))) is str:
        found.append(_message("user", prompt))
    return json.dumps(found, ensure_ascii=False) if found else None
