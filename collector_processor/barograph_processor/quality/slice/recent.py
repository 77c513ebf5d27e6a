"""Labels and losses of slices over the last few windows, the latest weighing most."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["RecentCounts", "RecentSlice"]

_FORGET: Final = 0.75


class RecentSlice(NamedTuple):
    """One slice of late.

    Attributes:
        labels: Its labels, weighted.
        losses: What they lost.
        tolerated: What they might have lost.
        rest: The same share of all other labels; None without any.
        share: That of all labels in the last window.
    """

    labels: float
    losses: float
    tolerated: float
    rest: float | None
    share: float


class RecentCounts:
    """Sums by place of a slice; each window a quarter of what came before is forgotten.

    Of a slice that is harmed all that was before its harm began is forgotten too: the figure
    is told with the time since when it is so.

    State: some 48 bytes a place. Not locked: one writer.

    Args:
        size: Places.
    """

    def __init__(self, size: int) -> None:
        self._sums = np.zeros((3, size))
        self._all = np.zeros((2, size))
        self._shares = np.zeros(size)

    def add(self, counts: SliceCounts, tolerated: Floats) -> None:
        """Take the labels of a window.

        Args:
            counts: Of all places.
            tolerated: Risk of each that is tolerated, shape ``(places,)``.
        """
        n = counts.labels.astype(np.float64)
        self._sums = _FORGET * self._sums + np.array([n, counts.losses, n * tolerated])
        self._all = _FORGET * self._all + [[counts.all_labels], [counts.all_losses]]
        self._shares = n / max(counts.all_labels, 1)

    def of(self, k: int) -> RecentSlice:
        """Return the sums of one place."""
        n, lost, tolerated = self._sums[:, k].tolist()
        others, others_lost = (self._all[:, k] - [n, lost]).tolist()
        rest = others_lost / others if others else None
        return RecentSlice(n, lost, tolerated, rest, float(self._shares[k]))

    def begin(self, k: int, inside: Bools, losses: Floats, age: Ints) -> None:
        """Let the sums of one place be those of the labels since its harm began.

        Args:
            k: The place.
            inside: Which of all labels since then are of its slice, shape ``(n,)``.
            losses: Of each, shape ``(n,)``.
            age: In windows before the last one, shape ``(n,)``.
        """
        weight = _FORGET**age
        n, _, tolerated = self._sums[:, k]
        now = float(weight[inside].sum())
        if not (n and now):
            return
        self._sums[:, k] = now, float((weight * losses)[inside].sum()), now * tolerated / n
        self._all[:, k] = float(weight.sum()), float((weight * losses).sum())

    def forget(self, k: int) -> None:
        """Begin anew at one place: another slice has it now."""
        self._sums[:, k] = 0.0

    def state(self) -> dict[str, Any]:
        """Return arrays for ``load``."""
        return {
            "recent": self._sums.copy(),
            "recent_all": self._all.ravel(),
            "shares": self._shares.copy(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._sums = np.array(state["recent"], dtype=np.float64).reshape(3, -1)
        # Before a slice had its own, there was one sum for all of them.
        known = np.array(state["recent_all"], dtype=np.float64).reshape(2, -1)
        self._all = np.broadcast_to(known, (2, self._sums.shape[1])).copy()
        self._shares = np.array(state["shares"], dtype=np.float64)
