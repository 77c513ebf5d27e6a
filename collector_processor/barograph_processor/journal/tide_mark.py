"""How far the journal came, beside it: what its disk loses is known by that."""

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

from barograph_processor.deflate import crc32

__all__ = ["TideMark"]

_SEQ: Final = struct.Struct("<q")
_MARK: Final = struct.Struct("<qI")


class TideMark:
    """The number of the last record that was acknowledged, in a file of its own.

    SQLite takes what is behind a damaged place of its log, or behind its end, for what never
    was; so acknowledged requests would be gone without a word. The mark is set after each commit
    and never synced: after a power cut it may be behind the journal, but never ahead of what
    the disk had promised to keep. Nothing depends on it but that a loss is told.

    Args:
        path: Of the file, 12 bytes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def read(self) -> int:
        """Return the number, 0 where none is known."""
        try:
            seq, check = _MARK.unpack(self._path.read_bytes())
        except (OSError, struct.error):
            return 0
        return int(seq) if check == crc32(_SEQ.pack(seq)) else 0

    def set(self, seq: int) -> None:
        """Note the number; where the disk does not let us, the one before stays."""
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._file, _MARK.pack(seq, crc32(_SEQ.pack(seq))), 0)
        except OSError:
            self.let_go()

    def let_go(self) -> None:
        """Close the file, until a number is noted again."""
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):
                os.close(file)
