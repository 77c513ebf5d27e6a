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
        new = ~(self._young.contains(keys) | self._old.contains(keys))
        rows = np.flatnonzero(new)
        distinct, first = np.unique(keys[rows], return_index=True)
        self._young.insert(distinct)
        new[:] = False
        new[rows[first]] = True
        return new

    def state(self) -> Iterator[Keys]:
        """Yield the younger and the older keys, for ``load``; a copy of each as it is asked for."""
        yield self._young.keys()
        yield self._old.keys()

    def load(self, state: Iterable[Keys]) -> None:
        """Take the next two from what ``state`` gave, for the same capacity or another."""
        self._young, self._old = _Table(), _Table()
        for table, keys in zip((self._young, self._old), state, strict=False):
            table.insert(keys[: self.capacity])


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
        open_rows = np.arange(len(keys))
        mask = np.uint64(len(self._slots) - 1)
        at = keys & mask
        while len(open_rows):
            there = self._slots[at]
            equal = there == keys[open_rows]
            found[open_rows[equal]] = True
            undecided = ~equal & (there != _EMPTY)
            open_rows = open_rows[undecided]
            at = at[undecided] + np.uint64(1) & mask
        return found

    def insert(self, keys: Keys) -> None:
        """Insert distinct keys that are not in the table."""
        self.count += len(keys)
        if 2 * self.count > len(self._slots):
            before = self.keys()
            self._slots = np.zeros(1 << (2 * self.count).bit_length(), np.uint64)
            self._fill(before)
        self._fill(keys)

    def _fill(self, keys: Keys) -> None:
        mask = np.uint64(len(self._slots) - 1)
        at = keys & mask
        while len(keys):
            free = self._slots[at] == _EMPTY
            # Of several keys for one slot the last one written stays; the others go on.
            self._slots[at[free]] = keys[free]
            left = self._slots[at] != keys
            keys = keys[left]
            at = at[left] + np.uint64(1) & mask
