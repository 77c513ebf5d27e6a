"""Acknowledged requests on their way to the worker: bounded, and in the journal's order."""

import struct
import threading
from dataclasses import dataclass
from typing import Final

from barograph_processor.exceptions import OverloadedError
from barograph_processor.journal import SignalKind
from barograph_processor.otlp import DecodedLogs, DecodedTraces

__all__ = ["ENOUGH_ITEMS", "Inbox", "Item", "Look"]

ENOUGH_ITEMS: Final = 32_768
"""Spans and records that are taken together: then the cost of a step is that of its rows.

Of sixteen models, each has a batch of 2,000 rows then; a quarter of that costs two thirds more."""

_LINGER_S: Final = 0.5
_SINCE: Final = struct.Struct("<q")


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the wall clock, for what did not come since somebody listened, ns."""

    since_ns: int

    def pack(self) -> bytes:
        """Return what the journal keeps of it."""
        return _SINCE.pack(self.since_ns)

    @classmethod
    def unpack(cls, payload: bytes) -> "Look":
        """Undo ``pack``."""
        return cls(*_SINCE.unpack(payload))


@dataclass(frozen=True, slots=True)
class Item:
    """One acknowledged request.

    Attributes:
        seq: Its number in the journal.
        signal: What it carries.
        decoded: Its content.
        cost: What it counts against the queue's bound, bytes.
        received_ns: When it came, ns since the epoch.
        stored: What it takes in the journal, bytes.
    """

    seq: int
    signal: SignalKind
    decoded: DecodedTraces | DecodedLogs | Look
    cost: int
    received_ns: int
    stored: int

    @property
    def rows(self) -> int:
        """Spans or records that it carries; 1 if none, for it is work all the same."""
        return 1 if isinstance(self.decoded, Look) else max(self.decoded.accepted, 1)


class Inbox:
    """A queue that gives out items by number, without gaps, whatever order they come in.

    It gives out several at once, and waits a moment for them: small requests would
    else each take the whole way alone.

    Threads that were journalled together wake in any order; the worker waits for
    the number that is next. Room is reserved before the journal is written, so
    that nothing is acknowledged that has no place.

    Args:
        max_bytes: Bound of all that is reserved.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._items: dict[int, Item] = {}
        self._next = 0
        self._reserved = 0
        self._in_flight = 0
        self._held = 0
        self._enough = ENOUGH_ITEMS
        self._open = False

    @property
    def is_open(self) -> bool:
        """Whether room can be reserved."""
        return self._open

    @property
    def is_empty(self) -> bool:
        """Whether nothing is reserved or waits."""
        with self._changed:
            return not self._in_flight

    @property
    def size_bytes(self) -> int:
        """What is reserved."""
        return self._reserved

    def open(self, first: int) -> None:
        """Accept items, the first of them with this number."""
        with self._changed:
            self._next = first
            self._open = True

    def close(self) -> bool:
        """Accept no more; what has a place stays. Return whether this changed anything."""
        with self._changed:
            was_open, self._open = self._open, False
            self._changed.notify_all()
            return was_open

    def reserve(self, cost: int) -> None:
        """Take room for a request; an empty inbox takes one of any size.

        Raises:
            OverloadedError: There is no room, or the inbox is not open.
        """
        with self._changed:
            if not self._open:
                raise OverloadedError("not ready: starting or shutting down")
            if self._in_flight and self._reserved + cost > self._max_bytes:
                raise OverloadedError(f"{self._reserved} bytes wait to be processed")
            self._reserved += cost
            self._in_flight += 1

    def release(self, cost: int) -> None:
        """Give room back: the request was processed, or not taken."""
        with self._changed:
            self._reserved -= cost
            self._in_flight -= 1
            if not self._open:
                self._changed.notify_all()

    def put(self, item: Item) -> None:
        """Queue an item whose cost was reserved."""
        with self._changed:
            self._items[item.seq] = item
            self._held += item.rows
            if item.seq == self._next or self._held >= self._enough:
                self._changed.notify_all()

    def take(self, timeout: float | None, *, enough: int = ENOUGH_ITEMS) -> list[Item]:
        """Return the next items by number, none after the timeout or when closed and empty.

        Args:
            timeout: Seconds until the first; None waits for ever. Then 0.5 s more
                pass, unless there are enough before.
            enough: Spans and records that are best taken together, if fewer than ever.
        """

        def decided() -> bool:
            return self._next in self._items or not (self._open or self._in_flight)

        with self._changed:
            self._enough = min(enough, ENOUGH_ITEMS)
            if not self._changed.wait_for(decided, None if timeout is None else max(0.0, timeout)):
                return []
            self._changed.wait_for(
                lambda: self._held >= self._enough or not self._open, timeout=_LINGER_S
            )
            return self._pop()

    def _pop(self) -> list[Item]:
        taken: list[Item] = []
        rows = 0
        while rows < self._enough and self._next in self._items:
            item = self._items.pop(self._next)
            taken.append(item)
            rows += item.rows
            self._next += 1
        self._held -= rows
        return taken

    def oldest_ns(self) -> int | None:
        """Return when the item that is next came, None if nothing waits."""
        with self._changed:
            times = [item.received_ns for item in self._items.values()]
            return min(times, default=None)
