"""Every metric by name: unit, kind, meaning, attributes.

Docs, dashboards and rules are generated from here, and nothing can be sent that
is not here.
"""

from typing import Final

from barograph_processor.catalog.aftermath import AFTERMATH
from barograph_processor.catalog.metric import LATENCY_BOUNDS, SCORE_BOUNDS, STATES, Metric
from barograph_processor.catalog.monitor import MONITOR
from barograph_processor.catalog.predictions import PREDICTIONS
from barograph_processor.catalog.quality import QUALITY
from barograph_processor.catalog.windows import WINDOWS

__all__ = ["LATENCY_BOUNDS", "METRICS", "SCORE_BOUNDS", "STATES", "Metric", "metric"]

METRICS: Final[tuple[Metric, ...]] = (
    *PREDICTIONS,
    *QUALITY,
    *AFTERMATH,
    *WINDOWS,
    *MONITOR,
)

_BY_NAME: Final = {entry.name: entry for entry in METRICS}


def metric(name: str) -> Metric:
    """Look a metric up by its name.

    Raises:
        KeyError: The catalog has no such metric; a mistake in the code.
    """
    return _BY_NAME[name]
