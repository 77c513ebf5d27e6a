"""Programs as children: started, waited for, and surely ended."""

import contextlib
import http.client
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from components.errors import ComponentError

__all__ = ["Process", "accepts_tcp", "free_addresses", "http_get", "wait_until"]

T = TypeVar("T")

_LOOPBACK = "127.0.0.1"
_POLL_S = 0.05
_TAIL_LINES = 40

# Below the range that kernels take the source ports of connections from: a port
# from that range can be lost between asking for it and listening on it.
_PORTS = range(20000, 32000)

_given: set[int] = set()


def free_addresses(count: int) -> list[str]:
    """Return ``count`` different loopback addresses, ``host:port``, that nobody listens on.

    No address is given twice in one process; otherwise nothing keeps them free: use them
    at once.

    Raises:
        ComponentError: This process has been given all that there are.
    """
    generator = random.SystemRandom()
    addresses: list[str] = []
    while len(addresses) < count:
        left = [port for port in _PORTS if port not in _given]
        if not left:
            raise ComponentError("no port is left that this process was not given")
        port = generator.choice(left)
        _given.add(port)
        with contextlib.suppress(OSError), socket.socket() as holder:
            holder.bind((_LOOPBACK, port))
            addresses.append(f"{_LOOPBACK}:{port}")
    return addresses


def accepts_tcp(address: str) -> bool:
    """Tell whether something listens on ``host:port``."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def http_get(
    address: str, path: str, *, headers: Mapping[str, str] | None = None, timeout: float = 10
) -> tuple[int, bytes]:
    """Fetch ``http://address/path`` without proxies or redirects; return status and body.

    Raises:
        OSError: Nobody answers, or not in time.
    """
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise ConnectionError(f"{address} does not speak HTTP: {error!r}") from error
    finally:
        connection.close()


def wait_until(question: Callable[[], T | None], *, what: str, timeout: float = 60) -> T:
    """Ask until the answer is true, and return it.

    Args:
        question: Is asked about twenty times a second. An ``OSError`` counts as no.
        what: What is being waited for, for the message.
        timeout: Seconds; generous, since it only bounds a failure.

    Raises:
        ComponentError: The answer was still no, or ``question`` still failed,
            at the end.
    """
    deadline = time.monotonic() + timeout
    last: object = None
    while True:
        try:
            answer = question()
        except OSError as error:
            last = error
        else:
            last = answer
            if answer:
                return answer
        if time.monotonic() > deadline:
            raise ComponentError(f"waited {timeout:g} s for {what}; last answer: {last!r}")
        time.sleep(_POLL_S)


class Process:
    """One program, from start to end, with its own directory and log.

    A context manager: entering starts it and waits until it is ready, leaving
    stops it. It can be stopped and started again, with the same directory and
    addresses. Not thread-safe: the thread that starts it owns it.

    Args:
        name: For messages and the name of the log.
        command: Program and arguments.
        directory: Working directory, made if need be; also gets the log.
        env: Added to the environment that we run in.
        ready: Is asked until it says yes; may raise ``OSError`` for no.
        timeout: Seconds that starting may take, and that stopping politely may.

    Attributes:
        log: What it printed, over all its starts.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        directory: Path,
        env: Mapping[str, str] | None = None,
        ready: Callable[[], bool],
        timeout: float = 60,
    ) -> None:
        self.name = name
        self.directory = directory
        self.log = directory / f"{name}.log"
        self._command = list(command)
        self.env = dict(env or {})
        self._ready = ready
        self._timeout = timeout
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            ComponentError: It is not running.
        """
        if self._child is None:
            raise ComponentError(f"{self.name} is not running")
        return self._child.pid

    def log_tail(self) -> str:
        """Return the last lines of its log."""
        if not self.log.exists():
            return "(no log)"
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])

    def start(self) -> None:
        """Start it and return once it is ready; its output is appended to the log.

        Raises:
            ComponentError: It runs already, or it ended or was not ready in
                time; it is not left running, and the message has the log's end.
        """
        if self.running:
            raise ComponentError(f"{self.name} is running already, as {self.pid}")
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C is for us, who then stop it in order.
            self._child = subprocess.Popen(
                self._command,
                cwd=self.directory,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self._ready_or_gone, what=f"{self.name} to be ready", timeout=self._timeout)
        except ComponentError as error:
            self.kill()
            raise ComponentError(f"{error}\n{self._last_words()}") from None
        except BaseException:
            self.kill()
            raise
        if not self.running:
            code = self._child.returncode
            self._child = None
            raise ComponentError(f"{self.name} ended with {code}\n{self._last_words()}")

    def stop(self) -> None:
        """End it with SIGTERM, or after the time-out with SIGKILL. Idempotent."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(self._timeout)
        except subprocess.TimeoutExpired:
            self.kill()
        self._child = None

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would. Idempotent."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        self._child = None

    def _last_words(self) -> str:
        return f"The end of {self.log}:\n{self.log_tail()}"

    def _ready_or_gone(self) -> bool:
        return not self.running or self._ready()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
