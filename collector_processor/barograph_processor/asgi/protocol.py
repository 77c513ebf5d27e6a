"""HTTP/1.1 on a connection that nobody can hold for longer than is decent."""

import asyncio
from typing import Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["MOST_CONNECTIONS", "PatientProtocol"]

MOST_CONNECTIONS: Final = 512
"""Of a server at once."""

_HEADER_SECONDS: Final = 10.0
# Behind what whoever reads a body allows it, so that an answer can still say so.
_BODY_SECONDS: Final = 90.0
_WRITE_SECONDS: Final = 30.0


class PatientProtocol(H11Protocol):
    """Ends connections whose requests do not come, and whose answers are not taken.

    The server itself waits for ever for a request, one byte a minute if need be, and
    for a client that does not read. When there are too many connections, the one that we
    have waited for longest gives way to the new one: however many are held, they keep
    nobody out. Used on the event loop alone.

    Attributes:
        awaited_since: When we began to wait for the client, by the loop's clock; None while
            it waits for us.
    """

    awaited_since: float | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        # As uvicorn declares it: the transport of a socket is one that can be written to.
        super().connection_made(cast("asyncio.Transport", transport))
        self._waits: dict[str, asyncio.TimerHandle] = {}
        self._wait("headers", _HEADER_SECONDS)
        self.awaited_since = self.loop.time()
        if len(self.connections) > MOST_CONNECTIONS:
            self._evict()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        for what in tuple(self._waits):
            self._waited(what)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and wait for what is missing: headers, or the rest of a body."""
        super().data_received(data)
        if self._in_request:
            self._waited("headers")
        else:
            self._wait("headers", _HEADER_SECONDS)
        if self._in_body:
            self._wait("body", _BODY_SECONDS)
        else:
            self._waited("body")
        self._note_whose_turn()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, unless it is there."""
        super().on_response_complete()
        self._note_whose_turn()

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._wait("reader", _WRITE_SECONDS)
        self.awaited_since = self.awaited_since or self.loop.time()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        self._waited("reader")
        super().resume_writing()
        self._note_whose_turn()

    @property
    def _in_request(self) -> bool:
        # Before the first request there is no cycle, which uvicorn's types do not say.
        return bool(self.cycle) and not self.cycle.response_complete

    @property
    def _in_body(self) -> bool:
        return self._in_request and self.conn.their_state is h11.SEND_BODY

    def _note_whose_turn(self) -> None:
        """Keep the time since when it is the client's turn, from its first byte to its last."""
        ours = self._in_request and not self._in_body
        self.awaited_since = None if ours else self.awaited_since or self.loop.time()

    def _evict(self) -> None:
        """End the connection that we have waited for longest, if we wait for any other."""
        longest, oldest = self.loop.time(), None
        for other in self.connections:
            if isinstance(other, PatientProtocol) and other is not self:
                since = other.awaited_since
                if since is not None and since < longest:
                    longest, oldest = since, other
        if oldest is not None:
            oldest.awaited_since = None
            oldest.transport.abort()

    def _wait(self, what: str, seconds: float) -> None:
        """End the connection in so many seconds, counted from when that wait began."""
        if what not in self._waits:
            self._waits[what] = self.loop.call_later(seconds, self.transport.abort)

    def _waited(self, what: str) -> None:
        timer = self._waits.pop(what, None)
        if timer is not None:
            timer.cancel()
