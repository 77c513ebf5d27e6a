"""What has been seen lately: a bounded set of 64-bit keys."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Keys", "SeenSet"]

Keys = npt.NDArray[np.uint64]

_EMPTY: Final = np.uint64(0)
_FIRST_SLOTS: Final = 1024


class SeenSet:
    """Remembers at least the last ``capacity`` distinct keys, and at most twice as many.

    Two hash tables of ``capacity`` keys: the younger is filled, both are asked,
    and when the younger is full it becomes the older and the older is forgotten.
    What is remembered depends on the keys' order alone, not on how they came in
    batches, so that a replay decides as the first run did.

    State: 16 to 32 bytes for each key that is remembered. ``add`` is O(keys), vectorized.
    Keys must be uniform, so hashes. Two different things are taken for one with
    probability ``2 * capacity / 2**64`` each, 1e-13 for a million.

    >>> seen = SeenSet(capacity=1000)
    >>> seen.add(np.array([7, 8, 7], np.uint64)), seen.add(np.array([8, 9], np.uint64))
    (array([ True,  True, False]), array([False,  True]))
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be positive, got {capacity!r}")
        self.capacity = capacity
        self._young = _Table()
        self._old = _Table()

    def add(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Add keys, and return which of them were new; of equal keys the first is."""
        keys = np.where(keys == _EMPTY, np.uint64(1), keys)
        new = np.zeros(len(keys), np.bool_)
        start = 0
        while start < len(keys):
            # Never more than fit, so that the change of tables falls on the same key always.
            part = slice(start, start + self.capacity - self._young.count)
            new[part] = self._add(keys[part])
            start = min(part.stop, len(keys))
            if self._young.count >= self.capacity:
                # The next one becomes as large: it need not grow there step by step.
                self._old, self._young = self._young, _Table(self._young.size)
        return new

    def _add(self, keys: Keys) -> npt.NDArray[np.bool_]:
        new = ~self._old.contains(keys)
        rows = np.flatnonzero(new)
        new[rows] = self._young.add(keys[rows])
        return new

    def state(self) -> Iterator[Keys]:
        """Yield the younger and the older keys, for ``load``; a copy of each as it is asked for."""
        yield self._young.keys()
        yield self._old.keys()

    def load(self, state: Iterable[Keys]) -> None:
        """Take the next two from what ``state`` gave, for the same capacity or another."""
        self._young, self._old = _Table(), _Table()
        for table, keys in zip((self._young, self._old), state, strict=False):
            table.add(keys[: self.capacity])


class _Table:
    """Open addressing with linear probing, at most half full; zero marks a free slot."""

    def __init__(self, size: int = _FIRST_SLOTS) -> None:
        self.count = 0
        self._slots = np.zeros(size, np.uint64)

    @property
    def size(self) -> int:
        """How many slots there are."""
        return len(self._slots)

    def keys(self) -> Keys:
        keys: Keys = self._slots[self._slots != _EMPTY]
        return keys

    def contains(self, keys: Keys) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(keys), np.bool_)
        rows, at = np.arange(len(keys)), self._home(keys)
        while len(rows):
            there = self._slots[at]
            equal = there == keys
            found[rows[equal]] = True
            left = np.flatnonzero(~equal & (there != _EMPTY))
            rows, keys, at = rows[left], keys[left], self._next(at[left])
        return found

    def add(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Add keys, and return which of them were not there; of equal keys the first is."""
        most = 2 * (self.count + len(keys))
        if most > len(self._slots):
            before = self.keys()
            self._slots = np.zeros(1 << most.bit_length(), np.uint64)
            self._fill(before)
        new = self._fill(keys)
        self.count += int(new.sum())
        return new

    def _fill(self, keys: Keys) -> npt.NDArray[np.bool_]:
        new = np.zeros(len(keys), np.bool_)
        rows, at = np.arange(len(keys)), self._home(keys)
        while len(rows):
            free = np.flatnonzero(self._slots[at] == _EMPTY)
            # Each writes its row into the free slot it is at, from the end on: of several for
            # one slot the first stays, and it alone finds itself there and writes its key.
            claimed, claims = at[free], rows[free].astype(np.uint64)
            self._slots[claimed[::-1]] = claims[::-1]
            won = np.flatnonzero(self._slots[claimed] == claims)
            first = rows[free[won]]
            self._slots[claimed[won]] = keys[first]
            new[first] = True
            left = np.flatnonzero(self._slots[at] != keys[rows])
            rows, at = rows[left], self._next(at[left])
        return new

    def _home(self, keys: Keys) -> npt.NDArray[np.intp]:
        """Return the slot at which each key's search begins."""
        return (keys & np.uint64(len(self._slots) - 1)).view(np.intp)

    def _next(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        return slots + 1 & len(self._slots) - 1
