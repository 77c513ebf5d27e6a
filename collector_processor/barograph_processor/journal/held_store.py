"""The journal's file while its disk comes and goes."""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from barograph_processor.exceptions import BarographError, OverloadedError
from barograph_processor.journal.lock import FileLock
from barograph_processor.journal.store import Store
from barograph_processor.journal.tide_mark import TideMark

__all__ = ["HeldStore"]

_LOG: Final = logging.getLogger(__name__)
_T = TypeVar("_T")
_OF_DISKS: Final = (sqlite3.Error, OSError, BarographError)


class HeldStore:
    """A store with the lock of its directory, both let go after an error and taken again.

    A disk that failed may come back as another file system in the same place, of which files
    that are held open know nothing. Only the file that was in use is taken again: one of
    another process, or an empty directory where a disk is not mounted, is refused.

    Used by one thread at a time.

    Args:
        path: The database file.

    Attributes:
        store: The store that is open; another once it was taken again, so of use at the start.
        mark: How far it came.
        lost: Records that were acknowledged and are not there any more.

    Raises:
        ConfigurationError: The directory cannot be written, or another process has it.
        OverloadedError: The disk is full, or fails.
        StateError: The file is damaged, or of an unknown format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failing = False
        self.mark = TideMark(path.with_name(path.name + ".mark"))
        known = path.exists()
        self._open()
        # Who moved the file away to start anew has lost nothing.
        self.lost = max(0, self.mark.read() - self.store.last_seq()) if known else 0
        self._known = {self.store.generation()}

    def run(self, work: Callable[[Store], _T], *, last_seq: int) -> _T:
        """Use the store, once it is open again.

        Args:
            work: What is done with it.
            last_seq: The last record that was acknowledged; later ones were not, and go.

        Raises:
            OverloadedError: It cannot be done now; of what one transaction does, nothing is.
        """
        try:
            if self._failing:
                self._reopen(last_seq)
            done = work(self.store)
        except Exception as error:
            # A mistake as well, or memory that is short: all wait for this thread, it must go on.
            if not self._failing:
                _LOG.warning(
                    "the journal fails: %s; requests are refused until it does not",
                    error,
                    exc_info=not isinstance(error, _OF_DISKS),
                )
            self._failing = True
            self._let_go()
            raise OverloadedError(str(error), retry_after=5.0) from error
        if self._failing:
            _LOG.warning("the journal is written again")
            self._failing = False
        return done

    def expect(self, *generations: int) -> None:
        """Say which checkpoint the file may hold from now on."""
        self._known = set(generations)

    @property
    def generations(self) -> set[int]:
        """Which checkpoints it may hold: several where a commit failed, and may have been done."""
        return self._known

    def close(self) -> None:
        """Close the file and let go of the lock; more than once is no error."""
        self._let_go()

    def _open(self) -> None:
        self._lock = FileLock(self._path.with_name(self._path.name + ".lock"))
        try:
            self.store = Store(self._path)
        except BaseException:
            self._lock.release()
            raise

    def _reopen(self, last_seq: int) -> None:
        if not self._path.exists():
            raise OverloadedError(f"{self._path} is gone")
        self._open()
        if self.store.generation() not in self._known:
            raise OverloadedError(f"{self._path} is not the file that was in use")
        self.store.forget_after(last_seq)

    def _let_go(self) -> None:
        self.mark.let_go()
        self.store.close()
        self._lock.release()
