"""What good and bad predictions are worth: means apart, correlation, what a loss costs."""

import math
from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.skewness import radii, shown, third_moment
from barograph_processor.stats.array import Floats
from barograph_processor.stats.student import student_quantile

__all__ = ["ValueByQuality"]

_MIN_EACH = 20


@dataclass(frozen=True, slots=True, eq=False)
class ValueByQuality:
    """Sums of the values of good and of bad predictions: a commutative monoid under ``merge``.

    Attributes:
        sums: Rows good and bad; how many, and their values, the squares and the third powers
            of these; shape ``(2, 4)``.
    """

    sums: Floats

    @classmethod
    def empty(cls) -> "ValueByQuality":
        """Return the sums of no prediction."""
        return cls(np.zeros((2, 4)))

    @classmethod
    def of(cls, values: Floats, losses: Floats) -> "ValueByQuality":
        """Sum up predictions; those with a loss of half or more are bad.

        Args:
            values: Finite, shape ``(n,)``.
            losses: Each in ``[0, 1]``, shape ``(n,)``.
        """
        bad = losses >= 0.5  # noqa: PLR2004 - of a class 0 or 1, of a number more than usual
        rows = [values[~bad], values[bad]]
        return cls(np.array([[len(v), v.sum(), (v**2).sum(), (v**3).sum()] for v in rows]))

    def merge(self, other: "ValueByQuality") -> "ValueByQuality":
        """Return the sums of both."""
        return ValueByQuality(self.sums + other.sums)

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return self.sums.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "ValueByQuality":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) != 64:  # noqa: PLR2004 - eight numbers
            raise ValueError("sums of values by quality are of another length")
        return cls(np.frombuffer(data, "<f8").reshape(2, 4).astype(np.float64))

    def means(self) -> tuple[float, float] | None:
        """Return the mean value of good and of bad ones; None with fewer than 20 of either."""
        if (self.sums[:, 0] < _MIN_EACH).any():
            return None
        good, bad = (self.sums[:, 1] / self.sums[:, 0]).tolist()
        return good, bad

    def difference(self) -> tuple[float, float, float] | None:
        """Return the good ones' mean minus the bad ones', with Welch's 95% interval.

        It reaches further on the side of the difference's tail, see `skewness.radii`. None
        with fewer than 20 of either.

        References:
            Welch (1947), The generalization of Student's problem when several different
            population variances are involved, Biometrika 34, 28-35.
        """
        means = self.means()
        if means is None:
            return None
        n, total, square, _ = self.sums.T
        variance = np.maximum(square - total * total / n, 0.0) / (n - 1) / n
        apart = means[0] - means[1]
        error = math.sqrt(float(variance.sum()))
        if error == 0:
            return apart, apart, apart
        freedom = float(variance.sum()) ** 2 / float((variance**2 / (n - 1)).sum())
        good, bad = (
            third_moment(w, wx, wxx, wxxx, mean) / w**3 / shown(w)
            for (w, wx, wxx, wxxx), mean in zip(self.sums.tolist(), means, strict=True)
        )
        below, above = radii(student_quantile(0.975, freedom), error * error, good - bad)
        return apart, apart - below * error, apart + above * error

    def correlation(self) -> float | None:
        """Return Pearson's correlation of value and goodness; None with fewer than 20 of either.

        0 where all values are alike.
        """
        means = self.means()
        if means is None:
            return None
        n, total, square, _ = self.sums.T
        rows = float(n.sum())
        spread = float(square.sum()) / rows - (float(total.sum()) / rows) ** 2
        if spread <= 0:
            return 0.0
        share = float(n[0]) / rows
        return (means[0] - means[1]) * math.sqrt(share * (1 - share) / spread)
