"""Mean, variance and range of numbers, mergeable."""

import math
import struct
from dataclasses import dataclass

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["Moments"]

_FORMAT = struct.Struct("<q4d")


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of finite numbers: a commutative monoid under `merge`, up to rounding.

    Attributes:
        n: How many numbers.
        mean: Their mean; 0 without any.
        m2: Sum of squared deviations from it.
        low: The smallest; infinity without any.
        high: The largest; minus infinity without any.

    Examples:
        >>> moments = Moments.of(np.array([1.0, 2.0, 3.0, np.nan]))
        >>> moments.n, moments.mean, moments.variance
        (3, 2.0, 1.0)

    References:
        Chan, Golub and LeVeque (1983), The American Statistician 37(3), 242-247.
    """

    n: int
    mean: float
    m2: float
    low: float
    high: float

    @classmethod
    def empty(cls) -> "Moments":
        """Return the moments of no number."""
        return cls(0, 0.0, 0.0, math.inf, -math.inf)

    @classmethod
    def of(cls, values: Floats) -> "Moments":
        """Summarize numbers; NaN and infinities are left out."""
        finite = values[np.isfinite(values)]
        if not len(finite):
            return cls.empty()
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(finite.mean())
            m2 = float(((finite - mean) ** 2).sum())
        return cls(len(finite), mean, m2, float(finite.min()), float(finite.max()))

    @property
    def variance(self) -> float | None:
        """The sample variance; None with fewer than two numbers."""
        return self.m2 / (self.n - 1) if self.n > 1 else None

    def merge(self, other: "Moments") -> "Moments":
        """Return the moments of both."""
        if not other.n:
            return self
        if not self.n:
            return other
        n = self.n + other.n
        gap = other.mean - self.mean
        return Moments(
            n,
            (self.n * self.mean + other.n * other.mean) / n,
            self.m2 + other.m2 + gap * gap * self.n * other.n / n,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return _FORMAT.pack(self.n, self.mean, self.m2, self.low, self.high)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Moments":
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) != _FORMAT.size:
            raise ValueError("moments are of another length")
        return cls(*_FORMAT.unpack(data))
