"""Estimated performance without labels: from how often scores came true in the reference."""

import math
from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.intervals import AT_ONE_TIME, Estimate
from barograph_processor.quality.isotonic import isotonic
from barograph_processor.quality.score_groups import ScoreGroups
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram
from barograph_processor.stats.array import Floats

__all__ = ["Calibrator"]

_GROUPS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Calibrator:
    """How often predictions of a score came true in the reference.

    A line through the bins of scores that the reference held, which never falls: higher
    scores come true at least as often.

    What it gives is right as long as a score means what it meant (covariate shift): where the
    relation of inputs to outcomes changes it does not see it, and the gap to what labels say
    is how that shows.

    Attributes:
        score: Mean score of the bins that the reference held, rising, shape ``(K,)``.
        rate: How often scores there came true, never falling, shape ``(K,)``.
        groups: How surely that is known.
    """

    score: Floats
    rate: Floats
    groups: ScoreGroups

    @classmethod
    def learn(cls, reference: ScoreHistogram) -> "Calibrator | None":
        """Learn from the labelled rows of a reference; None with fewer than 50."""
        groups = ScoreGroups.learn(reference, groups=_GROUPS)
        if groups is None:
            return None
        total = reference.total
        held = np.flatnonzero(total > 0)
        mass = total[held]
        rate = isotonic(reference.positive[held] / mass, mass)
        return cls(reference.mean_score[held], rate, groups)

    def rates(self, counts: ScoreCounts) -> Floats:
        """Return how often predictions in each bin of scores should come true, shape ``(256,)``.

        By the mean score of the bin now. Beyond the reference's scores that is what it is at
        their end.
        """
        return np.asarray(np.interp(counts.mean_score, self.score, self.rate))

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
            NannyML's CBPE is the same row by row.
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
        known = self.groups
        by_group = np.bincount(known.group, net, minlength=len(known.variance))
        return float(by_group**2 @ known.variance)
