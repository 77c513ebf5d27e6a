"""Requests, read: columns, and what was wrong with the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from barograph_processor.observation import EventBatch, ObservationBatch, SpanBatch
from barograph_processor.otlp.table import Table

__all__ = ["Decoded", "DecodedLogs", "DecodedTraces"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A request, read.

    Attributes:
        events: The late facts, a batch for each kind.
        accepted: Spans or records that were not refused, those passed over included.
        rejected: Spans or records refused.
        message: What was wrong, for the sender; empty if nothing was.
        warnings: Accepted items of which a part was left out, by reason.
        rejections: Refused items by reason.
        passed_over: Accepted items that are none of ours.
    """

    events: tuple[EventBatch, ...] = ()
    accepted: int = 0
    rejected: int = 0
    message: str = ""
    warnings: Mapping[str, int] = field(default_factory=dict)
    rejections: Mapping[str, int] = field(default_factory=dict)
    passed_over: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedLogs(Decoded):
    """A request of log records, read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedTraces(Decoded):
    """A request of spans, read; counts are of spans, not of rows.

    Attributes:
        predictions: In order of arrival: of the fast way a table of all models, of the
            plain way a batch for each model, task and options. ``events`` are the
            evaluations that came as events inside of spans.
        spans: Who was called by whom, in order of arrival, if that was asked for.
    """

    predictions: tuple[Table | ObservationBatch, ...] = ()
    spans: tuple[SpanBatch, ...] = ()

    @property
    def batches(self) -> tuple[ObservationBatch, ...]:
        """The predictions, a batch for each model, task and options."""
        return tuple(
            batch
            for part in self.predictions
            for batch in (part.batches() if isinstance(part, Table) else (part,))
        )
