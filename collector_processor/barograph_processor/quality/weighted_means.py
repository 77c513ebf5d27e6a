"""Several weighted means of the same rows, summed up and stored together."""

from dataclasses import dataclass, fields
from itertools import accumulate
from typing import Any, Self, get_type_hints

from barograph_processor.quality.skewed_mean import SkewedMean
from barograph_processor.quality.weighted import WeightedMean

__all__ = ["WeightedMeans"]


@dataclass(frozen=True, slots=True)
class WeightedMeans:
    """What is known by means alone: a commutative group under `merge`.

    To be derived from by frozen dataclasses of which each field is a `WeightedMean` or a
    `SkewedMean`.
    """

    @property
    def means(self) -> list[Any]:
        """All of them, in the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]

    @property
    def n(self) -> int:
        """Labelled rows."""
        return int(self.means[0].n)

    def merge(self, other: Self) -> Self:
        """Return the sums of both."""
        pairs = zip(self.means, other.means, strict=True)
        return type(self)(*(mine.merge(theirs) for mine, theirs in pairs))

    def without(self, other: Self) -> Self:
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: There are more rows in the other.
        """
        pairs = zip(self.means, other.means, strict=True)
        return type(self)(*(mine.without(theirs) for mine, theirs in pairs))

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return b"".join(mean.to_bytes() for mean in self.means)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        kinds: list[type[WeightedMean | SkewedMean]] = list(get_type_hints(cls).values())
        *starts, end = accumulate((kind.SIZE for kind in kinds), initial=0)
        if len(data) != end:
            raise ValueError("sums of weighted means are of another length")
        parts = zip(kinds, starts, strict=True)
        return cls(*(kind.from_bytes(data[at : at + kind.SIZE]) for kind, at in parts))
