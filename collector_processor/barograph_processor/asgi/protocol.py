"""HTTP/1.1 on a connection that nobody can hold for longer than is decent."""

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PatientProtocol"]

_HEADER_SECONDS: Final = 10.0
_WRITE_SECONDS: Final = 30.0


class PatientProtocol(H11Protocol):
    """Ends connections whose requests do not come, and whose answers are not taken.

    The server itself waits for ever for a request's headers, one byte a minute if
    need be, and for a client that does not read. How long a body may take is for
    whoever reads it. Used on the event loop alone.
    """

    _headers_due: asyncio.TimerHandle | None = None
    _write_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a request that is whole so far as its headers go ends the wait."""
        super().data_received(data)
        # Before the first request there is no cycle, which uvicorn's types do not say.
        if self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]
            self._stop_waiting()
        elif self._headers_due is None:
            self._await_headers()

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._write_due = self.loop.call_later(_WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        if self._write_due is not None:
            self._write_due.cancel()
            self._write_due = None
        super().resume_writing()

    def _await_headers(self) -> None:
        self._headers_due = self.loop.call_later(_HEADER_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None
