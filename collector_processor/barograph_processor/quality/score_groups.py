"""How often scores came true in groups that are large enough to say how surely."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.calibration import equal_mass
from barograph_processor.quality.score_histogram import ScoreCounts, ScoreHistogram
from barograph_processor.stats.array import Floats, Ints

__all__ = ["ScoreGroups"]

_MIN_ROWS = 50


@dataclass(frozen=True, slots=True, eq=False)
class ScoreGroups:
    """How often predictions of a score came true in a reference, by group of scores.

    Attributes:
        group: The group of each bin of scores, shape ``(256,)``.
        rate: How often predictions of a group came true, shape ``(G,)``.
        score: Mean score of a group, shape ``(G,)``.
        variance: Of the rate, shape ``(G,)``.
    """

    group: Ints
    rate: Floats
    score: Floats
    variance: Floats

    @classmethod
    def learn(cls, reference: ScoreHistogram, *, groups: int) -> "ScoreGroups | None":
        """Learn from the labelled rows of a reference.

        Args:
            reference: Labelled rows; with fewer than 50 there is None.
            groups: Most groups of scores, of about equal mass; each has 50 rows or more.
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
        """Return how often predictions in each bin of scores should come true, shape ``(256,)``.

        In each group that is the reference's rate, moved by as much as the scores now differ
        from those of the reference inside of the group.
        """
        moved = np.where(counts.total > 0, counts.mean_score - self.score[self.group], 0.0)
        return np.asarray(np.clip(self.rate[self.group] + moved, 0.0, 1.0))
