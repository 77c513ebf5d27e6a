"""A request's bytes, read at many places at once."""

from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_BYTES", "Buffer", "Places", "alike"]

Places = npt.NDArray[np.intp]
"""Offsets into a buffer."""

MOST_BYTES: Final = 256
"""Most bytes that are read at one place."""

# masks[k] keeps the first k bytes of a little-endian word.
_MASKS: Final = np.array([(1 << 8 * k) - 1 for k in range(9)], np.uint64)


class Buffer:
    """Bytes with zeros behind them, so that a read near the end needs no care.

    A read of ``n`` places is one step of numpy's, 5 ns a place, where as many slices
    of a bytes object take 80 ns each.

    Args:
        payload: The bytes; copied by the first read, of which compiled code does none.
    """

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self._items: dict[int, npt.NDArray[np.void]] = {}

    @cached_property
    def _bytes(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self.payload + bytes(MOST_BYTES), np.uint8)

    def byte(self, at: Places) -> npt.NDArray[np.uint8]:
        """Return the byte at each place, shape ``(n,)``; places as for ``take``."""
        return self._bytes[at]

    def take(self, at: Places, size: int) -> npt.NDArray[np.uint8]:
        """Return ``size`` bytes from each place on, shape ``(n, size)``.

        Args:
            at: Shape ``(n,)``, each within the payload or just behind it.
            size: At least 1, at most ``MOST_BYTES``.
        """
        items = self._items.get(size)
        if items is None:
            # Items of a void type are copied whole; of a matrix it would be byte by byte.
            items = self._items[size] = np.ndarray(
                (len(self._bytes) - size + 1,), f"V{size}", buffer=self._bytes, strides=(1,)
            )
        return items[at].view(np.uint8).reshape(len(at), size)

    def words(self, start: Places, stop: Places) -> list[npt.NDArray[np.uint64]]:
        """Return what lies between two places as little-endian words, zeros behind its end.

        As many words as the longest needs, each of shape ``(n,)``. With their
        lengths, stretches are equal where all words are.

        Args:
            start: Shape ``(n,)``, ``n`` at least 1, within the payload.
            stop: The same; no stretch is longer than ``MOST_BYTES``.
        """
        left = stop - start
        whole = int(left.min()) // 8
        words = []
        for k in range(-(-int(left.max()) // 8)):
            word = self.take(start + 8 * k, 8).view("<u8")[:, 0]
            if k >= whole:
                word &= _MASKS[np.minimum(np.maximum(left - 8 * k, 0), 8)]
            words.append(word)
        return words


def alike(values: npt.NDArray[np.uint8]) -> bool:
    """Whether all rows of bytes are equal; shape ``(n,)`` or ``(n, k)``, ``n`` at least 1.

    A comparison of bytes objects costs a tenth of one by numpy and its ``all``.
    """
    first = values[:1].tobytes()
    return values.tobytes() == first * len(values)
