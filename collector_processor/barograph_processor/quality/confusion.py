"""Right and wrong answers of a yes-or-no question, weighted."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.intervals import Estimate, Intervals
from barograph_processor.stats.array import Bools, Floats

__all__ = ["Confusion", "share_of"]

_TN, _FP, _FN, _TP = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Weights by what was said and what was true: a commutative group under ``merge``.

    Attributes:
        n: Rows.
        w: Sums of weights ``[tn, fp, fn, tp]``, shape ``(4,)``.
        ww: Sums of their squares, shape ``(4,)``.
    """

    n: int
    w: Floats
    ww: Floats

    @classmethod
    def of(cls, said: Bools, true: Bools, weight: Floats | None = None) -> "Confusion":
        """Count rows, all of shape ``(n,)``."""
        cell = 2 * true.astype(np.int64) + said.astype(np.int64)
        w = np.ones(len(cell)) if weight is None else weight
        sums = [np.bincount(cell, part, minlength=4).astype(np.float64) for part in (w, w * w)]
        return cls(len(cell), *sums)

    def merge(self, other: "Confusion") -> "Confusion":
        """Return the sums of both."""
        return Confusion(self.n + other.n, self.w + other.w, self.ww + other.ww)

    def without(self, other: "Confusion") -> "Confusion":
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: The other holds rows that are not among these.
        """
        w = self.w - other.w
        if other.n > self.n or w.min() < -1e-6:  # noqa: PLR2004 - rounding of weights
            raise ValueError("the rows to leave out are not among these")
        return Confusion(self.n - other.n, np.maximum(w, 0.0), np.maximum(self.ww - other.ww, 0.0))

    def estimates(self, intervals: Intervals) -> dict[str, Estimate]:
        """Return what is defined of accuracy, precision, recall and f1."""
        found: dict[str, Estimate] = {}
        for name, good, bad in (
            ("accuracy", [_TN, _TP], [_FP, _FN]),
            ("precision", [_TP], [_FP]),
            ("recall", [_TP], [_FN]),
        ):
            share = self._share(good, bad, intervals)
            if share is not None:
                found[name] = share
        # F1 is 2 j / (1 + j) of the share j of true positives among all but true negatives.
        overlap = self._share([_TP], [_FP, _FN], intervals)
        if overlap is not None:
            value, low, high = (2 * j / (1 + j) for j in overlap)
            found["f1"] = value, low, high
        return found

    def _share(
        self, good: list[int], bad: list[int], intervals: Intervals
    ) -> tuple[float, float, float] | None:
        return share_of(
            float(self.w[good].sum()),
            float(self.w[bad].sum()),
            float(self.ww[good].sum()),
            float(self.ww[bad].sum()),
            intervals,
        )


def share_of(
    good: float, bad: float, good2: float, bad2: float, intervals: Intervals
) -> tuple[float, float, float] | None:
    """Return a share of rows and its interval, None without rows.

    Args:
        good: Weight of the rows that count.
        bad: Weight of the others.
        good2: Sum of the squared weights of those that count.
        bad2: The same of the others.
        intervals: Which kind of interval.
    """
    whole = good + bad
    if not whole > 0:
        return None
    p = good / whole
    # Rows of equal weight with the variance of the weighted share; all of them alike: Kish's.
    spread = good2 * (1 - p) ** 2 + bad2 * p**2
    rows = p * (1 - p) * whole**2 / spread if spread > 0 and 0 < p < 1 else 0.0
    rows = rows if rows > 0 else whole**2 / (good2 + bad2)
    low, high = intervals.share(p * rows, rows)
    return p, float(low), float(high)
