"""Anthropic's client: the decorator reads its messages, whole and streamed.

    python examples/anthropic_client.py [http://127.0.0.1:34318]

It talks to a server of its own making, so that it runs without an account; leave `base_url` out
to talk to the real one.
"""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from anthropic import Anthropic

import barograph

MODEL = "parrot-1"


class Parrot(BaseHTTPRequestHandler):
    """Answers as Anthropic's server does, in as few words."""

    def do_POST(self) -> None:
        """Answer a message."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant"}
        message |= {"model": MODEL, "stop_sequence": None}
        usage = {"input_tokens": 5, "output_tokens": 3}
        if asked.get("stream"):
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
            lines = (
                f"event: {event['type']}\ndata: {json.dumps(event | {'index': 0})}\n\n"
                for event in events
            )
            self._answer("".join(lines), "text/event-stream")
        else:
            content = [{"type": "text", "text": "It will rain."}]
            whole = message | {"content": content, "stop_reason": "end_turn", "usage": usage}
            self._answer(json.dumps(whole), "application/json")

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
    client = Anthropic(api_key="none", base_url=f"http://127.0.0.1:{server.server_address[1]}")

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
    client.close()
    server.shutdown()
    server.server_close()
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
