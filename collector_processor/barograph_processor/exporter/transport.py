"""How one request is sent: the contract of the two transports."""

from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["ExportSignal", "Outcome", "Transport"]

ExportSignal = Literal["metrics", "logs"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt.

    Attributes:
        result: ``sent``; ``refused`` for good; ``failed``, and worth another try.
        message: Of the downstream, or of the failure; also with ``sent``, if the
            downstream took only a part.
        retry_after: Seconds that the downstream asks to wait; None if it does not.
        unauthenticated: Refused for what the request carried as token, or for want of one.
    """

    result: Literal["sent", "refused", "failed"]
    message: str = ""
    retry_after: float | None = None
    unauthenticated: bool = False


class Transport(Protocol):
    """Sends one request at a time; used by one thread."""

    def send(self, signal: ExportSignal, payload: bytes) -> Outcome:
        """Send a request and wait for the answer; whatever happens is an outcome."""

    def close(self) -> None:
        """Close the connection."""
