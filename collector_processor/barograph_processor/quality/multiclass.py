"""Realized performance of a model with several classes as mergeable sums."""

import math
import struct
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.confusion import share_of
from barograph_processor.quality.intervals import Estimate, Intervals
from barograph_processor.quality.score_histogram import ScoreHistogram
from barograph_processor.quality.score_loss import estimate_brier
from barograph_processor.quality.weighted import WeightedMean
from barograph_processor.stats.array import Floats

__all__ = ["MulticlassPerformance"]

_HEAD = struct.Struct("<q4dI")
_ROW = struct.Struct("<I3d")
_MEAN = WeightedMean.SIZE


@dataclass(frozen=True, slots=True, eq=False)
class MulticlassPerformance:
    """Sums over labelled rows of a model with several classes: a group under `merge`.

    Attributes:
        n: Labelled rows.
        answers: Weights of right and of wrong rows, then sums of their squares.
        classes: For each class the weights of its rows predicted and right, predicted and
            wrong, missed. Beyond 1,000 classes the macro averages are not defined, and none
            is kept.
        confidence: Squared differences of the confidence and whether it was right.
        scores: Rows with a confidence, by it; all of them said yes to their own class.
    """

    LIMIT: ClassVar[int] = 1000

    n: int
    answers: tuple[float, float, float, float]
    classes: dict[str, tuple[float, float, float]] | None
    confidence: WeightedMean
    scores: ScoreHistogram

    @classmethod
    def of(
        cls,
        predicted: npt.NDArray[np.str_],
        label: npt.NDArray[np.str_],
        confidence: Floats | None = None,
        weight: Floats | None = None,
    ) -> "MulticlassPerformance":
        """Sum up rows.

        Args:
            predicted: Names of the predicted classes, shape ``(n,)``.
            label: Names of the true ones, shape ``(n,)``.
            confidence: Probability given to the predicted class, shape ``(n,)``; NaN is none.
            weight: Rows that each stands for, shape ``(n,)``.
        """
        names, codes = np.unique(np.concatenate([predicted, label]), return_inverse=True)
        said, true = codes[: len(predicted)], codes[len(predicted) :]
        right = said == true
        w = np.ones(len(said)) if weight is None else weight
        k = len(names)
        hit = np.bincount(said[right], w[right], minlength=k).tolist()
        wrong = np.bincount(said[~right], w[~right], minlength=k).tolist()
        missed = np.bincount(true[~right], w[~right], minlength=k).tolist()
        rows = zip(names.tolist(), zip(hit, wrong, missed, strict=True), strict=True)
        score = np.full(len(said), np.nan) if confidence is None else confidence
        return cls(
            len(said),
            (
                float(w[right].sum()),
                float(w[~right].sum()),
                float((w[right] ** 2).sum()),
                float((w[~right] ** 2).sum()),
            ),
            dict(rows) if k <= cls.LIMIT else None,
            WeightedMean.of((score - right) ** 2, w),
            ScoreHistogram.of(score, np.ones(len(said), dtype=np.bool_), right, w),
        )

    def merge(self, other: "MulticlassPerformance") -> "MulticlassPerformance":
        """Return the sums of both."""
        return self._combined(other, 1)

    def without(self, other: "MulticlassPerformance") -> "MulticlassPerformance":
        """Return the sums of the rows that are not among the other's.

        Raises:
            ValueError: The other holds rows that are not among these.
        """
        rest = self._combined(other, -1)
        lowest = min((min(counts) for counts in (rest.classes or {}).values()), default=0.0)
        if min(rest.n, *rest.answers, lowest) < -1e-6:  # noqa: PLR2004 - rounding of weights
            raise ValueError("the rows to leave out are not among these")
        return rest

    def _combined(self, other: "MulticlassPerformance", sign: int) -> "MulticlassPerformance":
        merged = None if self.classes is None or other.classes is None else dict(self.classes)
        for name, counts in (other.classes or {}).items():
            if merged is not None:
                mine = merged.get(name, (0.0, 0.0, 0.0))
                a, b, c = (x + sign * y for x, y in zip(mine, counts, strict=True))
                merged[name] = a, b, c
        if merged is not None:
            # A class that is left without rows is none, as if it had never been.
            merged = {name: counts for name, counts in merged.items() if any(counts)}
        a, b, c, d = (x + sign * y for x, y in zip(self.answers, other.answers, strict=True))
        return MulticlassPerformance(
            self.n + sign * other.n,
            (a, b, c, d),
            None if merged is None or len(merged) > self.LIMIT else merged,
            self.confidence.merge(other.confidence)
            if sign > 0
            else self.confidence.without(other.confidence),
            self.scores.merge(other.scores) if sign > 0 else self.scores.without(other.scores),
        )

    def estimates(self, intervals: Intervals) -> dict[str, Estimate]:
        """Return what is defined of accuracy, macro precision, recall and f1, and brier.

        Classes that were never a label do not count in the macro averages, which have no
        interval.
        """
        found: dict[str, Estimate] = {}
        accuracy = share_of(*self.answers, intervals)
        if accuracy is not None:
            found["accuracy"] = accuracy
        labelled = [c for c in (self.classes or {}).values() if c[0] + c[2] > 0]
        each = [
            (tp / (tp + fp) if tp + fp > 0 else 0.0, tp / (tp + fn), 2 * tp / (2 * tp + fp + fn))
            for tp, fp, fn in labelled
        ]
        for i, name in enumerate(("precision", "recall", "f1")):
            if each:
                mean = math.fsum(values[i] for values in each) / len(each)
                found[name] = (mean, None, None)
        brier = self.confidence
        if brier.value is not None:
            found["brier"] = estimate_brier(brier.value, self.scores, intervals)
        return found

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        known = self.classes
        size = 2**32 - 1 if known is None else len(known)
        parts = [_HEAD.pack(self.n, *self.answers, size)]
        parts += [self.confidence.to_bytes(), self.scores.to_bytes()]
        for name, counts in sorted((known or {}).items()):
            encoded = name.encode("utf-8", "surrogatepass")
            parts += [_ROW.pack(len(encoded), *counts), encoded]
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> "MulticlassPerformance":
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are cut off.
        """
        try:
            n, a, b, c, d, size = _HEAD.unpack_from(data)
            at = _HEAD.size + _MEAN
            confidence = WeightedMean.from_bytes(data[_HEAD.size : at])
            scores = ScoreHistogram.from_bytes(data[at : (at := at + _SCORES)])
            known = size != 2**32 - 1
            classes = {}
            for _ in range(size if known else 0):
                length, *counts = _ROW.unpack_from(data, at)
                at += _ROW.size
                name = data[at : at + length].decode("utf-8", "surrogatepass")
                classes[name] = (counts[0], counts[1], counts[2])
                at += length
        except (struct.error, UnicodeDecodeError) as error:
            raise ValueError("sums of a multiclass model are cut off") from error
        if at != len(data):
            raise ValueError("sums of a multiclass model are of another length")
        return cls(n, (a, b, c, d), classes if known else None, confidence, scores)


_SCORES = len(ScoreHistogram.empty().to_bytes())
