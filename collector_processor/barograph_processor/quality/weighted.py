"""Means of rows that stand for others: each counts with its weight."""

import struct
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["LARGEST", "WeightedMean"]

LARGEST = 1e150
"""Values of this size and above are left out, since their squares could not be summed."""

_FORMAT = struct.Struct("<q5d")


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """Sums behind a weighted mean and its variance: a commutative group under ``merge``.

    The weights are the inverse of the rate at which rows were sampled, so the mean is the
    Hajek estimator of what all rows would have given, and its variance the linearized one;
    with equal weights they are the mean and its usual variance.

    Attributes:
        n: Rows.
        w: Sum of the weights.
        ww: Sum of their squares.
        wx: Sum of weight times value.
        wwx: Sum of squared weight times value.
        wwxx: Sum of squared weight times squared value.

    Examples:
        >>> mean = WeightedMean.of(np.array([1.0, 0.0, 0.0]), np.array([1.0, 1.0, 2.0]))
        >>> mean.value, round(mean.effective, 2)
        (0.25, 2.67)
    """

    SIZE: ClassVar[int] = _FORMAT.size
    """Bytes that it takes when stored."""

    n: int
    w: float
    ww: float
    wx: float
    wwx: float
    wwxx: float

    @classmethod
    def empty(cls) -> "WeightedMean":
        """Return the sums of no row."""
        return cls(0, 0.0, 0.0, 0.0, 0.0, 0.0)

    @classmethod
    def of(cls, values: Floats, weight: Floats | None = None) -> "WeightedMean":
        """Sum up rows, both of shape ``(n,)``; NaN and what is too large are left out."""
        w = np.ones(len(values)) if weight is None else weight
        usable = np.abs(values) < LARGEST
        x, w = values[usable], w[usable]
        ww = w * w
        return cls(
            len(x),
            float(w.sum()),
            float(ww.sum()),
            float((w * x).sum()),
            float((ww * x).sum()),
            float((ww * x * x).sum()),
        )

    @property
    def value(self) -> float | None:
        """The mean; None without rows."""
        return self.wx / self.w if self.w > 0 else None

    @property
    def effective(self) -> float:
        """Rows of equal weight that would tell as much (Kish)."""
        return self.w * self.w / self.ww if self.ww > 0 else 0.0

    @property
    def variance(self) -> float:
        """Of the mean; 0 without rows."""
        mean = self.value
        if mean is None:
            return 0.0
        return max(self.wwxx - 2 * mean * self.wwx + mean * mean * self.ww, 0.0) / self.w**2

    def merge(self, other: "WeightedMean") -> "WeightedMean":
        """Return the sums of both."""
        return WeightedMean(
            self.n + other.n,
            self.w + other.w,
            self.ww + other.ww,
            self.wx + other.wx,
            self.wwx + other.wwx,
            self.wwxx + other.wwxx,
        )

    def without(self, other: "WeightedMean") -> "WeightedMean":
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: There are more rows in the other.
        """
        if other.n > self.n:
            raise ValueError("the rows to leave out are not among these")
        if other.n == self.n:
            return WeightedMean.empty()
        return WeightedMean(
            self.n - other.n,
            max(self.w - other.w, 0.0),
            max(self.ww - other.ww, 0.0),
            self.wx - other.wx,
            self.wwx - other.wwx,
            max(self.wwxx - other.wwxx, 0.0),
        )

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return _FORMAT.pack(self.n, self.w, self.ww, self.wx, self.wwx, self.wwxx)

    @classmethod
    def from_bytes(cls, data: bytes) -> "WeightedMean":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) != cls.SIZE:
            raise ValueError("sums of a weighted mean are of another length")
        return cls(*_FORMAT.unpack(data))
