"""Quantiles of positive and negative numbers with a bounded relative error, mergeable exactly."""

import struct
from dataclasses import dataclass

import numpy as np

from barograph_processor.stats.array import Floats, Ints

__all__ = ["QuantileSketch"]

_GAMMA = 1.02
_LOG_GAMMA = float(np.log(_GAMMA))
_SMALLEST = 1e-9
_SLOTS = 2400
_OFFSET = 1048


@dataclass(frozen=True, slots=True, eq=False)
class QuantileSketch:
    """Counts in logarithmic bins, one a percent: a commutative monoid under `merge`.

    Magnitudes from 1e-9 to about 4e11 are told apart within 1%; smaller ones count as zero,
    larger ones as the largest. NaN is left out. Serialized sparsely; 38 KiB in memory.

    Attributes:
        counts: Negative, then zero, then positive bins in ascending order of value.

    Examples:
        >>> sketch = QuantileSketch.of(np.arange(1.0, 1001.0))
        >>> 495 < sketch.quantile(0.5) < 506
        True

    References:
        Masson, Rim and Lee (2019), DDSketch, PVLDB 12(12). arXiv:1908.10693.
    """

    counts: Ints

    @classmethod
    def empty(cls) -> "QuantileSketch":
        """Return the sketch of no number."""
        return cls(np.zeros(2 * _SLOTS + 1, dtype=np.int64))

    @classmethod
    def of(cls, values: Floats) -> "QuantileSketch":
        """Sketch numbers, shape ``(n,)``."""
        known = values[~np.isnan(values)]
        size = np.maximum(np.abs(known), _SMALLEST / 2)
        with np.errstate(over="ignore"):
            step = np.ceil(np.log(size) / _LOG_GAMMA)
        step = np.clip(step + _OFFSET, 0, _SLOTS).astype(np.int64)
        step[np.abs(known) < _SMALLEST] = 0
        slot = _SLOTS + np.where(known < 0, -step, step)
        return cls(np.bincount(slot, minlength=2 * _SLOTS + 1))

    @property
    def n(self) -> int:
        """How many numbers were counted."""
        return int(self.counts.sum())

    def quantile(self, p: float) -> float | None:
        """Return about the smallest number with at least a share ``p`` at or below it.

        None without numbers.

        Raises:
            ValueError: ``p`` is not in ``[0, 1]``.
        """
        if not 0 <= p <= 1:
            raise ValueError(f"p must be in [0, 1], got {p!r}")
        n = self.n
        if not n:
            return None
        rank = max(int(np.ceil(p * n)), 1)
        step = int(np.searchsorted(np.cumsum(self.counts), rank)) - _SLOTS
        if step == 0:
            return 0.0
        size = float(2 * _GAMMA ** (abs(step) - _OFFSET) / (1 + _GAMMA))
        return size if step > 0 else -size

    def merge(self, other: "QuantileSketch") -> "QuantileSketch":
        """Return the sketch of both."""
        return QuantileSketch(self.counts + other.counts)

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form: the bins that hold something."""
        used = np.flatnonzero(self.counts)
        pairs = np.stack([used, self.counts[used]]).astype("<i8")
        return struct.pack("<I", len(used)) + pairs.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "QuantileSketch":
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are cut off or out of range.
        """
        size = struct.unpack_from("<I", data)[0] if len(data) >= struct.calcsize("<I") else -1
        if size < 0 or len(data) != struct.calcsize("<I") + 16 * size:
            raise ValueError("a quantile sketch is cut off")
        used, held = np.frombuffer(data, "<i8", 2 * size, 4).reshape(2, size)
        if size and not (used.min() >= 0 and used.max() <= 2 * _SLOTS):
            raise ValueError("a quantile sketch is out of range")
        counts = np.zeros(2 * _SLOTS + 1, dtype=np.int64)
        counts[used] = held
        return cls(counts)
