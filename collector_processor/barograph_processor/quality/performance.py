"""Realized performance as mergeable sums, for binary, multiclass and regression models."""

import math
import struct
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["BinaryPerformance", "MulticlassPerformance", "RegressionPerformance"]

SCORE_BINS = 200
"""Bins of the scores behind the area under the ROC curve; ties inside a bin count half."""
_CLIP = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class BinaryPerformance:
    """Sums over labelled rows of a binary model: a commutative monoid under `merge`.

    Attributes:
        confusion: ``[tn, fp, fn, tp]``, shape ``(4,)``.
        brier: Sum of squared differences of score and label, over rows with a score.
        log_loss: Sum of their log losses; scores are moved to at least 1e-6 from 0 and 1.
        scores: Shape ``(2, 200)``: negative and positive rows by score bin.
    """

    confusion: Ints
    brier: float
    log_loss: float
    scores: Ints

    @classmethod
    def empty(cls) -> "BinaryPerformance":
        """Return the sums of no row."""
        return cls(np.zeros(4, dtype=np.int64), 0.0, 0.0, np.zeros((2, SCORE_BINS), dtype=np.int64))

    @classmethod
    def of(cls, predicted: Bools, label: Bools, score: Floats | None = None) -> "BinaryPerformance":
        """Sum up rows.

        Args:
            predicted: Whether the positive class was predicted, shape ``(n,)``.
            label: Whether it was the positive class, shape ``(n,)``.
            score: Probability of the positive class in ``[0, 1]``, shape ``(n,)``; NaN and
                anything outside is no score.
        """
        truth = label.astype(np.int64)
        confusion = np.bincount(2 * truth + predicted.astype(np.int64), minlength=4)
        if score is None:
            return cls(confusion, 0.0, 0.0, np.zeros((2, SCORE_BINS), dtype=np.int64))
        known = (score >= 0) & (score <= 1)
        p, y = score[known], truth[known]
        clipped = np.clip(p, _CLIP, 1 - _CLIP)
        slot = np.minimum((p * SCORE_BINS).astype(np.int64), SCORE_BINS - 1)
        held = np.bincount(y * SCORE_BINS + slot, minlength=2 * SCORE_BINS)
        return cls(
            confusion,
            float(((p - y) ** 2).sum()),
            float(-np.log(np.where(y == 1, clipped, 1 - clipped)).sum()),
            held.reshape(2, SCORE_BINS),
        )

    @property
    def n(self) -> int:
        """Labelled rows."""
        return int(self.confusion.sum())

    def merge(self, other: "BinaryPerformance") -> "BinaryPerformance":
        """Return the sums of both."""
        return BinaryPerformance(
            self.confusion + other.confusion,
            self.brier + other.brier,
            self.log_loss + other.log_loss,
            self.scores + other.scores,
        )

    def metrics(self) -> dict[str, float]:
        """Return what is defined of accuracy, precision, recall, f1, brier, log_loss, auc."""
        tn, fp, fn, tp = self.confusion.tolist()
        found = {"accuracy": _ratio(tp + tn, self.n)} | _positive(tp, fp, fn)
        scored = int(self.scores.sum())
        found |= {"brier": _ratio(self.brier, scored), "log_loss": _ratio(self.log_loss, scored)}
        negative, positive = self.scores
        pairs = float(negative.sum()) * float(positive.sum())
        below = np.cumsum(negative) - negative / 2
        found["auc"] = _ratio(float(positive @ below), pairs)
        return {name: value for name, value in found.items() if not math.isnan(value)}

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        sums = struct.pack("<2d", self.brier, self.log_loss)
        return sums + np.append(self.confusion, self.scores.ravel()).astype("<i8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "BinaryPerformance":
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) != 16 + 8 * (4 + 2 * SCORE_BINS):
            raise ValueError("sums of a binary model are of another length")
        brier, log_loss = struct.unpack_from("<2d", data)
        counts = np.frombuffer(data, "<i8", offset=16).astype(np.int64)
        return cls(counts[:4], brier, log_loss, counts[4:].reshape(2, SCORE_BINS))


