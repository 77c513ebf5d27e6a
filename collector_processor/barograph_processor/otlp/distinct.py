"""Which of many stretches of bytes are equal, without an object for each."""

from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.buffer import MOST_BYTES, Buffer, Places, alike

__all__ = ["distinct"]

# Longer ones are told apart as bytes objects, by a dictionary.
_LONGEST: Final = 136
_SLOT_BITS: Final = 10
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio


def distinct(
    data: Buffer, start: Places, stop: Places
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """Number equal stretches.

    Args:
        data: Where they are.
        start: Where each begins, shape ``(n,)``, ``n`` at least 1.
        stop: Where each ends, shape ``(n,)``.

    Returns:
        The number of each, by first appearance, shape ``(n,)``; and of each number
        the first stretch that has it.
    """
    size = stop - start
    first = int(size[0])
    of_a_size = 0 < first <= MOST_BYTES and not np.count_nonzero(size != first)
    if of_a_size and alike(data.take(start, first)):
        # The usual case: one model, one task.
        return np.zeros(len(start), np.int32), np.zeros(1, np.intp)
    if int(size.max()) <= _LONGEST:
        words = [size.astype(np.uint64), *data.words(start, stop)]
        found = _hashed(words)
        if found is not None:
            return found
    return _sorted_out(data, start, stop)


def _hashed(
    words: list[npt.NDArray[np.uint64]],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]] | None:
    """Number by a hash, and see whether it told all apart that differ; else None."""
    mixed = words[0] * _ODD
    for word in words[1:]:
        mixed ^= word
        mixed *= _ODD
    # Every bit of a word reaches the highest.
    slot = (mixed >> np.uint64(64 - _SLOT_BITS)).astype(np.intp)
    first = np.full(1 << _SLOT_BITS, -1)
    # Of several rows for one slot the one written last stays, here the first.
    first[slot[::-1]] = np.arange(len(slot))[::-1]
    as_first = first[slot]
    if any(np.count_nonzero(word != word[as_first]) for word in words):
        return None
    firsts = np.sort(first[first >= 0])
    number = np.empty(1 << _SLOT_BITS, np.int32)
    number[slot[firsts]] = np.arange(len(firsts))
    return number[slot], firsts


class _Index(dict[bytes, int]):
    """Numbers keys in order of their first look-up."""

    def __missing__(self, key: bytes) -> int:
        self[key] = number = len(self)
        return number


def _sorted_out(
    data: Buffer, start: Places, stop: Places
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """Number by a dictionary."""
    index = _Index()
    payload = data.payload
    stretches = [payload[a:b] for a, b in zip(start.tolist(), stop.tolist(), strict=True)]
    numbers = np.fromiter(map(index.__getitem__, stretches), np.int32, len(stretches))
    firsts = np.full(len(index), -1)
    firsts[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return numbers, firsts
