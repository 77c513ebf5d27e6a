"""Several weighted means of the same rows, summed up and stored together."""

from dataclasses import dataclass, fields
from typing import Self

from barograph_processor.quality.weighted import WeightedMean

__all__ = ["WeightedMeans"]


@dataclass(frozen=True, slots=True)
class WeightedMeans:
    """What is known by means alone: a commutative group under `merge`.

    To be derived from by frozen dataclasses of which each field is a `WeightedMean`.
    """

    @property
    def means(self) -> list[WeightedMean]:
        """All of them, in the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]

    @property
    def n(self) -> int:
        """Labelled rows."""
        return self.means[0].n

    def merge(self, other: Self) -> Self:
        """Return the sums of both."""
        return type(self)(*map(WeightedMean.merge, self.means, other.means))

    def without(self, other: Self) -> Self:
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: There are more rows in the other.
        """
        return type(self)(*map(WeightedMean.without, self.means, other.means))

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return b"".join(mean.to_bytes() for mean in self.means)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) != len(fields(cls)) * WeightedMean.SIZE:
            raise ValueError("sums of weighted means are of another length")
        starts = range(0, len(data), WeightedMean.SIZE)
        return cls(*(WeightedMean.from_bytes(data[at : at + WeightedMean.SIZE]) for at in starts))
