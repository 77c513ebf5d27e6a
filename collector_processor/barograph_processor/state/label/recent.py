"""Quality now: sums over the latest labels, that start anew from time to time."""

from dataclasses import replace
from typing import Any

import numpy as np

from barograph_processor.quality.intervals import AT_ALL_TIMES, AT_ONE_TIME, Estimate
from barograph_processor.state.label.labels import Correction
from barograph_processor.state.label.realized import RealizedPerformance, Share
from barograph_processor.stats.array import Floats

__all__ = ["ENOUGH", "LabelSums", "RecentPerformance", "replaced"]

ENOUGH = 1000
"""Labels after which older ones begin to be forgotten."""


class LabelSums:
    """Sums over the labels since some window. Not locked; its owner is.

    Attributes:
        since: How many windows were closed when it began.
        first: The number of its first label.
        performance: The sums.
        lost: The sum of the losses in [0, 1].
    """

    def __init__(self, since: int = 0, first: int = 0) -> None:
        self.since = since
        self.first = first
        self.performance = RealizedPerformance.empty()
        self.lost = 0.0

    def add(self, performance: RealizedPerformance, losses: Floats | None = None) -> None:
        """Add labels that came now, with their losses in [0, 1] if these are to be summed."""
        self.performance = self.performance.merge(performance)
        if losses is not None:
            self.lost += _summed(losses)

    def risk(self, before: "LabelSums") -> Share | None:
        """Return the risk of these labels and those before them; None without any."""
        performance = before.performance.merge(self.performance)
        share = performance.risk()
        if share is not None or performance.n == 0:
            return share
        # Of a regression the sums know errors; its losses are as if of shares at most.
        lost, n = self.lost + before.lost, float(performance.n)
        low, high = AT_ONE_TIME.share(min(lost, n), n)
        return lost / n, low, high

    def correct(self, correction: Correction, losses: tuple[Floats, Floats] | None = None) -> int:
        """Replace the labels that are held; return how many were.

        Args:
            correction: Of ``n`` labels.
            losses: Before and after, in [0, 1], each of shape ``(n,)``, if these are summed.
        """
        rows = np.flatnonzero(correction.place >= self.since)
        found = replaced(self.performance, correction.take(rows)) if len(rows) else None
        if found is None:
            return 0
        self.performance = found
        if losses is not None:
            before, after = losses
            self.lost += _summed(after[rows]) - _summed(before[rows])
        return len(rows)

    def state(self) -> list[Any]:
        """Return plain values from which ``restore`` continues."""
        return [self.since, self.first, self.performance.state(), self.lost]

    @classmethod
    def restore(cls, state: list[Any]) -> "LabelSums":
        """Undo ``state``."""
        sums = cls(int(state[0]), int(state[1]))
        sums.performance = RealizedPerformance.restore(state[2])
        sums.lost = float(state[3])
        return sums


class RecentPerformance:
    """Performance of the latest 1,000 to 2,000 labels, with intervals that hold at all times.

    Two sums run at a time, one begun about 1,000 labels after the other; the older one is
    shown and dropped when the younger one has as many. Within the life of one, the interval
    holds the truth at every look with probability 95% if the truth is constant; what is
    older than that is forgotten, so that it is about now.

    State size: two sums. Not locked; its owner is.
    """

    def __init__(self) -> None:
        self._older, self._younger = LabelSums(), LabelSums()

    @property
    def performance(self) -> RealizedPerformance:
        """Sums over the latest labels."""
        return self._older.performance

    def add(self, performance: RealizedPerformance) -> None:
        """Add labels that came now."""
        self._older.add(performance)
        self._younger.add(performance)

    def correct(self, correction: Correction) -> int:
        """Replace labels that are still counted; return how many were."""
        self._younger.correct(correction)
        return self._older.correct(correction)

    def close_window(self, windows: int) -> None:
        """Forget what is old; ``windows`` are closed by now."""
        if self._younger.performance.n >= ENOUGH:
            self._older, self._younger = self._younger, LabelSums(windows)

    def estimates(self) -> dict[str, Estimate]:
        """Return the metrics with intervals that hold at all times at once."""
        return self.performance.estimates(AT_ALL_TIMES)

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        return [self._older.state(), self._younger.state()]

    def load(self, state: list[Any]) -> None:
        """Undo ``state``."""
        self._older, self._younger = map(LabelSums.restore, state)


def _summed(losses: Floats) -> float:
    """Return a sum in whole multiples, so that it is exact, in any number of batches."""
    return float(np.rint(losses * 2**20).sum()) / 2**20


def replaced(
    performance: RealizedPerformance, correction: Correction
) -> RealizedPerformance | None:
    """Return sums with labels replaced; None if the earlier ones are not among them.

    They need not be: a class may have become the positive one in between.
    """
    before = RealizedPerformance.of(correction.before.judged)
    after = RealizedPerformance.of(correction.after.judged)
    try:
        found = performance.without(before).merge(after)
        # It was promised of the same predictions, whatever their labels are.
        return replace(found, promised=performance.promised)
    except ValueError:
        return None
