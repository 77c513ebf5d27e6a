"""How few things a model gives most of the time: of classes, of items that it ranks first."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["Concentration"]


@dataclass(frozen=True, slots=True)
class Concentration:
    """Three measures of how uneven counts are, each 0 where all are alike.

    Attributes:
        gini: Gini coefficient over all levels that are known, in ``[0, 1)``.
        top_share: Share of the most frequent level, in ``(0, 1]``.
        entropy: Entropy over that of even counts, in ``[0, 1]``: here 1 is even.
        collision: Probability that two different rows have the same level; unlike the
            others it does not hang on how many rows there are.
    """

    gini: float
    top_share: float
    entropy: float
    collision: float

    @classmethod
    def of(cls, counts: Floats) -> "Concentration | None":
        """Measure counts by level, those of levels that did not occur included.

        Args:
            counts: Shape ``(k,)``, not negative.

        Returns:
            The measures; None with fewer than two rows.

        Examples:
            >>> Concentration.of(np.array([5.0, 5.0, 5.0, 5.0]))
            Concentration(gini=0.0, top_share=0.25, entropy=1.0, collision=0.21052631578947367)
            >>> narrow = Concentration.of(np.array([20.0, 0.0, 0.0, 0.0]))
            >>> narrow.gini, narrow.top_share, narrow.entropy, narrow.collision
            (0.75, 1.0, 0.0, 1.0)
        """
        n, k = float(counts.sum()), len(counts)
        if n < 2:  # noqa: PLR2004 - one row is alike with nothing
            return None
        ordered = np.sort(counts)
        rank = np.arange(1, k + 1)
        gini = float((2 * rank - k - 1) @ ordered) / (k * n)
        shares = counts[counts > 0] / n
        entropy = -float(shares @ np.log(shares)) / np.log(k) if k > 1 else 0.0
        collision = float((counts * (counts - 1)).sum()) / (n * (n - 1))
        return cls(gini, float(ordered[-1]) / n, max(0.0, float(entropy)), collision)
