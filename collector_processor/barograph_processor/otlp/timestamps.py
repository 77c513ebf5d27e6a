"""Points in time as people and programs write them, as ns since the epoch."""

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from barograph_processor.otlp.values import Cell

__all__ = ["MAX_NS", "timestamp_ns"]

MAX_NS: Final = 2**63 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NS_PER_S: Final = 1_000_000_000


def timestamp_ns(cell: Cell) -> int | None:
    """Read ISO 8601 or seconds since the epoch.

    Naive times are UTC. Fractions are exact to the microsecond in text.

    Returns:
        ns since the epoch within 64 signed bits, the years 1677 to 2262; None
        if the cell is no such time.

    >>> timestamp_ns("2013-01-01T00:00:00"), timestamp_ns("2013-01-01T01:00:00+01:00")
    (1356998400000000000, 1356998400000000000)
    >>> timestamp_ns(1356998400), timestamp_ns(0.5), timestamp_ns("soon"), timestamp_ns(None)
    (1356998400000000000, 500000000, None, None)
    """
    if cell is None or isinstance(cell, bool):
        return None
    if isinstance(cell, str):
        return _from_text(cell)
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    # Whole seconds apart, so that a double keeps its fraction's last digits.
    ns = int(cell) * _NS_PER_S + round(math.fmod(cell, 1) * _NS_PER_S)
    return ns if abs(ns) <= MAX_NS else None


def _from_text(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    ns = (moment - _EPOCH) // _MICROSECOND * 1000
    return ns if abs(ns) <= MAX_NS else None
