"""What one drift detector looks at."""

from dataclasses import dataclass

__all__ = ["StreamKey"]


@dataclass(frozen=True, slots=True, order=False)
class StreamKey:
    """The identity of one stream of values of a model.

    Attributes:
        signal: ``input.drift``, ``prediction.drift`` or ``confidence.drift``.
        feature: The feature's name for inputs, the summary's name for output summaries;
            None for the prediction itself, for confidence, and for drift of the inputs
            together (``input.drift`` without a feature).
    """

    signal: str
    feature: str | None
