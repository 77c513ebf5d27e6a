"""Times of histories that have none: a row a second, and so far back that none is meant.

People are told the rows and not the times.
"""

from datetime import UTC, datetime
from typing import Final

__all__ = ["SECOND_NS", "row_at", "rows_begin_ns"]

SECOND_NS: Final = 1_000_000_000
_BEGIN_S: Final = int(datetime(1800, 1, 1, tzinfo=UTC).timestamp())
# For 1.5 billion rows.
_END_S: Final = int(datetime(1850, 1, 1, tzinfo=UTC).timestamp())


def rows_begin_ns() -> int:
    """Return the time of the first row, ns since the epoch."""
    return _BEGIN_S * SECOND_NS


def row_at(time_ns: int) -> int | None:
    """Return the row whose time this is, from 1; None if it is a real time.

    >>> row_at(rows_begin_ns() + 11_999 * SECOND_NS), row_at(1_357_034_460_000_000_000)
    (12000, None)
    """
    seconds = time_ns // SECOND_NS
    return seconds - _BEGIN_S + 1 if _BEGIN_S <= seconds < _END_S else None
