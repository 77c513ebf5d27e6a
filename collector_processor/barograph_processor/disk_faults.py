"""What fails on a disk, by who mends it: room and disks come back, rights have to be given."""

import errno
import sqlite3
from typing import Final

from barograph_processor.exceptions import ConfigurationError, OverloadedError

__all__ = ["unusable"]

_PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
_PASSING_SQL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
# Of an extended code of SQLite, what it is a kind of.
_PRIMARY: Final = 0xFF


def unusable(
    what: str, error: OSError | sqlite3.OperationalError
) -> ConfigurationError | OverloadedError:
    """Return the error that ends a start: worth another one later, or not before it is mended.

    Args:
        what: Cannot be used, as people are told.
        error: Why.
    """
    if isinstance(error, OSError):
        passes, why = error.errno in _PASSING, error.strerror
    else:
        passes, why = error.sqlite_errorcode & _PRIMARY in _PASSING_SQL, str(error)
    kind = OverloadedError if passes else ConfigurationError
    return kind(f"{what}: {why}")
