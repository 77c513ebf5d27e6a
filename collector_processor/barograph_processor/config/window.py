"""``[window]``: what is judged at once."""

from barograph_processor.config.table import Table, positive

__all__ = ["WindowConfig"]

_LONGEST_SECONDS = 1e9
_SHORTEST_SECONDS = 1e-3


class WindowConfig(Table, frozen=True, kw_only=True):
    """What is judged at once. Closed by rows or by time, whichever comes first.

    Attributes:
        rows: Rows of a window; the default where seconds is not given either.
        seconds: Length of a window in event time, aligned to the epoch.
        lateness: Seconds behind the newest event time within which a row still counts.
    """

    rows: int | None = None
    seconds: float | None = None
    lateness: float = 3600.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        positive(rows=self.rows, seconds=self.seconds)
        if self.seconds is not None and not _SHORTEST_SECONDS <= self.seconds <= _LONGEST_SECONDS:
            raise ValueError(f"seconds must be in [0.001, 1e9], got {self.seconds!r}")
        if not 0 <= self.lateness <= _LONGEST_SECONDS:
            raise ValueError(f"lateness must be in [0, 1e9], got {self.lateness!r}")

    @property
    def max_rows(self) -> int | None:
        """Rows at which a window closes; None if only time closes it."""
        return 1000 if self.rows is None and self.seconds is None else self.rows
