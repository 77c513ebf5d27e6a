"""What the disk has room for: a request, and behind it the checkpoint that makes room again."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Room", "Usage"]

# SQLite begins its log anew from a thousand pages on; a block of a checkpoint may go beyond.
_LOG_BYTES: Final = 1000 * 16_384 + 4 * 1024 * 1024
_MARGIN_BYTES: Final = 512 * 1024
_GROWTH: Final = 1.25


@dataclass(frozen=True, slots=True)
class Usage:
    """How a store lies on its disk, in bytes.

    Attributes:
        checkpoint: The blocks of the last checkpoint.
        spare: In the file, and free for what is written next.
        owed: In the log alone, for which the file has yet to grow.
        log: The log, which is written over again and again.
    """

    checkpoint: int
    spare: int
    owed: int
    log: int


class Room:
    """Says whether a disk has room for requests and for a checkpoint of them.

    A disk that is full takes no checkpoint, and without one no request that is on it is ever
    forgotten: it would stay full until somebody makes room. So the last of it is kept back.
    Where a disk is smaller than the journal may become, it is thus as if that were bounded by it.

    Args:
        directory: On that disk.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def plenty(self, most: int, checkpoint: int) -> bool:
        """Whether nothing that a journal writes can make room short, so that ``has`` holds.

        Args:
            most: Bytes of requests that it may hold.
            checkpoint: Bytes of the last checkpoint.
        """
        free = self._free()
        # What the log holds alone, the log, a checkpoint, and what is to come.
        return free is None or free >= 4 * most + 3 * checkpoint + _LOG_BYTES + _MARGIN_BYTES

    def has(self, usage: Usage, *, stored: int, waiting: int) -> bool:
        """Whether it has room; also where the system does not say how much there is.

        Args:
            usage: As it lies there now.
            stored: Bytes of the requests that are there.
            waiting: Bytes of those that are to come.
        """
        free = self._free()
        if free is None:
            return True
        free -= usage.owed
        # What requests add to the state is about what they are themselves.
        checkpoint = round(_GROWTH * usage.checkpoint) + stored + waiting + _MARGIN_BYTES
        log = min(checkpoint + waiting, max(0, _LOG_BYTES + waiting - usage.log))
        return free >= log and free + usage.spare >= log + checkpoint + waiting

    def _free(self) -> int | None:
        """Return the bytes that are free; None where the system does not say."""
        try:
            disk = os.statvfs(self._directory)
        except OSError:
            # Whoever writes will see.
            return None
        return disk.f_bavail * disk.f_frsize if disk.f_blocks else None
