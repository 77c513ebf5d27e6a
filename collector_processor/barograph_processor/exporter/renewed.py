"""A transport whose tokens and certificates may be replaced while it is used."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from barograph_processor.exporter.transport import ExportSignal, Outcome, Transport
from barograph_processor.rotation import Rotation
from barograph_processor.telemetry import Telemetry

__all__ = ["RenewedTransport"]


class RenewedTransport:
    """A transport, made anew once a file that it was made from holds something else.

    The files are read before each request. One that is refused for its token has failed and
    not been refused for good: it is worth another try, since the next token may be there by
    then. Used by one thread, as every transport.

    Args:
        what: Is shown to the downstream, for the log and the counter.
        files: Hold it; read whole before each request, so they are small.
        make: Makes a transport from what they hold now; raises ConfigurationError if that
            cannot be used, and the transport before stays.
        telemetry: Counts what came of changes.

    Raises:
        ConfigurationError: The first transport cannot be made.
    """

    def __init__(
        self,
        what: str,
        files: Sequence[Path],
        make: Callable[[], Transport],
        telemetry: Telemetry,
    ) -> None:
        # First: what is replaced while a transport is made is a change at the next look.
        self._rotation = Rotation(what, files, self._renew, telemetry)
        self._files = files
        self._make = make
        self._transport = make()

    def send(self, signal: ExportSignal, payload: bytes) -> Outcome:
        """Send a request with what the files hold now; see ``Transport``."""
        self._rotation.look()
        outcome = self._transport.send(signal, payload)
        if outcome.unauthenticated and self._files:
            return replace(outcome, result="failed")
        return outcome

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _renew(self) -> None:
        new = self._make()
        self._transport.close()
        self._transport = new
