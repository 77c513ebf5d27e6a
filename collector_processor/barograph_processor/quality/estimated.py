"""Estimated performance without labels: from how often scores came true in the reference."""

import math
from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.calibration import equal_mass
from barograph_processor.quality.intervals import AT_ONE_TIME, Estimate
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram
from barograph_processor.stats.array import Floats, Ints

__all__ = ["Calibrator"]

_GROUPS = 50
_MIN_ROWS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Calibrator:
    """How often predictions of a score came true in the reference.

    In each group of scores the rate is the reference's, moved by as much as the scores now
    differ from those of the reference inside of the group.

    What it gives is right as long as a score means what it meant (covariate shift): where the
    relation of inputs to outcomes changes it does not see it, and the gap to what labels say
    is how that shows.

    Attributes:
        group: The group of each bin of scores, shape ``(128,)``.
        rate: How often predictions of a group came true, shape ``(G,)``.
        score: Mean score of a group, shape ``(G,)``.
        variance: Of the rate, shape ``(G,)``.
    """

    group: Ints
    rate: Floats
    score: Floats
    variance: Floats

    @classmethod
    def learn(cls, reference: ScoreHistogram, *, groups: int = _GROUPS) -> "Calibrator | None":
        """Learn from the labelled rows of a reference.

        Args:
            reference: Labelled rows; with fewer than 50 there is None.
            groups: Most groups of scores; each has 50 rows or more.
        """
        groups = min(groups, reference.n // _MIN_ROWS)
        if groups < 1:
            return None
        group = equal_mass(reference.total, groups)
        mass, true, score = (
            np.bincount(group, part)
            for part in (reference.total, reference.positive, reference.score)
        )
        whole = np.maximum(mass, 1e-300)
        rate = true / whole
        rows = np.maximum(mass * reference.rows_per_weight, 1.0)
        # Laplace's rule in the variance alone: a rate of 0 or 1 is not known exactly.
        careful = (rate * rows + 1) / (rows + 2)
        return cls(group, rate, score / whole, careful * (1 - careful) / rows)

    def rates(self, counts: ScoreCounts) -> Floats:
        """Return how often predictions in each bin of scores should come true, shape ``(128,)``."""
        held = counts.said.sum(axis=0)
        moved = np.where(held > 0, counts.score / np.maximum(held, 1e-300), 0.0)
        moved -= np.where(held > 0, self.score[self.group], 0.0)
        return np.asarray(np.clip(self.rate[self.group] + moved, 0.0, 1.0))

    def estimate(self, counts: ScoreCounts, *, binary: bool) -> dict[str, Estimate]:
        """Return what is to be expected of predictions with these scores.

        The interval of the accuracy, at one time, carries the sampling of the reference and
        that of the labels that would come, so that it is about what they would show.

        Args:
            counts: Scores of predictions.
            binary: Whether the score is that of the positive class. Else it is that of the
                class that was chosen, and the accuracy alone can be told.

        Returns:
            ``accuracy``; of a binary model also ``precision``, ``recall``, ``f1``, ``auc``
            without an interval, where they are defined. Empty without rows.

        References:
            NannyML's CBPE is the same with an isotonic calibrator, row by row.
        """
        no, yes = counts.said
        total = float(counts.said.sum())
        if not total > 0:
            return {}
        rate = self.rates(counts)
        right = yes * rate + no * (1 - rate)
        accuracy = float(right.sum()) / total
        spread = math.sqrt(self._doubt(yes - no) + accuracy * (1 - accuracy) * total**2 / counts.n)
        reach = AT_ONE_TIME.radius(counts.n) * spread / total
        found: dict[str, Estimate] = {
            "accuracy": (accuracy, max(accuracy - reach, 0.0), min(accuracy + reach, 1.0))
        }
        if not binary:
            return found
        tp, fp = float(yes @ rate), float(yes @ (1 - rate))
        fn = float(no @ rate)
        for name, part, whole in (
            ("precision", tp, tp + fp),
            ("recall", tp, tp + fn),
            ("f1", 2 * tp, 2 * tp + fp + fn),
        ):
            if whole > 0:
                found[name] = (part / whole, None, None)
        held = no + yes
        positive, negative = held * rate, held * (1 - rate)
        pairs = float(positive.sum()) * float(negative.sum())
        if pairs > 0:
            below = np.cumsum(negative) - negative / 2
            found["auc"] = (float(positive @ below) / pairs, None, None)
        return found

    def doubt(self, counts: ScoreCounts) -> float:
        """Return the standard error of the estimated accuracy that comes from the reference."""
        no, yes = counts.said
        return math.sqrt(self._doubt(yes - no)) / max(float(counts.said.sum()), 1e-300)

    def _doubt(self, net: Floats) -> float:
        """Return the variance of the sum of right answers that comes from the rates' own."""
        by_group = np.bincount(self.group, net, minlength=len(self.rate))
        return float(by_group**2 @ self.variance)
