"""How well inputs tell a loss."""

import math
from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.intervals import ALPHA
from barograph_processor.stats.array import Floats
from barograph_processor.stats.normal import critical_value
from barograph_processor.stats.student import student_quantile

__all__ = ["ExpectedLoss", "jackknifed", "serves"]

_FARTHEST = 7.0
_TINY = 1e-300


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

    def larger(self, value: float) -> float:
        """Return how many times larger than in the reference a mean is, at least 1."""
        return max(value / self.mean, 1.0)

    def distance(self, value: float) -> float:
        """Return how far rows are of which no more is known than what is expected in the mean.

        In the sense of ``rehearsal.distance``: as if what is expected of rows were distributed
        normally, as in the reference, and had moved. What moves beside it is not seen.
        """
        apart = min(abs(value - self.mean) / max(self.varied, _TINY), _FARTHEST)
        return math.sqrt(math.expm1(apart**2))

    def doubt(self, value: float, fit: float, far: float) -> float:
        """Return the standard error of what is expected in the mean of rows at a distance.

        Args:
            value: What is expected.
            fit: Standard error of the fit.
            far: The distance.
        """
        return math.hypot(fit, far * self.missed * self.larger(value))


def serves(around: Floats, left: Floats) -> bool:
    """Return whether squares left are fewer than those around the mean, both by fold.

    By a one-sided t test at 5%.
    """
    gain = around - left
    error = float(gain.std(ddof=1)) / math.sqrt(len(gain))
    return bool(gain.mean() > student_quantile(1 - ALPHA, len(gain) - 1) * error)


def jackknifed(said: Floats) -> list[tuple[float, float]]:
    """Return what folds say of each loss, ``(K, M)``, together, and its standard error.

    That is the jackknife's, so much larger as Student's quantile is for how few these are.
    """
    k = len(said)
    wider = student_quantile(1 - ALPHA / 2, k - 1) / critical_value(ALPHA)
    errors = np.sqrt((k - 1) * said.var(axis=0)) * wider
    return list(zip(np.maximum(said.mean(axis=0), 0.0).tolist(), errors.tolist(), strict=True))
