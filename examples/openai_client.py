"""OpenAI's client: the decorator reads its responses, whole and streamed.

    python examples/openai_client.py [http://127.0.0.1:34318]

It talks to a server of its own making, so that it runs without an account; leave `base_url` out
to talk to the real one.
"""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from openai import OpenAI

import barograph

MODEL = "parrot-1"


class Parrot(BaseHTTPRequestHandler):
    """Answers as OpenAI's server does, in as few words."""

    def do_POST(self) -> None:
        """Answer a chat completion."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        base: dict[str, Any] = {"id": "chatcmpl-1", "created": 0, "model": MODEL}
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        if asked.get("stream"):
            chunks: list[dict[str, Any]] = [
                {"delta": {"content": word}} for word in ("It ", "will ", "rain.")
            ]
            chunks.append({"delta": {}, "finish_reason": "stop"})
            base |= {"object": "chat.completion.chunk"}
            events = [base | {"choices": [{"index": 0, **chunk}]} for chunk in chunks]
            events.append(base | {"choices": [], "usage": usage})
            body = (
                "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
            )
            self._answer(body, "text/event-stream")
        else:
            message = {"role": "assistant", "content": "It will rain."}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            answer = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
            self._answer(json.dumps(answer), "application/json")

    def _answer(self, body: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main(endpoint: str) -> None:
    """Ask twice, once for a stream."""
    barograph.configure(service="chat", endpoint=endpoint)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Parrot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = OpenAI(api_key="none", base_url=f"http://127.0.0.1:{server.server_address[1]}")

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
    client.close()
    server.shutdown()
    server.server_close()
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
