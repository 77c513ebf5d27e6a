"""Anthropic's client: the decorator reads its messages, whole and streamed.

    python examples/anthropic_client.py [http://127.0.0.1:34318]

It talks to a server of its own making, so that it runs without an account; leave `base_url` out
to talk to the real one.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from anthropic import Anthropic

import barograph
from local_model import Answer, serving

MODEL = "parrot-1"


def parrot(asked: dict[str, Any]) -> Answer:
    """Answer a message as Anthropic's server does, in as few words."""
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant"}
    message |= {"model": MODEL, "stop_sequence": None}
    usage = {"input_tokens": 5, "output_tokens": 3}
    if not asked.get("stream"):
        content = [{"type": "text", "text": "It will rain."}]
        return message | {"content": content, "stop_reason": "end_turn", "usage": usage}
    begun = message | {"content": [], "stop_reason": None, "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": word}}
            for word in ("It ", "will ", "rain.")
        ),
        {"type": "content_block_stop"},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return [
        f"event: {event['type']}\ndata: {json.dumps(event | {'index': 0})}\n\n" for event in events
    ]


def ask(client: Anthropic) -> None:
    """Ask twice, once for a stream."""

    @barograph.observe(model=MODEL, task="generation")
    def chat(prompt: str) -> Any:
        messages: Any = [{"role": "user", "content": prompt}]
        return client.messages.create(model=MODEL, max_tokens=64, messages=messages)

    @barograph.observe(model=MODEL, task="generation")
    def stream(prompt: str) -> Iterator[Any]:
        messages: Any = [{"role": "user", "content": prompt}]
        yield from client.messages.create(
            model=MODEL, max_tokens=64, messages=messages, stream=True
        )

    print(chat("what is the weather like?").content[0].text)
    for event in stream("what is the weather like?"):
        if event.type == "content_block_delta":
            print(event.delta.text, end="")
    print()


def main(endpoint: str) -> None:
    """Say where predictions go, and make some."""
    barograph.configure(service="chat", endpoint=endpoint)
    with serving(parrot) as address, Anthropic(api_key="none", base_url=address) as client:
        ask(client)
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
