"""What the inputs of labelled predictions promised of their errors, as mergeable sums."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.expected_error import FOLDS, LOSSES
from barograph_processor.stats.array import Floats

__all__ = ["PromisedErrors"]


@dataclass(frozen=True, slots=True, eq=False)
class PromisedErrors:
    """Sums over rows whose errors were promised: a commutative group under ``merge``.

    Attributes:
        n: Rows.
        w: Sum of their weights.
        sums: Of weight times what each fold promised of each loss, shape ``(K, M)``.
    """

    n: int
    w: float
    sums: Floats

    @classmethod
    def empty(cls) -> "PromisedErrors":
        """Return the sums of no row."""
        return cls(0, 0.0, np.zeros((FOLDS, LOSSES)))

    @classmethod
    def of(cls, promised: Floats | None, weight: Floats | None = None) -> "PromisedErrors":
        """Sum up rows: what was promised of each, ``(n, K, M)``, or None; weights ``(n,)``."""
        if promised is None:
            return cls.empty()
        w = np.ones(len(promised)) if weight is None else weight
        return cls(len(w), float(w.sum()), np.tensordot(w, promised, 1))

    @property
    def mean(self) -> Floats:
        """What each fold promised of each loss in the mean, ``(K, M)``; zeros without rows."""
        return np.asarray(self.sums / self.w if self.w > 0 else self.sums)

    def merge(self, other: "PromisedErrors") -> "PromisedErrors":
        """Return the sums of both."""
        return PromisedErrors(self.n + other.n, self.w + other.w, self.sums + other.sums)

    def without(self, other: "PromisedErrors") -> "PromisedErrors":
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: There are more rows in the other.
        """
        if other.n > self.n:
            raise ValueError("the rows to leave out are not among these")
        if other.n == self.n:
            return PromisedErrors.empty()
        return PromisedErrors(self.n - other.n, self.w - other.w, self.sums - other.sums)

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return np.concatenate([[self.n, self.w], self.sums.ravel()]).astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "PromisedErrors":
        """Return what ``to_bytes`` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) != 8 * (2 + FOLDS * LOSSES):
            raise ValueError("sums of promised errors are of another length")
        n, w, *sums = np.frombuffer(data, "<f8").tolist()
        return cls(int(n), w, np.array(sums).reshape(FOLDS, LOSSES))
