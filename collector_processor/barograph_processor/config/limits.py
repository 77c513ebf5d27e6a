"""``[limits]``: what may grow, and how far."""

from typing import Final

from barograph_processor.config.table import Table, positive, waits

__all__ = ["LimitsConfig"]

# What gRPC can be told.
_MOST_REQUEST_BYTES: Final = 2**31 - 1


class LimitsConfig(Table, frozen=True, kw_only=True):
    """Bounds of everything that what comes in could make grow.

    Attributes:
        models: Versions of models with state; further ones are counted and dropped.
        features: Features of a model that are watched.
        categories: Levels kept for a categorical feature.
        pending_labels: Predictions of a model that wait for their label.
        total_pending_labels: The same of all models together; the largest give way.
        pending_seconds: Event time after which a prediction no longer waits.
        early_labels: Late facts that wait for their prediction, of all models.
        history_windows: Closed windows of a model that the page shows.
        total_history_bytes: Size of the closed windows of all models together, as they
            are packed; the largest histories give way.
        memory_bytes: What the process may take; from four fifths on, requests come in one by
            one. None is what the machine and its control groups allow.
        request_bytes: Size of a request, also after decompression.
        queue_bytes: Acknowledged requests not yet processed.
        journal_bytes: Size of the journal on disk.
        seen_ids: Ids remembered to drop duplicates.
        checkpoint_seconds: Time between checkpoints.
    """

    models: int = 1000
    features: int = 256
    categories: int = 100
    pending_labels: int = 200_000
    total_pending_labels: int = 1_000_000
    pending_seconds: float = 90 * 86400.0
    early_labels: int = 100_000
    history_windows: int = 2000
    total_history_bytes: int = 256 * 1024 * 1024
    memory_bytes: int | None = None
    request_bytes: int = 64 * 1024 * 1024
    queue_bytes: int = 256 * 1024 * 1024
    journal_bytes: int = 4 * 1024 * 1024 * 1024
    seen_ids: int = 1_000_000
    checkpoint_seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        positive(**{name: getattr(self, name) for name in self.__struct_fields__})
        waits(pending_seconds=self.pending_seconds, checkpoint_seconds=self.checkpoint_seconds)
        if self.request_bytes > _MOST_REQUEST_BYTES:
            raise ValueError(
                f"request_bytes must be at most {_MOST_REQUEST_BYTES}, got {self.request_bytes!r}"
            )
