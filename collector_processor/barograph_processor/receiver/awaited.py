"""Messages that are awaited: what has come of them is held, and bounded by the memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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

    Used on one event loop alone. State size: one entry a message.

    Args:
        memory: What there is; looked at ten times a second while ``watch`` runs.
        max_bytes: Size that a message may have.
        seconds: Time in which a message has to be there.
    """

    def __init__(self, memory: Memory, *, max_bytes: int, seconds: float) -> None:
        self._memory = memory
        self._max_bytes = max_bytes
        self._seconds = seconds
        # By deadline, in the order of the calls: since when it is awaited.
        self._since: dict[asyncio.Timeout, float] = {}
        self._released = 0.0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Await a message within the context.

        Raises:
            RefusedError: There is no room for it, now or any more, or it came too slowly.
        """
        self._make_way()
        try:
            async with asyncio.timeout(self._seconds) as deadline:
                self._since[deadline] = asyncio.get_running_loop().time()
                try:
                    yield
                finally:
                    given_up = self._since.pop(deadline, None) is None
        except TimeoutError:
            raise _no_memory() if given_up else _slow() from None

    async def watch(self) -> None:
        """Look at the memory again and again, and keep what is awaited to what there is."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self._memory.look()
            while len(self._since) > self._room:
                self._give_up()
            if self._memory.short and loop.time() > self._released + _RELEASE_SECONDS:
                # The next look is behind it, and the calls that were given up have ended.
                await loop.run_in_executor(None, release)
                self._released = loop.time()

    @property
    def _room(self) -> int:
        """How many messages there is room for."""
        if not self._memory.short:
            return len(self._since) + 1
        return self._memory.allows(self._memory.limit, least=self._max_bytes) // self._max_bytes

    def _make_way(self) -> None:
        if len(self._since) < self._room:
            return
        longest = next(iter(self._since.values()))
        if asyncio.get_running_loop().time() < longest + _PATIENCE_SECONDS:
            raise _no_memory()
        self._give_up()

    def _give_up(self) -> None:
        """End the call that was awaited longest."""
        deadline = next(iter(self._since))
        del self._since[deadline]
        # Its own time may be over in the same turn of the loop.
        if not deadline.expired():
            deadline.reschedule(0.0)


def _no_memory() -> RefusedError:
    return RefusedError(Code.UNAVAILABLE, "memory", "memory is short", retry_after=1.0)


def _slow() -> RefusedError:
    return RefusedError(Code.DEADLINE_EXCEEDED, "slow_body", "the message came too slowly")
