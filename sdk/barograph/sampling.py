"""Which traces are kept, and which predictions are known to have been dropped."""

import os
import threading
from collections import OrderedDict

__all__ = ["DroppedPredictions", "Sampling"]

_lock = threading.Lock()


def _renew_lock() -> None:
    """In a forked child: the lock may have been held by a thread that did not come along."""
    global _lock  # noqa: PLW0603  # the one place that holds it
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)

_BITS = 64  # the part of a trace id that OpenTelemetry's own ratio sampler reads


class Sampling:
    """Keeps a share of the traces, decided by the trace id alone.

    Every process that sees a trace decides alike, and alike with OpenTelemetry's own
    `TraceIdRatioBased`: of two ratios the smaller one holds.

    Raises:
        ValueError: `rate` is not in [0, 1].
    """

    __slots__ = ("_bound", "rate")

    def __init__(self, rate: float = 1.0) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(f"sample_rate must be in [0, 1], got {rate!r}")
        self.rate = float(rate)
        self._bound = round(rate * (1 << _BITS))

    def keeps(self, trace_id: int) -> bool:
        """Whether the trace of this id is kept."""
        return (trace_id & ((1 << _BITS) - 1)) < self._bound


class DroppedPredictions:
    """Ids of predictions this process sampled out, so that their late facts are not sent.

    State: at most `limit` ids, the oldest forgotten first. Updates are O(1), under a lock that
    is only taken once something was dropped.
    """

    def __init__(self, limit: int = 65_536) -> None:
        self._limit = limit
        # id -> the models that dropped it; None among them: another model kept it
        self._models: OrderedDict[str, frozenset[str | None]] = OrderedDict()

    def dropped(self, model: str, prediction_id: str) -> None:
        """Remember that `model` dropped the prediction."""
        with _lock:
            known = self._models.pop(prediction_id, frozenset[str | None]())
            self._models[prediction_id] = known | {model}
            if len(self._models) > self._limit:
                self._models.popitem(last=False)

    def kept(self, model: str, prediction_id: str) -> None:
        """Note that `model` kept a prediction of this id, perhaps after dropping an earlier one."""
        if not self._models:
            return
        with _lock:
            known = self._models.get(prediction_id)
            if known is not None:
                self._models[prediction_id] = (known - {model}) | {None}

    def withholds(self, model: str | None, prediction_id: str) -> bool:
        """Whether a fact about the prediction would be an orphan.

        Without a model it is only one if no model kept a prediction of this id.
        """
        if not self._models:
            return False
        with _lock:
            known = self._models.get(prediction_id)
        if known is None:
            return False
        return model in known if model is not None else None not in known
