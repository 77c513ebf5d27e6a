"""``[review]``: which predictions people are asked about."""

from barograph_processor.config.table import Table, positive

__all__ = ["ReviewConfig"]

_LEAST_UNIFORM = 0.5


class ReviewConfig(Table, frozen=True, kw_only=True):
    """The review queue of a model.

    Attributes:
        per_day: Predictions drawn in a day of event time, at most; 0 draws none.
        uniform_share: Share of each draw's chance that is alike for all predictions;
            the rest goes by uncertainty and by how rare the slice is. In [0.5, 1].
        overlap: Share of the drawn that two reviewers are asked about. In [0, 1].
        expires_days: Days of event time that a prediction waits for its answer.
        horizon_days: Days after which an answer no longer counts for the risk now.
    """

    per_day: int = 20
    uniform_share: float = 0.5
    overlap: float = 0.1
    expires_days: float = 7.0
    horizon_days: float = 28.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        positive(expires_days=self.expires_days, horizon_days=self.horizon_days)
        if self.per_day < 0:
            raise ValueError(f"per_day must not be negative, got {self.per_day!r}")
        if not _LEAST_UNIFORM <= self.uniform_share <= 1:
            raise ValueError(f"uniform_share must be in [0.5, 1], got {self.uniform_share!r}")
        if not 0 <= self.overlap <= 1:
            raise ValueError(f"overlap must be in [0, 1], got {self.overlap!r}")
