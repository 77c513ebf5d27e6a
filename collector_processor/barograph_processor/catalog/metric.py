"""What the catalog says of a metric."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["DELAY_BOUNDS", "LATENCY_BOUNDS", "SCORE_BOUNDS", "STATES", "Metric"]

STATES: Final = ("healthy", "watch", "drifting", "degraded", "silent_degradation", "blind")

LATENCY_BOUNDS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
SCORE_BOUNDS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DELAY_BOUNDS: Final = (1.0, 10.0, 60.0, 600.0, 3600.0, 14400.0, 86400.0, 604800.0, 2592000.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the catalog.

    Attributes:
        name: As OpenTelemetry writes it, with dots.
        kind: Counters are cumulative and monotonic.
        unit: UCUM; ``1`` is a ratio, braces are annotations.
        description: What it means, in a sentence.
        attributes: Keys that its points carry beside the model's name and version.
        bounds: A histogram's bucket bounds.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    unit: str
    description: str
    attributes: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
