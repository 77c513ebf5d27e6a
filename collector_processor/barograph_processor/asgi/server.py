"""An HTTP server in a thread of its own."""

import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import uvicorn

from barograph_processor.asgi.headers import SecurityHeaders
from barograph_processor.asgi.hosts import KnownHosts
from barograph_processor.asgi.mistakes import Mistakes
from barograph_processor.asgi.protocol import MOST_CONNECTIONS, PatientProtocol
from barograph_processor.exceptions import ConfigurationError

__all__ = ["AsgiServer"]

_START_SECONDS = 10.0


class AsgiServer:
    """Serves an ASGI application until it is stopped.

    Every answer has headers that keep browsers from mischief, no request is taken
    for a name that is not ours, and connections are bounded in number and in time. Where the
    application fails the answer is 500.

    Args:
        app: The application.
        address: ``HOST:PORT``; port 0 takes a free one.
        what: What is served there, for messages.
        hosts: Names beside that of ``address`` by which clients may call it.
        tls: The server's certificates; None is plain text.
    """

    def __init__(
        self,
        app: Any,
        address: str,
        *,
        what: str,
        hosts: Iterable[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._address = address
        self._what = what
        names = {address.rpartition(":")[0], *hosts}
        config = uvicorn.Config(
            SecurityHeaders(Mistakes(KnownHosts(app, names))),
            http=PatientProtocol,
            ws="none",
            log_level="error",
            # They go where all others go.
            log_config=None,
            lifespan="off",
            access_log=False,
            server_header=False,
            # Where nobody gives way, since all are worked for; above what gives way.
            limit_concurrency=MOST_CONNECTIONS + 1,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=5,
        )
        config.load()
        config.ssl = tls
        self._server = uvicorn.Server(config)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where it listens, with the port that was taken."""
        if self._socket is None:
            return self._address
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def start(self) -> None:
        """Listen and serve; return once requests are answered.

        Raises:
            ConfigurationError: The address is in use, or cannot be used.
        """
        host, _, port = self._address.rpartition(":")
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # asyncio switches Nagle's algorithm off on sockets that name their protocol alone; with
        # it, the second packet of an answer waits 40 ms for the client to acknowledge the first.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, int(port)))
        except (OSError, OverflowError) as error:
            listener.close()
            raise ConfigurationError(
                f"{self._what} cannot listen on {self._address}: {error}"
            ) from error
        self._socket = listener
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listener]},
            name=f"barograph-{self._what}",
            daemon=True,
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise ConfigurationError(f"{self._what} did not start on {self._address}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Let running requests end, then close. May be called again."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=10)
        if self._socket is not None:
            self._socket.close()
