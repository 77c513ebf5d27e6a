"""OpenAI's client: the decorator reads its responses, whole and streamed.

    python examples/openai_client.py [http://127.0.0.1:34318]

It talks to a server of its own making, so that it runs without an account; leave `base_url` out
to talk to the real one.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from openai import OpenAI

import barograph
from local_model import Answer, serving

MODEL = "parrot-1"


def parrot(asked: dict[str, Any]) -> Answer:
    """Answer a chat completion as OpenAI's server does, in as few words."""
    base: dict[str, Any] = {"id": "chatcmpl-1", "created": 0, "model": MODEL}
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    if not asked.get("stream"):
        message = {"role": "assistant", "content": "It will rain."}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return base | {"object": "chat.completion", "choices": [choice], "usage": usage}
    chunks: list[dict[str, Any]] = [
        {"delta": {"content": word}} for word in ("It ", "will ", "rain.")
    ]
    chunks.append({"delta": {}, "finish_reason": "stop"})
    base |= {"object": "chat.completion.chunk"}
    events = [base | {"choices": [{"index": 0, **chunk}]} for chunk in chunks]
    events.append(base | {"choices": [], "usage": usage})
    return [f"data: {json.dumps(event)}\n\n" for event in events] + ["data: [DONE]\n\n"]


def ask(client: OpenAI) -> None:
    """Ask twice, once for a stream."""

    @barograph.observe(model=MODEL, task="generation")
    def chat(prompt: str) -> Any:
        messages: Any = [{"role": "user", "content": prompt}]
        return client.chat.completions.create(model=MODEL, messages=messages)

    @barograph.observe(model=MODEL, task="generation")
    def stream(prompt: str) -> Iterator[Any]:
        messages: Any = [{"role": "user", "content": prompt}]
        yield from client.chat.completions.create(
            model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
        )

    print(chat("what is the weather like?").choices[0].message.content)
    for chunk in stream("what is the weather like?"):
        for choice in chunk.choices:  # the last chunk has none: it brings the usage
            print(choice.delta.content or "", end="")
    print()


def main(endpoint: str) -> None:
    """Say where predictions go, and make some."""
    barograph.configure(service="chat", endpoint=endpoint)
    with serving(parrot) as address, OpenAI(api_key="none", base_url=address) as client:
        ask(client)
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
