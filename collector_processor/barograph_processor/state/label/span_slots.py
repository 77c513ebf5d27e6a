"""Slots by the span that each goes by, found again without a dictionary of texts."""

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.grown import grown

__all__ = ["SpanSlots"]

_Spans = npt.NDArray[np.uint64]
_Slots = npt.NDArray[np.intp]


class SpanSlots:
    """The span id of each slot, 0 where it goes by something else; appended, never changed.

    Many come and few are looked for: they are sorted only when somebody asks, in runs each at
    least twice as long as the next, so that one is sorted again log n times at most.

    State size: 8 bytes a slot, for at most twice the slots, and 12 more once asked for. Not
    locked; its owner is.
    """

    def __init__(self) -> None:
        self._spans: _Spans = np.zeros(0, np.uint64)
        self._size = 0
        # Spans in order and their slots, of equal ones the newest last; the oldest run first.
        self._runs: list[tuple[_Spans, npt.NDArray[np.int32]]] = []
        self._sorted = 0

    def __len__(self) -> int:
        return self._size

    @property
    def spans(self) -> _Spans:
        """The span id of each slot, shape ``(n,)``, a view."""
        return self._spans[: self._size]

    def append(self, spans: _Spans) -> None:
        """Add slots, shape ``(k,)``."""
        stop = self._size + len(spans)
        self._spans = grown(self._spans, stop)
        self._spans[self._size : stop] = spans
        self._size = stop

    def find(self, spans: _Spans) -> _Slots:
        """Return the newest slot of each span, -1 where there is none or the span is 0."""
        self._sort()
        found = np.full(len(spans), -1, np.intp)
        for known, slots in self._runs:
            at = np.searchsorted(known, spans, side="right") - 1
            hit = (at >= 0) & (known[at] == spans)
            found[hit] = slots[at[hit]]
        return found

    def newest(self) -> npt.NDArray[np.bool_]:
        """Return which slots no later one has the span of; true where it is 0."""
        order = np.argsort(self.spans, kind="stable")
        ordered = self.spans[order]
        replaced = (ordered[:-1] == ordered[1:]) & (ordered[:-1] != 0)
        found = np.ones(self._size, np.bool_)
        found[order[:-1][replaced]] = False
        return found

    def _sort(self) -> None:
        fresh = self.spans[self._sorted :]
        slots = np.flatnonzero(fresh).astype(np.int32)
        if len(slots):
            run = _in_order(fresh[slots], slots + np.int32(self._sorted))
            while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]):
                spans, before = self._runs.pop()
                run = _in_order(np.concatenate([spans, run[0]]), np.concatenate([before, run[1]]))
            self._runs.append(run)
        self._sorted = self._size


def _in_order(spans: _Spans, slots: npt.NDArray[np.int32]) -> tuple[_Spans, npt.NDArray[np.int32]]:
    # Two runs behind each other are merged by it in linear time.
    order = np.argsort(spans, kind="stable")
    return spans[order], slots[order]
