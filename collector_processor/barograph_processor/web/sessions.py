"""Who has logged in with a browser."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from barograph_processor.access import Right

__all__ = ["SESSION_SECONDS", "Sessions"]

SESSION_SECONDS: Final = 12 * 3600
_MOST: Final = 1000


class Sessions:
    """Rights by session, in memory: a restart logs everybody out, as does a changed token.

    Holds digests of session ids, never the ids, and at most a thousand; the oldest
    give way. For one event loop; no lock.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[bytes, tuple[float, frozenset[Right]]] = OrderedDict()

    def begin(self, rights: frozenset[Right]) -> str:
        """Return the id of a new session with these rights."""
        session = secrets.token_urlsafe(32)
        self._open[_digest(session)] = (self._clock() + SESSION_SECONDS, rights)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return session

    def rights(self, session: str) -> frozenset[Right]:
        """Return what a session may do: nothing if it is unknown or over."""
        # Digests are looked up, so that the time it takes says nothing of the id.
        ends, rights = self._open.get(_digest(session), (0.0, frozenset[Right]()))
        return rights if self._clock() < ends else frozenset()

    def end(self, session: str) -> None:
        """Forget a session."""
        self._open.pop(_digest(session), None)


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode("utf-8", "surrogateescape")).digest()
