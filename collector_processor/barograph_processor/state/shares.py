"""What all models may take together, and who gives way."""

from collections.abc import Iterable, Mapping, Sequence

from barograph_processor.config import LimitsConfig
from barograph_processor.observation import ModelKey
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.model import ModelState
from barograph_processor.telemetry import Telemetry

__all__ = ["Shares", "level"]

# Less would be made room for again after a few rows.
_SPARE = 8


class Shares:
    """Bounds of what waits for labels and of histories, over all models together.

    Beyond one, the largest give way until it holds, all to the same size: a model that
    takes more than its share takes it from itself first, and one that takes little loses
    nothing. Has no state of its own. Not locked; its owner is.

    Args:
        models: Every model with state.
        limits: The bounds.
        telemetry: Where what gives way is counted.
    """

    def __init__(
        self, models: Mapping[ModelKey, ModelState], limits: LimitsConfig, telemetry: Telemetry
    ) -> None:
        self._models = models
        self._limits = limits
        self._telemetry = telemetry

    def settle(self) -> None:
        """Make room where a bound is passed."""
        pending = [model.pending for model in self._models.values()]
        evicted = 0
        # What nobody waits for goes first, before any that waits is thinned.
        for make_room in (PendingPredictions.compact, PendingPredictions.shrink):
            most = _allowed(map(len, pending), self._limits.total_pending_labels)
            if most is not None:
                evicted += sum(make_room(table, most) for table in pending)
        self._count(evicted, "total_pending_labels")
        histories = [model.history for model in self._models.values()]
        sizes = (history.size_bytes for history in histories)
        most = _allowed(sizes, self._limits.total_history_bytes)
        if most is not None:
            evicted = sum(history.shrink(most) for history in histories)
            self._count(evicted, "total_history_bytes")

    def _count(self, evicted: int, what: str) -> None:
        if evicted:
            self._telemetry.add("barograph.monitor.evicted", evicted, what=what)


def level(sizes: Sequence[int], most: int) -> int:
    """Return the size to which all larger ones have to go, so that the sum is ``most`` or less.

    >>> level([1, 2, 50, 1000], 100)
    48
    """
    rest = most
    for at, size in enumerate(sorted(sizes)):
        share = rest // (len(sizes) - at)
        if size > share:
            return share
        rest -= size
    return max(sizes, default=0)


def _allowed(sizes: Iterable[int], most: int) -> int | None:
    """Return what each may keep; None while all of them together are within the bound."""
    taken = list(sizes)
    if sum(taken) <= most:
        return None
    return max(level(taken, most - most // _SPARE), 1)
