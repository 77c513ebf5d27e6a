"""A downstream over HTTP on loopback, which answers as it is told."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Request(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization")


class Backend:
    """Keeps what it is sent.

    Attributes:
        answers: Status code and headers of the next requests; later ones get 200.
        requests: In order.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.requests: list[Request] = []
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                names = {name.lower(): value for name, value in self.headers.items()}
                backend.requests.append(Request(self.path, names, body))
                code, headers = backend.answers.pop(0) if backend.answers else (200, {})
                self.send_response(code)
                for name, value in {"content-length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def tokens(self) -> list[str | None]:
        """With what token each request came."""
        return [request.token for request in self.requests]


@contextmanager
def running_backend() -> Iterator[Backend]:
    """Run one in the context."""
    backend = Backend()
    thread = threading.Thread(target=backend.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield backend
    finally:
        backend.server.shutdown()
        backend.server.server_close()
        thread.join()
