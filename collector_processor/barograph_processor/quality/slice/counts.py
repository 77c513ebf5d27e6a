"""Labels and losses by slice."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.stats.array import Floats, Ints

__all__ = ["SliceCounts"]


@dataclass(frozen=True, slots=True, eq=False)
class SliceCounts:
    """Labels and losses by slice: a commutative monoid under ``merge``.

    Attributes:
        labels: Labels in each slice, shape ``(K,)``.
        losses: Sums of their losses, shape ``(K,)``.
        all_labels: Labels in all.
        all_losses: Sum of all losses.
    """

    labels: Ints
    losses: Floats
    all_labels: int
    all_losses: float

    def merge(self, other: "SliceCounts") -> "SliceCounts":
        """Return the counts of both.

        Raises:
            ValueError: They are of different layouts.
        """
        if self.labels.shape != other.labels.shape:
            raise ValueError("counts of different slices cannot be merged")
        return SliceCounts(
            self.labels + other.labels,
            self.losses + other.losses,
            self.all_labels + other.all_labels,
            self.all_losses + other.all_losses,
        )

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        head = np.array([self.all_labels, self.all_losses], dtype="<f8").tobytes()
        return head + self.labels.astype("<i8").tobytes() + self.losses.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "SliceCounts":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are cut off.
        """
        if len(data) < 16 or len(data) % 16:  # noqa: PLR2004 - two numbers, then two a slice
            raise ValueError("counts of slices are cut off")
        size = len(data) // 16 - 1
        head = np.frombuffer(data, "<f8", 2)
        labels = np.frombuffer(data, "<i8", size, 16).astype(np.int64)
        losses = np.frombuffer(data, "<f8", size, 16 + 8 * size).astype(np.float64)
        return cls(labels, losses, int(head[0]), float(head[1]))
