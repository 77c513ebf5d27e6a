"""A mean as a sum of effects of binned columns, so that counts of the bins are enough for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.normal import critical_value
from barograph_processor.stats.student import student_quantile

__all__ = ["AdditiveMean", "FoldSums"]

_ALPHA = 0.05
_PENALTIES = (5.0, 20.0, 80.0, 320.0, 1280.0, 5120.0)
"""In rows: an effect of a bin that stands alone and holds as many is halved."""


@dataclass(frozen=True, slots=True, eq=False)
class FoldSums:
    """What rows of one fold say of a quantity: a commutative monoid under addition.

    Attributes:
        n: Rows.
        held: Rows in each of ``p`` bins, ``(p,)``.
        together: Rows in each two bins, ``(p, p)``.
        total: Sum of the quantity.
        square: Sum of its squares.
        by_bin: Its sum in each bin, ``(p,)``.
    """

    n: float
    held: Floats
    together: Floats
    total: float
    square: float
    by_bin: Floats

    @classmethod
    def of(cls, codes: Ints, sizes: Sequence[int], y: Floats) -> "FoldSums":
        """Sum up rows.

        Args:
            codes: The bin of each row in each column, ``(n, S)``, each counted from 0.
            sizes: How many bins each column has.
            y: The quantity, ``(n,)``, finite.
        """
        starts = np.cumsum([0, *sizes])
        together = np.zeros((starts[-1], starts[-1]))
        by_bin = np.zeros(starts[-1])
        for s, size in enumerate(sizes):
            mine = slice(starts[s], starts[s + 1])
            by_bin[mine] = np.bincount(codes[:, s], y, minlength=size)
            for t in range(s, len(sizes)):
                other, width = slice(starts[t], starts[t + 1]), sizes[t]
                pair = codes[:, s] * width + codes[:, t]
                block = np.bincount(pair, minlength=size * width).reshape(size, width)
                together[mine, other], together[other, mine] = block, block.T
        held = np.diag(together).copy()
        return cls(float(len(y)), held, together, float(y.sum()), float(y @ y), by_bin)

    def __add__(self, other: "FoldSums") -> "FoldSums":
        """Return the sums of both."""
        return self._with(other, 1.0)

    def __sub__(self, other: "FoldSums") -> "FoldSums":
        """Return the sums of the rows that are not among the other's."""
        return self._with(other, -1.0)

    def _with(self, other: "FoldSums", sign: float) -> "FoldSums":
        return FoldSums(
            self.n + sign * other.n,
            self.held + sign * other.held,
            self.together + sign * other.together,
            self.total + sign * other.total,
            self.square + sign * other.square,
            self.by_bin + sign * other.by_bin,
        )

    def fit(self, penalty: Floats) -> tuple[float, Floats]:
        """Return the level and the effects, ``(p,)``, by ridge regression on the bins.

        Args:
            penalty: Of the products of effects, ``(p, p)``, positive definite.
        """
        mean = self.total / self.n
        centred = self.together - np.outer(self.held, self.held / self.n) + penalty
        effect = np.asarray(
            np.linalg.solve(centred, self.by_bin - self.held * mean), dtype=np.float64
        )
        return mean - float(self.held @ effect) / self.n, effect

    def missed(self, level: float, effect: Floats) -> float:
        """Return the sum of squares of what a level and effects leave unexplained."""
        linear = self.total * level + float(self.by_bin @ effect)
        own = self.n * level**2 + 2 * level * float(self.held @ effect)
        return max(self.square - 2 * linear + own + float(effect @ self.together @ effect), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveMean:
    """The mean of a quantity among rows, from how they fall into the bins of their columns.

    It is right for other mixes of the same rows as far as the columns act one by one. The
    effects are shrunk by as much as serves rows that were left out, by folds.

    Attributes:
        level: What a row without any effect has.
        effect: Of each bin, ``(p,)``.
        levels: The same with each fold left out, ``(K,)``.
        effects: Likewise, ``(K, p)``.
        mean: Of the rows that it was learnt from.
        spread: Standard deviation of rows around what is expected of them, by folds.
        explained: Share of the variance that is explained of folds left out, in (0, 1].
    """

    level: float
    effect: Floats
    levels: Floats
    effects: Floats
    mean: float
    spread: float
    explained: float

    @classmethod
    def learn(cls, folds: Sequence[FoldSums], rough: Floats) -> "AdditiveMean | None":
        """Learn from at least three folds; None if columns explain nothing of those left out.

        Args:
            folds: Sums of each.
            rough: How rough effects are, as a form of them, ``(p, p)``: rough ones are shrunk.

        They do if the squares that they leave are fewer than those around the mean, over
        the folds by a one-sided t test at 5%.
        """
        whole = folds[0]
        for fold in folds[1:]:
            whole = whole + fold
        rest = [whole - fold for fold in folds]
        none = np.zeros_like(whole.held)
        around = np.array([f.missed(r.total / r.n, none) for f, r in zip(folds, rest, strict=True)])
        flat = np.eye(len(rough))
        best, left, fits = flat, around, []
        for strength in _PENALTIES:
            penalty = flat + strength * rough
            tried = [r.fit(penalty) for r in rest]
            missed = np.array([f.missed(*fit) for f, fit in zip(folds, tried, strict=True)])
            if missed.sum() < left.sum():
                best, left, fits = penalty, missed, tried
        gain = around - left
        error = gain.std(ddof=1) / np.sqrt(len(folds))
        if not fits or gain.mean() <= student_quantile(1 - _ALPHA, len(folds) - 1) * error:
            return None
        level, effect = whole.fit(best)
        return cls(
            level,
            effect,
            np.array([level for level, _ in fits]),
            np.array([effect for _, effect in fits]),
            whole.total / whole.n,
            float(np.sqrt(left.sum() / whole.n)),
            float(1 - left.sum() / around.sum()),
        )

    def estimate(self, shares: Floats, n: float) -> tuple[float, float]:
        """Return the mean to be expected of rows, and the variance of what they would show.

        The variance carries that of the rows, which grows with the mean, and that of the
        fit by the jackknife over folds, widened for how few these are.

        Args:
            shares: Of the rows by bin, ``(p,)``, in [0, 1].
            n: How many rows. Positive.
        """
        value = max(self.level + float(self.effect @ shares), 0.0)
        # As far as a quantity that is never negative is large, so is what it varies by.
        scale = max(value / self.mean, 1.0) if self.mean > 0 else 1.0
        folds = self.levels + self.effects @ shares
        k = len(folds)
        fit = (k - 1) / k * float(((folds - folds.mean()) ** 2).sum())
        fit *= (student_quantile(1 - _ALPHA / 2, k - 1) / critical_value(_ALPHA)) ** 2
        return value, (self.spread * scale) ** 2 / n + fit

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "level": self.level,
            "effect": self.effect.tolist(),
            "levels": self.levels.tolist(),
            "effects": self.effects.tolist(),
            "mean": self.mean,
            "spread": self.spread,
            "explained": self.explained,
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any], *, bins: int) -> "AdditiveMean":
        """Return what ``to_json`` wrote.

        Raises:
            ValueError: It is damaged, or of another number of bins.
        """
        numbers = [float(plain[name]) for name in ("level", "mean", "spread", "explained")]
        levels = np.array(plain["levels"], dtype=np.float64)
        effect = np.array(plain["effect"], dtype=np.float64)
        effects = np.array(plain["effects"], dtype=np.float64)
        arrays = (levels, effect, effects)
        if effect.shape != (bins,) or effects.shape != (len(levels), bins) or len(levels) < 2:  # noqa: PLR2004 - folds
            raise ValueError("the effects of an error model do not fit its bins")
        if not (np.isfinite(numbers).all() and all(np.isfinite(part).all() for part in arrays)):
            raise ValueError("an error model holds what is not finite")
        level, mean, spread, explained = numbers
        return cls(level, effect, levels, effects, mean, spread, explained)
