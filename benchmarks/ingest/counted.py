"""What a processor has counted, asked from outside."""

import time
from typing import Final

from components.process import http_get
from components.processor import Processor

__all__ = ["settled"]

_PREDICTIONS: Final = "barograph_predictions_total"
_PATIENCE_S: Final = 60.0


def settled(processor: Processor, acknowledged: int) -> int:
    """Return what is counted once all is, or once nothing more was for a while.

    On a busy machine a process may rest for seconds with work before it, so that it
    rests does not say that it is done.

    Args:
        processor: What was sent to, since it began with an empty state.
        acknowledged: Spans that it acknowledged, each a prediction.
    """
    counted, since = _counted(processor), time.monotonic()
    while counted < acknowledged and time.monotonic() - since < _PATIENCE_S:
        time.sleep(0.5)
        now = _counted(processor)
        if now > counted:
            counted, since = now, time.monotonic()
    return counted


def _counted(processor: Processor) -> int:
    _, body = http_get(processor.web, "/metrics")
    lines = body.decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith(_PREDICTIONS))
