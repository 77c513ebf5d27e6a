"""Locks that are given in order of arrival, so that nobody starves behind a busy worker."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Courtesy", "TurnLock"]


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


class Courtesy:
    """Lets one thread calculate at a time, in turn, where nobody need wait long for it.

    The interpreter runs one thread at a time anyway. Two that calculate, on two cores, take
    its lock from each other at every step of numpy's, and each span costs a fourth more CPU.
    It guards nothing: on a machine so busy that a turn does not come soon, both go on, and
    share as the interpreter lets them. Not reentrant.

    Args:
        patience_s: How long somebody waits in the turnstile, and as long again behind it.
    """

    def __init__(self, patience_s: float = 0.01) -> None:
        self._patience_s = patience_s
        self._turnstile = threading.Lock()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Calculate within the context, alone if that comes soon."""
        alone = False
        if self._turnstile.acquire(timeout=self._patience_s):
            alone = self._lock.acquire(timeout=self._patience_s)
            self._turnstile.release()
        try:
            yield
        finally:
            if alone:
                self._lock.release()
