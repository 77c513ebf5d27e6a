"""Messages that are awaited: what has come of them is held, and bounded by the memory."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Final

from barograph_processor.memory import Memory, release
from barograph_processor.otlp.status import Code
from barograph_processor.receiver.intake import RefusedError

__all__ = ["AwaitedMessages"]

_LOOK_SECONDS: Final = 0.1
# A message that is on its way in is there sooner; one that is held back is not.
_PATIENCE_SECONDS: Final = 1.0
_RELEASE_SECONDS: Final = 2.0


class AwaitedMessages:
    """Lets messages be read for as long as there is memory for what is held of them.

    As soon as a message is asked for, gRPC takes in all of it, and does not say how much it
    has; nor does a body over HTTP always say how much of it is to come. So each counts as
    large as it may be; but only while memory is short, since nearly all are small. Then those
    that were awaited longest are given up, until what the others may come to has room, and the
    next are taken only in their turn: a new one goes before one that has been awaited for a
    second. At least one is always read.

    Used on one event loop alone, on which ``watch`` runs: it ends what is given up, and what is
    not there in its time. State size: one entry a message.

    Args:
        memory: What there is; looked at ten times a second.
        max_bytes: Size that a message may have.
        seconds: Time in which a message has to be there, to a tenth of a second.
    """

    def __init__(self, memory: Memory, *, max_bytes: int, seconds: float) -> None:
        self._memory = memory
        self._max_bytes = max_bytes
        self._seconds = seconds
        # In the order of the calls.
        self._waiting: dict[_Wait, None] = {}
        self._released = 0.0

    def one(self) -> "_Wait":
        """Return a context within which this task awaits a message, at once.

        Raises:
            RefusedError: There is no room for it; from the context: nor is there any more,
                or it came too slowly.
        """
        self._make_way()
        wait = _Wait(self._waiting)
        self._waiting[wait] = None
        return wait

    async def watch(self) -> None:
        """Look at the memory and the clock again and again, and end what has to be."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            while self._waiting and self._longest.since + self._seconds <= loop.time():
                self._longest.end(_slow)
            self._memory.look()
            while len(self._waiting) > self._room:
                self._longest.end(_no_memory)
            if self._memory.short and loop.time() > self._released + _RELEASE_SECONDS:
                # The next look is behind it, and the calls that were given up have ended.
                await loop.run_in_executor(None, release)
                self._released = loop.time()

    @property
    def _longest(self) -> "_Wait":
        """What has been awaited longest."""
        return next(iter(self._waiting))

    @property
    def _room(self) -> int:
        """How many messages there is room for."""
        if not self._memory.short:
            return len(self._waiting) + 1
        return self._memory.allows(self._memory.limit, least=self._max_bytes) // self._max_bytes

    def _make_way(self) -> None:
        if len(self._waiting) < self._room:
            return
        if asyncio.get_running_loop().time() < self._longest.since + _PATIENCE_SECONDS:
            raise _no_memory()
        self._longest.end(_no_memory)


class _Wait:
    """A task that awaits a message: ended from outside, as ``asyncio.timeout`` ends one.

    That has a timer of its own for each, and a generator around it; together they cost a
    request as much as reading it.
    """

    def __init__(self, waiting: "dict[_Wait, None]") -> None:
        self._waiting = waiting
        self._refusal: Callable[[], RefusedError] | None = None
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self.since = asyncio.get_running_loop().time()

    def end(self, refusal: Callable[[], RefusedError]) -> None:
        """Have the context raise this; the task is awaited no more."""
        del self._waiting[self]
        self._refusal = refusal
        self._task.cancel()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._waiting.pop(self, None)
        if self._refusal is None:
            return
        # Unless somebody else has cancelled it too. Made here: an error that we kept would hold
        # itself by its frames, and with them what has come of the message.
        if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._refusal() from None


def _no_memory() -> RefusedError:
    return RefusedError(Code.UNAVAILABLE, "memory", "memory is short", retry_after=1.0)


def _slow() -> RefusedError:
    return RefusedError(Code.DEADLINE_EXCEEDED, "slow_body", "the message came too slowly")
