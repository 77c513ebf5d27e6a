"""A server on this machine in the place of a language model's, for the examples of its clients.

No example by itself: openai_client.py and anthropic_client.py say what it answers.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = dict[str, Any] | list[str]
"""A document, or the events of a stream as they are written."""


@contextmanager
def serving(answer: Callable[[dict[str, Any]], Answer]) -> Iterator[str]:
    """Serve what `answer` says to each request's document; yields the server's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            streamed = isinstance(said, list)
            kind = "text/event-stream" if streamed else "application/json"
            body = ("".join(said) if streamed else json.dumps(said)).encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
