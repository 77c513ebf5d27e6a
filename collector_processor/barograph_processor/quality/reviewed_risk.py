"""The risk of all predictions, from the few that people judged."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from barograph_processor.sequential.betting_sequence import BettingSequence
from barograph_processor.stats.array import Floats

__all__ = ["ReviewedRisk", "RiskEstimate"]

_FEW = 20
# Least chances are counted by half octaves down to 2**-32; one in fifty is as low as it gets.
_BINS, _RARE = 64, 0.02
_BLOCK, _MOST_BLOCKS = 128, 32
# Guesses are summed as whole numbers: such a sum does not depend on its order.
_UNIT = 1e6


class RiskEstimate(NamedTuple):
    """The mean loss of all predictions.

    Attributes:
        value: The estimate, in [0, 1].
        lower: Lower end of its interval.
        upper: Upper end.
        answers: How many judged predictions it rests on.
    """

    value: float
    lower: float
    upper: float
    answers: int


class ReviewedRisk:
    """Prediction-powered, inverse-propensity-weighted mean of the loss, with an interval.

    Every prediction comes with the model's own guess of its loss (1 - confidence), those
    that a person judged with the true loss as well. The estimate is the weighted mean of
    ``loss - power (guess - mean guess of all)``; whatever the guesses are worth, it is
    unbiased, and where they are worth something it is narrower. ``power`` is what would
    have been best on the answers before, so the interval holds at every time.

    Where the chance of review moves with the time, as traffic comes and goes, all answers weigh
    by one chance that is about as low as it usually gets, so that a busy day counts as the many
    predictions that it is. What was less likely still, one answer in fifty, counts as if it
    had had that chance.

    It is about now: it rests on the answers of the last one to two half horizons, and an
    older sequence is dropped for one that began half a horizon later. The interval counts
    on unanswered draws being no better or worse than the answered ones.

    State size: two sequences, and sums. Not locked; its owner is.

    Args:
        horizon_ns: Event time after which an answer is no longer about now. Positive.
        alpha: Probability that a sequence ever misses a constant truth.

    References:
        Angelopoulos, Duchi and Zrnic (2023), PPI++, arXiv:2311.01453. Zrnic and Candes
        (2024), Active statistical inference, arXiv:2403.03208.
    """

    def __init__(self, *, horizon_ns: int, alpha: float = 0.05) -> None:
        self._half_ns = max(horizon_ns // 2, 1)
        self._alpha = alpha
        self._older = _Era(alpha, None)
        self._newer: _Era | None = None
        self._guess: float | None = None
        self._blocks, self._rows, self._sum = 0, 0, 0

    @property
    def mean_guess(self) -> float | None:
        """The mean guess of the last few thousand predictions; None before the first block."""
        return self._guess

    def surprises(self, guess: Floats) -> Floats:
        """Take the guesses of predictions; return by how much each is above the mean so far.

        Args:
            guess: In [0, 1], NaN where there is none; shape ``(n,)``.

        Returns:
            Guess minus mean, NaN where one is unknown; shape ``(n,)``.
        """
        surprises = np.full(len(guess), np.nan)
        rows = np.flatnonzero(~np.isnan(guess))
        if not len(rows):
            return surprises
        known = guess[rows]
        # Each block is told from one mean; the first of these goes on with what is open.
        begins = [0, *range(_BLOCK - self._rows, len(known), _BLOCK)]
        counts = [stop - start for start, stop in pairwise((*begins, len(known)))]
        sums = np.add.reduceat(np.rint(known * _UNIT).astype(np.int64), begins)
        means = []
        for count, total in zip(counts, sums.tolist(), strict=True):
            means.append(math.nan if self._guess is None else self._guess)
            self._count(count, total)
        surprises[rows] = known - np.repeat(means, counts)
        return surprises

    def _count(self, rows: int, total: int) -> None:
        """Count guesses, no more than the block that is open has room for."""
        self._rows += rows
        self._sum += total
        if self._rows == _BLOCK:
            mean = self._sum / _UNIT / _BLOCK
            self._blocks = min(self._blocks + 1, _MOST_BLOCKS)
            before = 0.0 if self._guess is None else self._guess
            self._guess = before + (mean - before) / self._blocks
            self._rows, self._sum = 0, 0

    def answer(
        self, loss: float, *, chance: float, floor: float, surprise: float | None, time_ns: int
    ) -> None:
        """Take a judged prediction.

        Args:
            loss: In [0, 1].
            chance: That it had of being drawn, in (0, 1].
            floor: The least chance that any prediction had then, in (0, chance].
            surprise: Its guess minus the mean guess of all when it was made; None if
                the model gave none.
            time_ns: When the prediction was made, event time.
        """
        if self._older.begin_ns is None:
            self._older.begin_ns = time_ns
        if self._newer is None and time_ns >= self._older.begin_ns + self._half_ns:
            self._newer = _Era(self._alpha, time_ns, self._older)
        elif self._newer is not None and time_ns >= (self._newer.begin_ns or 0) + self._half_ns:
            self._older, self._newer = self._newer, _Era(self._alpha, time_ns, self._newer)
        for era in (self._older, self._newer):
            if era is not None:
                era.take(loss, era.weight(chance, floor), surprise)

    @property
    def estimate(self) -> RiskEstimate | None:
        """The risk now; None before any answer."""
        sequence = self._older.sequence
        if sequence.mean is None:
            return None
        lower, upper = sequence.interval
        return RiskEstimate(min(max(sequence.mean, lower), upper), lower, upper, sequence.n)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "older": self._older.state(),
            "newer": None if self._newer is None else self._newer.state(),
            "guess": self._guess,
            "block": [self._blocks, self._rows, self._sum],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._older = _Era.restore(state["older"])
        self._newer = None if state["newer"] is None else _Era.restore(state["newer"])
        self._guess = state["guess"]
        self._blocks, self._rows, self._sum = state["block"]


class _Era:
    """Answers since a time: the sequence, and what the guesses were worth in it."""

    def __init__(self, alpha: float, begin_ns: int | None, before: "_Era | None" = None) -> None:
        self.begin_ns = begin_ns
        self.sequence = BettingSequence(alpha=alpha)
        # Weighted: of 1, surprise, loss, surprise squared, surprise times loss.
        self._sums = np.zeros(5)
        self._guessed = 0
        # Answers by the least chance of their moment; those before this era fade.
        self.floors: Floats = np.zeros(_BINS) if before is None else before.floors / 2

    def weight(self, chance: float, floor: float) -> float:
        """Return what an answer weighs, in (0, 1]: as much as the predictions it speaks for."""
        self.floors[min(int(-2 * math.log2(floor)), _BINS - 1)] += 1
        seen = np.cumsum(self.floors[::-1])[::-1]
        low = int(np.flatnonzero(seen > _RARE * seen[0])[-1])
        return float(min(2.0 ** (-(low + 1) / 2) / chance, 1.0))

    def take(self, loss: float, weight: float, surprise: float | None) -> None:
        power = self._power()
        shift = power * surprise if surprise is not None else 0.0
        self.sequence.update(loss - shift, weight=weight, slack=power)
        if surprise is not None:
            self._guessed += 1
            terms = (1.0, surprise, loss, surprise * surprise, surprise * loss)
            self._sums += weight * np.array(terms)

    def _power(self) -> float:
        """The best share of the surprise to take off the loss, by the answers so far."""
        if self._guessed < _FEW:
            return 0.0
        total, surprise, loss, squares, products = self._sums.tolist()
        variance = squares / total - (surprise / total) ** 2
        if not variance > 0:
            return 0.0
        slope = (products / total - surprise * loss / total**2) / variance
        return float(min(max(slope, 0.0), 1.0)) if math.isfinite(slope) else 0.0

    def state(self) -> list[Any]:
        sums = [self._sums.copy(), self._guessed, self.floors.copy()]
        return [self.begin_ns, self.sequence.state(), *sums]

    @classmethod
    def restore(cls, state: list[Any]) -> "_Era":
        begin_ns, sequence, sums, guessed, floors = state
        era = cls(0.5, begin_ns)
        era.sequence = BettingSequence.restore(sequence)
        era._sums = np.array(sums, dtype=np.float64)
        era._guessed = guessed
        era.floors = np.array(floors, dtype=np.float64)
        return era
