"""Child spans by prediction and name."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.pending import PendingPredictions

__all__ = ["ChildSpans"]


@dataclass(frozen=True, slots=True, eq=False)
class ChildSpans:
    """What predictions called, summed by prediction and name.

    Attributes:
        key: Of the prediction, from ``span_keys``, shape ``(k,)``.
        number: Of the name, from ``SpanTable.see``, shape ``(k,)``.
        micros: Durations summed, us, shape ``(k,)``.
        failed: Whether one of them failed, shape ``(k,)``.
    """

    key: npt.NDArray[np.uint64]
    number: npt.NDArray[np.int64]
    micros: npt.NDArray[np.int64]
    failed: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def summed(
        cls,
        key: npt.NDArray[np.uint64],
        number: npt.NDArray[np.int64],
        micros: npt.NDArray[np.int32],
        failed: npt.NDArray[np.bool_],
    ) -> "ChildSpans":
        """Sum spans, one each in arrays of shape ``(n,)``."""
        keys, prediction = np.unique(key, return_inverse=True)
        numbers, name = np.unique(number, return_inverse=True)
        pairs, owner = np.unique(prediction * max(len(numbers), 1) + name, return_inverse=True)
        size = len(pairs)
        return cls(
            keys[pairs // max(len(numbers), 1)],
            numbers[pairs % max(len(numbers), 1)],
            # Exact: below 2**31 each.
            np.bincount(owner, micros, minlength=size).astype(np.int64),
            np.bincount(owner, failed, minlength=size) > 0,
        )

    def take(self, rows: npt.NDArray[np.bool_]) -> "ChildSpans":
        """Return some of them."""
        return ChildSpans(self.key[rows], self.number[rows], self.micros[rows], self.failed[rows])

    def join(self, pending: PendingPredictions, *, newest: int) -> npt.NDArray[np.bool_]:
        """Add them to their predictions among the newest rows that wait for a label.

        Returns:
            Whose prediction was found, shape ``(k,)``; of a batch call it is several rows.
        """
        keys, owner = np.unique(self.key, return_inverse=True)
        slots, which = pending.of_spans(keys, newest=newest)
        known = np.zeros(len(keys), dtype=np.bool_)
        known[which] = True
        # A label that is counted must be found again as it was counted.
        waiting = ~pending.column("labelled", slots)
        slots, which = slots[waiting], which[waiting]
        order = np.argsort(which, kind="stable")
        slots, which = slots[order], which[order]
        first = np.searchsorted(which, owner)
        rows = np.searchsorted(which, owner, side="right") - first
        mine = np.repeat(np.arange(len(owner)), rows)
        at = np.arange(len(mine)) - np.repeat(np.cumsum(rows) - rows, rows) + first[mine]
        pending.spans.note(slots[at], self.number[mine], self.micros[mine], self.failed[mine])
        return known[owner]
