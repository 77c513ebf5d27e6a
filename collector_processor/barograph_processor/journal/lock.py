"""One process a state directory."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from barograph_processor.disk_faults import unusable
from barograph_processor.exceptions import ConfigurationError

__all__ = ["FileLock"]


class FileLock:
    """Holds an exclusive lock on a file until ``release`` or the end of the process.

    The kernel drops the lock of a process that dies, so none is ever left behind.

    Raises:
        ConfigurationError: Another process holds it, or the file cannot be written.
        OverloadedError: The disk is full, or fails.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(f"the state directory {path.parent} cannot be written", error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise ConfigurationError(
                f"another process uses the state directory {path.parent}; "
                "stop it, or give this one a --state-dir of its own"
            ) from error

    def release(self) -> None:
        """Let go; more than once is no error."""
        if self._file >= 0:
            # Where the disk is gone it may say so, and has let go all the same.
            with suppress(OSError):
                os.close(self._file)
            self._file = -1
