"""Which of the slices that fail at once is named: the one that explains the others."""

from collections.abc import Iterator, Sequence

import numpy as np

from barograph_processor.quality.slice.evidence import SliceEvidence
from barograph_processor.quality.slice.layout import Coded, SliceKey
from barograph_processor.quality.slice.places import SlicePlaces
from barograph_processor.quality.slice.proposals import akin
from barograph_processor.quality.slice.recent import RecentCounts
from barograph_processor.quality.slice.sample import SliceSample

__all__ = ["SliceNaming"]


class SliceNaming:
    """Names one of the slices that explain each other, the one with the most evidence.

    A part of a failing slice is not told again, and neither is a whole that fails by one part
    alone, nor a slice of another dimension that holds the same predictions; how far they
    overlap, the last 8,192 labels say. Of proposals none is named that shares a level with a
    slice under an alarm.

    State: none; it works on that of others. Not locked: one writer.

    Args:
        places: What is watched.
        sample: The latest labels.
        evidence: Of each place; what is named is latched, what is explained starts anew.
        recent: Counts of each place.
    """

    def __init__(
        self,
        places: SlicePlaces,
        sample: SliceSample,
        evidence: SliceEvidence,
        recent: RecentCounts,
    ) -> None:
        self._places = places
        self._sample = sample
        self._evidence = evidence
        self._recent = recent

    @property
    def harmed(self) -> list[Coded]:
        """The slices under an alarm."""
        return [self._places.coded(k) for k in np.flatnonzero(self._evidence.harmed).tolist()]

    def name(self, crossed: Sequence[int]) -> Iterator[tuple[int, int, tuple[SliceKey, ...]]]:
        """Yield the places that are named, since when they do worse, and what is alike.

        Args:
            crossed: Places whose evidence is enough for an alarm, the surest first.
        """
        for k in filter(self._places.double, crossed):
            self._evidence.reset(k)
        places = {self._places.key(k): k for k in crossed if not self._places.double(k)}
        for key, k in places.items():
            if self._evidence.harmed[k]:
                continue
            since = self._began(k)
            if self._explained(k, since):
                # Its evidence is the other's; what is left when that is over counts anew.
                self._evidence.reset(k)
                continue
            same = [key, *self._alike(k, since)]
            # People know their own dimensions best.
            own = (o for o in same if o in places and o[0][0] not in self._places.layout.alone)
            named = next(own, key)
            if named != key:
                self._evidence.reset(k)
            self._evidence.latch(places[named])
            yield places[named], since, tuple(other for other in same if other != named)

    def _began(self, k: int) -> int:
        """Return since when a slice does worse; a proposal perhaps did before it was one."""
        place = k - self._places.proposed
        if self._places.proposals is None or place < 0:
            return self._evidence.began(k)
        return self._places.proposals.began(place, self._sample)

    def _explained(self, k: int, since: int) -> bool:
        """Whether slices that are under an alarm already account for this one."""
        recent = self._recent.of(k)
        key, by = self._places.coded(k), self.harmed
        if k >= self._places.proposed and any(akin(key, other) for other in by):
            return True
        return self._sample.explained(key, by, recent.tolerated / recent.labels, since=since)

    def _alike(self, k: int, since: int) -> list[SliceKey]:
        """Return the levels of other dimensions that hold the same predictions."""
        return [
            ((name, level),)
            for name, code in self._sample.alike(self._places.coded(k), since=since)
            if (level := self._places.spare.level(name, code)) is not None
        ]
