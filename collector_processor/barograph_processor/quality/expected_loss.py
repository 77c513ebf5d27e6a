"""How well inputs tell a loss."""

import math
from dataclasses import dataclass

from barograph_processor.stats.array import Floats
from barograph_processor.stats.student import student_quantile

__all__ = ["ExpectedLoss", "serves"]

_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class ExpectedLoss:
    """How well a loss is told by the inputs, by folds that were left out.

    Attributes:
        mean: Of the rows that it was learnt from.
        spread: Standard deviation of rows around what is expected of them.
        explained: Share of the variance that is explained, in (0, 1].
        missed: By how much the mean of rows is off that are at a distance of 1 from those that
            it was learnt from, see ``rehearse``.
    """

    mean: float
    spread: float
    explained: float
    missed: float

    @property
    def varied(self) -> float:
        """Standard deviation of what is expected of rows."""
        return self.spread * math.sqrt(self.explained / max(1 - self.explained, 1e-9))


def serves(around: Floats, left: Floats) -> bool:
    """Return whether squares left are fewer than those around the mean, both by fold.

    By a one-sided t test at 5%.
    """
    gain = around - left
    error = float(gain.std(ddof=1)) / math.sqrt(len(gain))
    return bool(gain.mean() > student_quantile(1 - _ALPHA, len(gain) - 1) * error)
