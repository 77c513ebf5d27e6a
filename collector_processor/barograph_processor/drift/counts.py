"""What is kept of the rows of a window: a mergeable summary over all streams."""

import struct
from dataclasses import dataclass

import numpy as np

from barograph_processor.stats.array import Floats, Ints

__all__ = ["WindowCounts"]

_HEADER = struct.Struct("<4sBqIII8s")
_MAGIC = b"bgwc"
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class WindowCounts:
    """Counts and sums of any number of rows: a commutative monoid under `merge`.

    Counts merge exactly; sums of floats merge up to rounding. About 3 KiB for 12 features.

    Attributes:
        rows: How many rows were counted.
        slots: Rows a slot, all streams one after another, shape ``(B,)``.
        sums: Shape ``(numeric streams, 2)``: the sums of ``z`` and ``z * z``, with ``z``
            the finite values standardised by the reference's mean and deviation.
        cross: Shape ``(d, d)``: sums of products of the rank scores of each two of the
            numeric inputs that are watched together.
        fingerprint: 8 bytes that tell by which profile the rows were counted.
    """

    rows: int
    slots: Ints
    sums: Floats
    cross: Floats
    fingerprint: bytes

    def merge(self, other: "WindowCounts") -> "WindowCounts":
        """Return the counts of both.

        Raises:
            ValueError: They were counted by different profiles.
        """
        if self.fingerprint != other.fingerprint:
            raise ValueError("counts of different reference profiles cannot be merged")
        return WindowCounts(
            self.rows + other.rows,
            self.slots + other.slots,
            self.sums + other.sums,
            self.cross + other.cross,
            self.fingerprint,
        )

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        header = _HEADER.pack(
            _MAGIC,
            _VERSION,
            self.rows,
            len(self.slots),
            len(self.sums),
            len(self.cross),
            self.fingerprint,
        )
        return b"".join(
            [
                header,
                self.slots.astype("<i8").tobytes(),
                self.sums.astype("<f8").tobytes(),
                self.cross.astype("<f8").tobytes(),
            ]
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "WindowCounts":
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are cut off, or of another kind or version.
        """
        if len(data) < _HEADER.size:
            raise ValueError("counts of a window are cut off")
        magic, version, rows, slots, numeric, d, fingerprint = _HEADER.unpack_from(data)
        if magic != _MAGIC or version != _VERSION:
            raise ValueError(f"these are no counts of a window of version {_VERSION}")
        parts = (slots, 2 * numeric, d * d)
        if len(data) != _HEADER.size + 8 * sum(parts):
            raise ValueError("counts of a window are cut off")
        at = _HEADER.size
        counted = np.frombuffer(data, "<i8", slots, at).astype(np.int64)
        sums = np.frombuffer(data, "<f8", 2 * numeric, at + 8 * slots).astype(np.float64)
        cross = np.frombuffer(data, "<f8", d * d, at + 8 * (slots + 2 * numeric))
        return cls(
            rows,
            counted,
            sums.reshape(numeric, 2),
            cross.astype(np.float64).reshape(d, d),
            fingerprint,
        )
