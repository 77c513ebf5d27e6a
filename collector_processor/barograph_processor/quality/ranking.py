"""Realized performance of rankings, from the places of the items that turned out wanted."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.quality.confusion import share_of
from barograph_processor.quality.intervals import Estimate, Intervals, estimate_gain
from barograph_processor.quality.weighted import WeightedMean
from barograph_processor.quality.weighted_means import WeightedMeans
from barograph_processor.stats.array import Floats

__all__ = ["HIT_AT", "RankingPerformance", "gain_of_places", "places_of"]

HIT_AT = 10
"""A hit is a wanted item among the first ten."""

_MOST_PLACES = 100
_FARTHEST = 1_000_000


def places_of(label: str | float) -> tuple[int, ...] | None:
    """Read the places, from 1, of the items of a ranking that turned out wanted.

    A number is the place of the only one, and 0 says that none of those shown was wanted;
    a text holds several, separated by commas.

    >>> places_of(3.0), places_of("1,4"), places_of(0)
    ((3,), (1, 4), ())

    Returns:
        In rising order, each once; None if it is no such label.
    """
    parts = label.split(",") if isinstance(label, str) else [label]
    if len(parts) > _MOST_PLACES:
        return None
    places = set()
    for part in parts:
        try:
            place = float(part)
        except ValueError:
            return None
        if not (place.is_integer() and 0 <= place <= _FARTHEST):
            return None
        places.add(int(place))
    return tuple(sorted(places - {0}))


def gain_of_places(places: tuple[int, ...]) -> float:
    """Return the normalized discounted cumulative gain, in ``[0, 1]``; 0 without a wanted item.

    >>> gain_of_places((1,)), round(gain_of_places((2,)), 4), gain_of_places(())
    (1.0, 0.6309, 0.0)

    References:
        Jarvelin and Kekalainen (2002), ACM TOIS 20(4), 422-446, with relevance 0 or 1.
    """
    if not places:
        return 0.0
    gain = float((1 / np.log2(1 + np.array(places))).sum())
    return gain / float((1 / np.log2(2 + np.arange(len(places)))).sum())


@dataclass(frozen=True, slots=True)
class RankingPerformance(WeightedMeans):
    """Sums over labelled rankings: a commutative group under `merge`.

    Attributes:
        gain: Normalized discounted cumulative gain.
        hit: Whether a wanted item was among the first ten.
        reciprocal: One over the place of the first wanted item, 0 without one.
    """

    gain: WeightedMean
    hit: WeightedMean
    reciprocal: WeightedMean

    @classmethod
    def of(cls, gain: Floats, first: Floats, weight: Floats | None = None) -> "RankingPerformance":
        """Sum up rankings.

        Args:
            gain: As `gain_of_places` returns, shape ``(n,)``.
            first: Place of the first wanted item, 0 without one, shape ``(n,)``.
            weight: Rankings that each stands for, shape ``(n,)``.
        """
        found = first > 0
        return cls(
            WeightedMean.of(gain, weight),
            WeightedMean.of((found & (first <= HIT_AT)).astype(np.float64), weight),
            WeightedMean.of(np.where(found, 1 / np.maximum(first, 1), 0.0), weight),
        )

    def estimates(self, intervals: Intervals) -> dict[str, Estimate]:
        """Return ndcg, hit_rate and mrr; nothing without rankings."""
        found: dict[str, Estimate] = {}
        for name, mean in (("ndcg", self.gain), ("mrr", self.reciprocal)):
            if mean.value is not None:
                found[name] = estimate_gain(mean.value, mean.variance, mean.effective, intervals)
        hit = self.hit
        share = share_of(hit.wx, hit.w - hit.wx, hit.wwx, hit.ww - hit.wwx, intervals)
        if share is not None:
            found["hit_rate"] = share
        return found
