"""A lock that a reader gets in turn, however busy the worker is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["TurnLock"]


class TurnLock:
    """Mutual exclusion in order of arrival between one worker and many readers.

    A plain lock goes back to the thread that has just released it and asks
    again, as a busy worker does; readers would starve. Here whoever waits holds
    the turnstile, and the worker has to queue behind it. Not reentrant.
    """

    def __init__(self) -> None:
        self._turnstile = threading.Lock()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for the length of the context."""
        with self._turnstile:
            self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()
