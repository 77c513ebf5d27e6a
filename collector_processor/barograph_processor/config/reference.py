"""``[reference]``: what normal is learnt from."""

from datetime import UTC, datetime

from barograph_processor.config.table import Table, positive

__all__ = ["ReferenceConfig"]

_SEASONS = ("hour_of_day", "day_of_week", "hour_of_week")
_LONGEST_SECONDS = 1e9


class ReferenceConfig(Table, frozen=True, kw_only=True):
    """What "normal" is learnt from: the first rows, the rows until a time, or a profile.

    Attributes:
        rows: Rows of the reference, counted from the first.
        until: End of the reference, exclusive: ISO 8601 (naive is UTC) or epoch
            seconds; wins over rows.
        file: A profile written by ``barograph baseline create``; nothing is learnt then.
        season: A declared season: ``hour_of_day``, ``day_of_week``, ``hour_of_week``.
        stale_days: Age, in days of event time, from which it no longer counts as normal.
    """

    rows: int = 10_000
    until: str | int | float | None = None
    file: str | None = None
    season: str | None = None
    stale_days: float = 365.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        positive(rows=self.rows, stale_days=self.stale_days)
        if self.season is not None and self.season not in _SEASONS:
            raise ValueError(f"season must be one of {', '.join(_SEASONS)}, got {self.season!r}")
        self.until_ns()

    def until_ns(self) -> int | None:
        """Return the end of the reference in ns since the epoch, if it is a time."""
        if self.until is None:
            return None
        if not isinstance(self.until, str):
            if not abs(self.until) < _LONGEST_SECONDS * 8:
                raise ValueError(f"until must be epoch seconds, got {self.until!r}")
            return round(self.until * 1e9)
        try:
            moment = datetime.fromisoformat(self.until)
        except ValueError:
            raise ValueError(f"until must be a time in ISO 8601, got {self.until!r}") from None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        whole = moment.replace(microsecond=0)
        return int(whole.timestamp()) * 1_000_000_000 + moment.microsecond * 1000