@dataclass(frozen=True, slots=True, eq=False)
class MulticlassPerformance:
    """Sums over labelled rows of a model with several classes: a monoid under `merge`.

    Attributes:
        classes: For each class its rows predicted and right, predicted and wrong, missed.
            Beyond 100 classes the least frequent ones share ``__other__``.
        confidence: Sum of squared differences of the confidence and whether it was right.
        confident: Rows with a confidence.
    """

    LIMIT: ClassVar[int] = 100

    classes: dict[str, tuple[int, int, int]]
    confidence: float
    confident: int

    @classmethod
    def empty(cls) -> "MulticlassPerformance":
        """Return the sums of no row."""
        return cls({}, 0.0, 0)

    @classmethod
    def of(
        cls,
        predicted: npt.NDArray[np.str_],
        label: npt.NDArray[np.str_],
        confidence: Floats | None = None,
    ) -> "MulticlassPerformance":
        """Sum up rows.

        Args:
            predicted: Names of the predicted classes, shape ``(n,)``.
            label: Names of the true ones, shape ``(n,)``.
            confidence: Probability given to the predicted class, shape ``(n,)``; NaN is none.
        """
        names, codes = np.unique(np.concatenate([predicted, label]), return_inverse=True)
        said, true = codes[: len(predicted)], codes[len(predicted) :]
        right = said == true
        k = len(names)
        hit = np.bincount(said[right], minlength=k).tolist()
        wrong = np.bincount(said[~right], minlength=k).tolist()
        missed = np.bincount(true[~right], minlength=k).tolist()
        rows = zip(names.tolist(), zip(hit, wrong, missed, strict=True), strict=True)
        square, confident = 0.0, 0
        if confidence is not None:
            known = np.isfinite(confidence)
            square = float(((confidence[known] - right[known]) ** 2).sum())
            confident = int(known.sum())
        return cls(dict(rows), square, confident)

    @property
    def n(self) -> int:
        """Labelled rows."""
        return sum(hit + missed for hit, _, missed in self.classes.values())

    def merge(self, other: "MulticlassPerformance") -> "MulticlassPerformance":
        """Return the sums of both."""
        merged = dict(self.classes)
        for name, counts in other.classes.items():
            mine = merged.get(name, (0, 0, 0))
            merged[name] = (mine[0] + counts[0], mine[1] + counts[1], mine[2] + counts[2])
        return MulticlassPerformance(
            merged, self.confidence + other.confidence, self.confident + other.confident
        )

    def metrics(self) -> dict[str, float]:
        """Return what is defined of accuracy, macro precision, recall and f1, and brier.

        Classes that were never a label do not count in the macro averages.
        """
        hits = sum(hit for hit, _, _ in self.classes.values())
        found = {"accuracy": _ratio(hits, self.n)}
        labelled = [counts for counts in self.classes.values() if counts[0] + counts[2]]
        each = [
            (_or_zero(_ratio(tp, tp + fp)), _ratio(tp, tp + fn), _ratio(2 * tp, 2 * tp + fp + fn))
            for tp, fp, fn in labelled
        ]
        for i, name in enumerate(("precision", "recall", "f1")):
            found[name] = _ratio(math.fsum(values[i] for values in each), len(each))
        found["brier"] = _ratio(self.confidence, self.confident)
        return {name: value for name, value in found.items() if not math.isnan(value)}

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        parts = [struct.pack("<dqI", self.confidence, self.confident, len(self.classes))]
        for name, counts in sorted(self.classes.items()):
            encoded = name.encode("utf-8", "surrogatepass")
            parts += [struct.pack("<I3q", len(encoded), *counts), encoded]
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> "MulticlassPerformance":
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are cut off.
        """
        try:
            confidence, confident, size = struct.unpack_from("<dqI", data)
            at, classes = struct.calcsize("<dqI"), {}
            for _ in range(size):
                length, *counts = struct.unpack_from("<I3q", data, at)
                at += struct.calcsize("<I3q")
                name = data[at : at + length].decode("utf-8", "surrogatepass")
                classes[name] = (counts[0], counts[1], counts[2])
                at += length
        except (struct.error, UnicodeDecodeError) as error:
            raise ValueError("sums of a multiclass model are cut off") from error
        if at != len(data):
            raise ValueError("sums of a multiclass model are of another length")
        return cls(classes, confidence, confident)


@dataclass(frozen=True, slots=True)
class RegressionPerformance:
    """Sums over labelled rows of a regression model: a commutative monoid under `merge`.

    Attributes:
        n: Labelled rows; rows with an error that is not finite are left out.
        error: Sum of prediction minus label.
        absolute: Sum of absolute errors.
        square: Sum of squared errors.
    """

    n: int
    error: float
    absolute: float
    square: float

    @classmethod
    def empty(cls) -> "RegressionPerformance":
        """Return the sums of no row."""
        return cls(0, 0.0, 0.0, 0.0)

    @classmethod
    def of(cls, prediction: Floats, label: Floats) -> "RegressionPerformance":
        """Sum up rows, both of shape ``(n,)``."""
        with np.errstate(over="ignore", invalid="ignore"):
            error = prediction - label
            error = error[np.isfinite(error)]
            return cls(
                len(error),
                float(error.sum()),
                float(np.abs(error).sum()),
                float((error * error).sum()),
            )

    def merge(self, other: "RegressionPerformance") -> "RegressionPerformance":
        """Return the sums of both."""
        return RegressionPerformance(
            self.n + other.n,
            self.error + other.error,
            self.absolute + other.absolute,
            self.square + other.square,
        )

    def metrics(self) -> dict[str, float]:
        """Return mae, rmse and bias (mean of prediction minus label); nothing without rows."""
        if not self.n:
            return {}
        return {
            "mae": self.absolute / self.n,
            "rmse": math.sqrt(self.square / self.n),
            "bias": self.error / self.n,
        }

    def to_bytes(self) -> bytes:
        """Return a compact, platform-independent form."""
        return struct.pack("<q3d", self.n, self.error, self.absolute, self.square)

    @classmethod
    def from_bytes(cls, data: bytes) -> "RegressionPerformance":
        """Return what `to_bytes` wrote.

        Raises:
            ValueError: The bytes are of another length.
        """
        if len(data) != struct.calcsize("<q3d"):
            raise ValueError("sums of a regression model are of another length")
        return cls(*struct.unpack("<q3d", data))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _positive(tp: int, fp: int, fn: int) -> dict[str, float]:
    return {
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
    }
