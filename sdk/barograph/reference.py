"""What names a prediction once its call is over."""

from dataclasses import dataclass

from opentelemetry.trace import format_span_id

__all__ = ["PredictionRef"]


@dataclass(frozen=True, slots=True)
class PredictionRef:
    """A prediction, as the target of late facts. Plain values: pickle it, store it, send it."""

    trace_id: int
    span_id: int
    model: str
    version: str
    prediction_id: str | None = None
    """The application's own key, if it has one."""
    sampled: bool = True
    """False if the prediction was not sent; facts about it are not sent either."""

    @property
    def id(self) -> str:
        """The application's key, else the span id in hexadecimal."""
        return self.prediction_id or format_span_id(self.span_id)
