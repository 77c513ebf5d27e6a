"""``[operations]``: objectives for latency and errors."""

from barograph_processor.config.table import Table, positive

__all__ = ["OperationsConfig"]


class OperationsConfig(Table, frozen=True, kw_only=True):
    """What is normal for the operations of a model, where that is an objective.

    Attributes:
        latency_p95_s: Highest normal 95th percentile of the latency, s; else twice
            the reference's, or a millisecond more if that is higher.
        error_rate: Highest normal share of failed calls; else one point above the
            reference's.
        silence_s: Longest normal time without a prediction, s; else three times the
            longest gap that was seen, at least an hour.
    """

    latency_p95_s: float | None = None
    error_rate: float | None = None
    silence_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        positive(latency_p95_s=self.latency_p95_s, silence_s=self.silence_s)
        if self.error_rate is not None and not 0 <= self.error_rate <= 1:
            raise ValueError(f"error_rate must be in [0, 1], got {self.error_rate!r}")
