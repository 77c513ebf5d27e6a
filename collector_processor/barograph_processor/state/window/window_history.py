"""The last closed windows of a model, packed: there may be thousands, of a thousand models."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

import msgspec

from barograph_processor.deflate import deflated, inflated
from barograph_processor.state.window.record import WindowRecord

__all__ = ["WindowHistory"]

_LEVEL: Final = 1
_DECODER: Final = msgspec.msgpack.Decoder(WindowRecord)


class WindowHistory(Sequence[WindowRecord]):
    """The last windows, oldest first; what is read is unpacked each time.

    State size: a seventh of what the records would take: of 12 features some 800 bytes for
    a window, and 1.5 kB where it has labels. Not locked; its owner is.

    Args:
        kept: Most windows held. Older ones are forgotten.

    Attributes:
        size_bytes: What the records take.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._packed: deque[bytes] = deque()
        self.size_bytes = 0
        # Asked for at every evaluation.
        self._last: WindowRecord | None = None

    def append(self, record: WindowRecord) -> None:
        """Add the latest window."""
        self._last = record
        packed = deflated(msgspec.msgpack.encode(record), _LEVEL)
        self._packed.append(packed)
        self.size_bytes += len(packed)
        if len(self._packed) > self._kept:
            self._forget()

    def snapshot(self) -> "WindowHistory":
        """Return the windows as they are now, still packed: to be read when nobody holds them.

        It costs a reference for each window.
        """
        found = WindowHistory(self._kept)
        found._packed, found._last = self._packed.copy(), self._last
        found.size_bytes = self.size_bytes
        return found

    def shrink(self, most_bytes: int) -> int:
        """Forget the oldest, down to so many bytes but never the last; return how many."""
        forgotten = 0
        while self.size_bytes > most_bytes and len(self._packed) > 1:
            self._forget()
            forgotten += 1
        return forgotten

    def _forget(self) -> None:
        self.size_bytes -= len(self._packed.popleft())

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, at: int) -> WindowRecord: ...
    @overload
    def __getitem__(self, at: slice) -> list[WindowRecord]: ...
    def __getitem__(self, at: int | slice) -> WindowRecord | list[WindowRecord]:
        if isinstance(at, slice):
            return [_unpacked(packed) for packed in list(self._packed)[at]]
        if at == -1 and self._last is not None:
            return self._last
        return _unpacked(self._packed[at])

    def __iter__(self) -> Iterator[WindowRecord]:
        return map(_unpacked, self._packed)

    def __reversed__(self) -> Iterator[WindowRecord]:
        return map(_unpacked, reversed(self._packed))

    def state(self) -> list[bytes]:
        """Return plain values from which ``load`` continues."""
        return list(self._packed)

    def load(self, state: Iterable[bytes]) -> None:
        """Undo ``state``."""
        self._packed = deque(state)
        self.size_bytes = sum(map(len, self._packed))
        self._last = _unpacked(self._packed[-1]) if self._packed else None


def _unpacked(packed: bytes) -> WindowRecord:
    return _DECODER.decode(inflated(packed))
