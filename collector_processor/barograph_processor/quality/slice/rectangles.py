"""All slices that two attributes make: each is a rectangle in the table of their levels."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.pair_counts import LEVELS, LOSS_UNIT, PairCounts
from barograph_processor.stats.array import Ints

__all__ = ["Rectangles"]


class Rectangles:
    """Counts every pair of choices, one of each attribute of a pair, as a product of matrices.

    State: none. Some 6,000 rectangles a pair of numbers take a tenth of a millisecond.

    Args:
        choices: First and last code of each choice, by attribute; at most ``C`` of each.
        pairs: Of attributes, shape ``(2, P)``.
    """

    def __init__(self, choices: Sequence[Sequence[tuple[int, int]]], pairs: Ints) -> None:
        self.most = max((len(own) for own in choices), default=0)
        self._pairs = pairs
        self._sums = np.zeros((len(choices), self.most, LEVELS), dtype=np.float32)
        for place, own in enumerate(choices):
            for at, (first, last) in enumerate(own):
                self._sums[place, at, first : last + 1] = 1

    def counts(self, cells: PairCounts, which: Ints) -> SliceCounts:
        """Return labels and losses of the rectangles of some pairs, shape ``(p, C, C)``.

        Args:
            cells: Of all pairs.
            which: The pairs, shape ``(p,)``.
        """
        first, second = self._pairs[:, which]
        rows, columns = self._sums[first], self._sums[second].transpose(0, 2, 1)

        def summed(values: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
            # In single precision: whole numbers up to 65,000 losses are exact in it.
            found = np.matmul(rows @ values[which].astype(np.float32), columns)
            return np.asarray(found, dtype=np.float32)

        return SliceCounts(
            summed(cells.labels).astype(np.int64),
            summed(cells.losses).astype(np.float64) / LOSS_UNIT,
            int(cells.labels[0].sum()),
            float(cells.losses[0].sum()) / LOSS_UNIT,
        )
