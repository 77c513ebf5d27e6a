"""The mean of numbers without a bound, of rows that stand for others, and how skewed it is."""

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from barograph_processor.quality.skewness import third_moment
from barograph_processor.quality.weighted import WeightedMean
from barograph_processor.stats.array import Floats

__all__ = ["SkewedMean"]

_LARGEST: Final = 1e75
_FORMAT = struct.Struct("<4d")


@dataclass(frozen=True, slots=True)
class SkewedMean:
    """A weighted mean with its third moment: a commutative group under ``merge``.

    Attributes:
        mean: The mean and its variance.
        www: Sum of the third powers of the weights.
        wwwx: Of these times the values.
        wwwxx: Times the squares of the values.
        wwwxxx: Times their third powers.

    Examples:
        >>> SkewedMean.of(np.array([0.0, 0.0, 3.0])).third
        0.2222222222222222
    """

    SIZE: ClassVar[int] = WeightedMean.SIZE + _FORMAT.size
    """Bytes that it takes when stored."""

    mean: WeightedMean
    www: float
    wwwx: float
    wwwxx: float
    wwwxxx: float

    @classmethod
    def empty(cls) -> "SkewedMean":
        """Return the sums of no row."""
        return cls(WeightedMean.empty(), 0.0, 0.0, 0.0, 0.0)

    @classmethod
    def of(cls, values: Floats, weight: Floats | None = None) -> "SkewedMean":
        """Sum up rows, both of shape ``(n,)``; NaN and 1e75 or larger are left out."""
        w = np.ones(len(values)) if weight is None else weight
        usable = np.abs(values) < _LARGEST
        x, w = values[usable], w[usable]
        # Products: of single rows, as scores come, they take a third of the time of sums.
        ww, xx = w * w, x * x
        cube = ww * w
        return cls(
            WeightedMean.of(x, w),
            float(ww.dot(w)),
            float(cube.dot(x)),
            float(cube.dot(xx)),
            float(cube.dot(xx * x)),
        )

    @property
    def n(self) -> int:
        """Rows."""
        return self.mean.n

    @property
    def value(self) -> float | None:
        """The mean; None without rows."""
        return self.mean.value

    @property
    def effective(self) -> float:
        """Rows of equal weight whose mean would be as skewed.

        Where few rows weigh much, these are fewer than Kish's, whose mean would vary as much.
        """
        ww = self.mean.ww
        return ww * (ww / self.www) ** 2 if self.www > 0 else 0.0

    @property
    def variance(self) -> float:
        """Of the mean; 0 without rows."""
        return self.mean.variance

    @property
    def third(self) -> float:
        """Third central moment of the mean; 0 without rows, or where rounding hides it."""
        mean = self.mean.value
        if mean is None:
            return 0.0
        third = third_moment(self.www, self.wwwx, self.wwwxx, self.wwwxxx, mean)
        return third / self.mean.w / self.mean.w / self.mean.w

    def merge(self, other: "SkewedMean") -> "SkewedMean":
        """Return the sums of both."""
        return SkewedMean(
            self.mean.merge(other.mean),
            self.www + other.www,
            self.wwwx + other.wwwx,
            self.wwwxx + other.wwwxx,
            self.wwwxxx + other.wwwxxx,
        )

    def without(self, other: "SkewedMean") -> "SkewedMean":
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: There are more rows in the other.
        """
        rest = self.mean.without(other.mean)
        if rest.n == 0:
            return SkewedMean.empty()
        return SkewedMean(
            rest,
            self.www - other.www,
            self.wwwx - other.wwwx,
            self.wwwxx - other.wwwxx,
            self.wwwxxx - other.wwwxxx,
        )

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        cubes = _FORMAT.pack(self.www, self.wwwx, self.wwwxx, self.wwwxxx)
        return self.mean.to_bytes() + cubes

    @classmethod
    def from_bytes(cls, data: bytes) -> "SkewedMean":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) != cls.SIZE:
            raise ValueError("sums of a skewed mean are of another length")
        mean = WeightedMean.from_bytes(data[: WeightedMean.SIZE])
        return cls(mean, *_FORMAT.unpack(data[WeightedMean.SIZE :]))
