"""HTTP/1.1 on a connection that nobody can hold for longer than is decent."""

import asyncio
from typing import Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PatientProtocol"]

_HEADER_SECONDS: Final = 10.0
# Behind what whoever reads a body allows it, so that an answer can still say so.
_BODY_SECONDS: Final = 90.0
_WRITE_SECONDS: Final = 30.0


class PatientProtocol(H11Protocol):
    """Ends connections whose requests do not come, and whose answers are not taken.

    The server itself waits for ever for a request, one byte a minute if need be, and
    for a client that does not read. Used on the event loop alone.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        # As uvicorn declares it: the transport of a socket is one that can be written to.
        super().connection_made(cast("asyncio.Transport", transport))
        self._waits: dict[str, asyncio.TimerHandle] = {}
        self._wait("headers", _HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        for what in tuple(self._waits):
            self._waited(what)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and wait for what is missing: headers, or the rest of a body."""
        super().data_received(data)
        # Before the first request there is no cycle, which uvicorn's types do not say.
        in_request = self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]
        if in_request:
            self._waited("headers")
        else:
            self._wait("headers", _HEADER_SECONDS)
        if in_request and self.conn.their_state is h11.SEND_BODY:
            self._wait("body", _BODY_SECONDS)
        else:
            self._waited("body")

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._wait("reader", _WRITE_SECONDS)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        self._waited("reader")
        super().resume_writing()

    def _wait(self, what: str, seconds: float) -> None:
        """End the connection in so many seconds, counted from when that wait began."""
        if what not in self._waits:
            self._waits[what] = self.loop.call_later(seconds, self.transport.abort)

    def _waited(self, what: str) -> None:
        timer = self._waits.pop(what, None)
        if timer is not None:
            timer.cancel()
