"""Who has logged in with a browser."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

__all__ = ["SESSION_SECONDS", "Sessions"]

SESSION_SECONDS: Final = 12 * 3600
_MOST: Final = 1000


class Sessions:
    """Tokens' fingerprints by session, in memory: a restart logs everybody out.

    What a session may do is what its token may do now, so that a token that is taken
    back ends the sessions that it began.

    Holds digests of session ids, never the ids, and at most a thousand; the oldest
    give way. For one event loop; no lock.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()

    def begin(self, shown: bytes) -> str:
        """Return the id of a new session of who has shown a token of this fingerprint."""
        session = secrets.token_urlsafe(32)
        self._open[_digest(session)] = (self._clock() + SESSION_SECONDS, shown)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return session

    def shown(self, session: str) -> bytes | None:
        """Return the fingerprint that a session began with; None if it is unknown or over."""
        # Digests are looked up, so that the time it takes says nothing of the id.
        ends, shown = self._open.get(_digest(session), (0.0, b""))
        return shown if self._clock() < ends else None

    def end(self, session: str) -> None:
        """Forget a session."""
        self._open.pop(_digest(session), None)


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode("utf-8", "surrogateescape")).digest()
