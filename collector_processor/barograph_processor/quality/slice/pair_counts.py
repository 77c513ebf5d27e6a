"""Labels and losses by the levels of two attributes at once, for all pairs of them."""

import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Floats, Ints

__all__ = ["LEVELS", "LOSS_UNIT", "PairCounts", "pairs_of"]

LEVELS: Final = 14
"""Levels of an attribute that are counted apart; a row with a greater code is in the last one."""

LOSS_UNIT: Final = 256
"""Losses are counted in whole parts of so many, so that their sums are exact in any order."""


def pairs_of(attributes: int, inputs: int) -> Ints:
    """Return the pairs to count, shape ``(2, P)``: all but those of two registered dimensions.

    Each attribute is paired with itself as well: what is counted there is of it alone.

    Args:
        attributes: How many there are.
        inputs: How many of them, the last ones, are inputs.
    """
    alone = [(a, a) for a in range(attributes)]
    both = [(a, b) for a, b in combinations(range(attributes), 2) if b >= attributes - inputs]
    return np.array([*alone, *both], dtype=np.int64).reshape(-1, 2).T


@dataclass(frozen=True, slots=True, eq=False)
class PairCounts:
    """Labels and losses by pair of attributes and levels: a commutative monoid under ``merge``.

    Attributes:
        labels: Shape ``(P, 14, 14)``.
        losses: Their sums in parts of 256, the same shape.
    """

    labels: npt.NDArray[np.int32]
    losses: npt.NDArray[np.int32]

    @classmethod
    def of(cls, codes: npt.NDArray[np.uint8], losses: Floats, pairs: Ints) -> "PairCounts":
        """Count labels.

        Args:
            codes: Level of each attribute, shape ``(n, A)``, each below 14.
            losses: Each in ``[0, 1]``, shape ``(n,)``.
            pairs: From ``pairs_of``.
        """
        size = LEVELS * LEVELS
        places = np.arange(pairs.shape[1], dtype=np.intp) * size
        # A row an attribute, so that whole rows are copied.
        levels = np.ascontiguousarray(codes.T, dtype=np.intp)
        at = (levels * LEVELS)[pairs[0]]
        at += levels[pairs[1]]
        at += places[:, None]
        parts = np.rint(losses * LOSS_UNIT)
        lost = np.flatnonzero(parts)
        weights = np.tile(parts[lost], pairs.shape[1])
        shape, cells = (-1, LEVELS, LEVELS), pairs.shape[1] * size
        labels = np.bincount(at.ravel(), minlength=cells)
        sums = np.bincount(at[:, lost].ravel(), weights, minlength=cells)
        return cls(labels.astype(np.int32).reshape(shape), sums.astype(np.int32).reshape(shape))

    def merge(self, other: "PairCounts") -> "PairCounts":
        """Return the counts of both.

        Raises:
            ValueError: They are of different attributes.
        """
        if self.labels.shape != other.labels.shape:
            raise ValueError("counts of different attributes cannot be merged")
        return PairCounts(self.labels + other.labels, self.losses + other.losses)

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return self.labels.astype("<i4").tobytes() + self.losses.astype("<i4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "PairCounts":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are cut off.
        """
        if not data or len(data) % (8 * LEVELS * LEVELS):
            raise ValueError("counts of pairs are cut off")
        both = np.frombuffer(data, "<i4").astype(np.int32).reshape(2, -1, LEVELS, LEVELS)
        return cls(both[0], both[1])

    def to_text(self) -> str:
        """Return the same as text, for a file of people: packed, in base 64."""
        return b64encode(zlib.compress(self.to_bytes(), level=6)).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> "PairCounts":
        """Return what ``to_text`` wrote.

        Raises:
            ValueError: The text is damaged.
        """
        try:
            return cls.from_bytes(zlib.decompress(b64decode(text, validate=True)))
        except zlib.error as error:
            raise ValueError(f"counts of pairs are damaged: {error}") from error
