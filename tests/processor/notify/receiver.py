"""A receiver of webhooks on loopback, which answers as it is told."""

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: Any


class Receiver:
    """Keeps what it is sent; the first requests get the ``statuses``, later ones 200.

    Args:
        statuses: One for each of the first requests.
        headers: Of every answer.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        statuses: Sequence[int] = (),
        *,
        headers: dict[str, str] | None = None,
        port: int = 0,
    ) -> None:
        self.requests: list[Request] = []
        planned = list(statuses)
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler) -> None:  # noqa: N805 - `self` is the receiver
                body = handler.rfile.read(int(handler.headers["content-length"]))
                names = {key.lower(): value for key, value in handler.headers.items()}
                with lock:
                    self.requests.append(Request(handler.path, names, json.loads(body)))
                    status = planned.pop(0) if planned else 200
                handler.send_response(status)
                for name, value in (headers or {}).items():
                    handler.send_header(name, value)
                handler.send_header("content-length", "0")
                handler.end_headers()

            def log_message(handler, *_: Any) -> None:  # noqa: N805 - the same
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def bodies(self) -> list[Any]:
        return [request.body for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
