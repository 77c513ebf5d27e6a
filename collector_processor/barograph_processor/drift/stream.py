"""What one drift detector looks at."""

from typing import NamedTuple

__all__ = ["StreamKey"]


class StreamKey(NamedTuple):
    """The identity of one stream of values of a model: a tuple, for columns are held by it.

    Attributes:
        signal: ``input.drift``, ``prediction.drift`` or ``confidence.drift``.
        feature: The feature's name for inputs, the summary's name for output summaries;
            None for the prediction itself, for confidence, and for drift of the inputs
            together (``input.drift`` without a feature).
    """

    signal: str
    feature: str | None
