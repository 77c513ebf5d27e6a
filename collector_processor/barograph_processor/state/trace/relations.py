"""Which spans are below which prediction, of all models."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ModelKey, ObservationBatch, SpanBatch
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.model import ModelState
from barograph_processor.state.trace.child_spans import ChildSpans
from barograph_processor.state.trace.recent_spans import Placed, RecentSpans
from barograph_processor.telemetry import Telemetry

__all__ = ["Relations"]


class Relations:
    """Tells predictions that wait for their label what they called.

    Spans come before the rows of the predictions that came with them: what belongs to such
    a row waits until it is there.

    State size: see ``RecentSpans``. Not locked; its owner is.

    Args:
        models: Every model with state; read only.
        telemetry: Where what is left out is counted.
        capacity: Spans over which one is joined. Positive.
    """

    def __init__(
        self, models: Mapping[ModelKey, ModelState], telemetry: Telemetry, *, capacity: int
    ) -> None:
        self._models = models
        self._telemetry = telemetry
        self._recent = RecentSpans(capacity)
        # Of this call of `relate` and of the one before: by then all rows are there.
        self._waiting: list[dict[ModelKey, list[ChildSpans]]] = [{}, {}]
        self._began = [0, 0]

    def relate(self, batches: Sequence[SpanBatch]) -> None:
        """Take spans in order of arrival, before the rows of the predictions among them."""
        self._waiting = [{}, self._waiting[0]]
        self._began = [self._recent.count, self._began[0]]
        known = list(self._models)
        passed = self._recent.passed
        for placed in self._recent.add(batches, {key: at for at, key in enumerate(known)}):
            for number in np.unique(placed.owner).tolist():
                self._join(known[number], number, placed)
        if self._recent.passed > passed:
            self._count("spans", self._recent.passed - passed)

    def settle(self, batch: ObservationBatch, pending: PendingPredictions) -> None:
        """Join what waited for these rows, which were just added to ``pending``."""
        for waiting in self._waiting:
            left = []
            for spans in waiting.pop(batch.model, ()):
                found = spans.join(pending, newest=len(batch))
                if not found.all():
                    left.append(spans.take(~found))
            if left:
                waiting[batch.model] = left

    def _join(self, key: ModelKey, number: int, placed: Placed) -> None:
        """Join spans that were found with the predictions of one model."""
        pending = self._models[key].pending
        mine = np.flatnonzero(placed.owner == number)
        told = np.array(pending.spans.see(placed.name[mine].tolist()), np.int64)
        named = told >= 0
        if not named.all():
            self._count("span_names", int((~named).sum()))
        mine, told = mine[named], told[named]
        place = placed.place[mine]
        for since, until, waiting in (
            (self._began[0], None, self._waiting[0]),
            (self._began[1], self._began[0], self._waiting[1]),
            (0, self._began[1], None),
        ):
            some = place >= since if until is None else (place >= since) & (place < until)
            if not some.any():
                continue
            spans = _summed(placed, mine[some], told[some])
            if until is not None:
                newest = self._recent.rows_since(number, int(place[some].min()))
                spans = spans.take(~spans.join(pending, newest=newest))
            if waiting is not None and len(spans):
                waiting.setdefault(key, []).append(spans)

    def _count(self, what: str, count: int) -> None:
        self._telemetry.add("barograph.monitor.evicted", count, what=what)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues, once all rows are there."""
        return self._recent.state()

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._recent.load(state)
        self._waiting = [{}, {}]
        self._began = [self._recent.count] * 2


def _summed(
    placed: Placed, rows: npt.NDArray[np.intp], numbers: npt.NDArray[np.int64]
) -> ChildSpans:
    return ChildSpans.summed(placed.key[rows], numbers, placed.micros[rows], placed.failed[rows])
