"""When an event took place, as it is written on the wire: ISO 8601 in UTC."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

from barograph.scalar import ARRAY_LIBRARIES, library

__all__ = ["event_time", "instant_ns"]

_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
_ZERO_HOUR = "T00:00:00+00:00"


def event_time(value: Any) -> str | None:
    """Return `value` as an ISO 8601 instant in UTC; None if it is missing or names no time.

    Args:
        value: A datetime (naive ones are UTC), a date (its first instant), seconds since the
            epoch, an ISO 8601 string, or a timestamp of numpy or pandas.

    Examples:
        >>> event_time(0)
        '1970-01-01T00:00:00+00:00'
        >>> event_time("2013-01-01T05:15:00-05:00")
        '2013-01-01T10:15:00+00:00'
        >>> event_time("soon") is None
        True
    """
    try:
        return _written(value)
    except (ValueError, OverflowError, OSError):
        return None


def instant_ns(value: Any) -> int | None:
    """Return the same in nanoseconds since the epoch, to the microsecond.

    Examples:
        >>> instant_ns("1970-01-01T01:00:00.000002+01:00"), instant_ns("soon")
        (2000, None)
    """
    written = event_time(value)
    if written is None:
        return None
    return (datetime.fromisoformat(written) - _EPOCH) // _MICROSECOND * 1000


def _written(value: Any) -> str | None:  # noqa: PLR0911  # one a kind of time
    kind = type(value)
    if value is None or kind is bool:
        return None
    if issubclass(kind, str):
        return _written(datetime.fromisoformat(str.__str__(value).strip()))
    if issubclass(kind, datetime):
        # pandas.NaT is a datetime by its type.
        return None if kind.__name__ == "NaTType" else _utc(value)
    if issubclass(kind, date):
        return date.isoformat(value) + _ZERO_HOUR
    if issubclass(kind, (int, float)):
        return _utc(datetime.fromtimestamp(value, UTC)) if math.isfinite(value) else None
    if library(kind) in ARRAY_LIBRARIES:
        return _array_time(value)
    return None


def _utc(value: datetime) -> str:
    # The base's own method: that of pandas adds nanoseconds.
    if value.tzinfo is None:
        return datetime.isoformat(value) + "+00:00"
    return datetime.isoformat(value.astimezone(UTC))


def _array_time(value: Any) -> str | None:
    """A numpy scalar: `datetime64`, or a number of seconds."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None and dtype.kind == "M":
        item = value.astype("datetime64[us]").item()
        return None if item is None else _written(item)
    item = value.item()
    return _written(item) if type(item) in {int, float, str} else None
