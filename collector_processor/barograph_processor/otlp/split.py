"""Places in groups: sorted once, and then every column is cut instead of searched."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.buffer import Places
from barograph_processor.otlp.parts import Part

__all__ = ["Split"]


@dataclass(frozen=True, slots=True)
class Split:
    """The order that puts the rows of a group together and keeps them in order inside.

    Attributes:
        order: The row at each place.
        place: The place of each row.
        bounds: The first place of each group, and behind them the end.
    """

    order: Places
    place: Places
    bounds: Places

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int64], groups: int) -> "Split":
        """Split rows by their groups' numbers; rows with -1 are in none."""
        if groups == 1 and not numbers.any():
            every = np.arange(len(numbers))
            return cls(every, every, np.array([0, len(numbers)]))
        order = np.argsort(numbers, kind="stable")
        place = np.empty(len(order), np.intp)
        place[order] = np.arange(len(order))
        return cls(order, place, np.searchsorted(numbers[order], np.arange(groups + 1)))

    @property
    def is_whole(self) -> bool:
        """Whether there is one group, of all rows."""
        bounds: list[int] = self.bounds.tolist()
        return bounds == [0, len(self.order)]

    def stretch(self, group: int) -> slice:
        """Return the places of a group."""
        return slice(int(self.bounds[group]), int(self.bounds[group + 1]))

    def size(self, group: int) -> int:
        """Return how many rows a group has."""
        return int(self.bounds[group + 1] - self.bounds[group])

    def cut(self, part: Part) -> Sequence[Part | None]:
        """Return what each group has of a part, None for nothing; rows count from its first."""
        if self.is_whole:
            return [part]
        bounds = self.bounds.tolist()
        if part.rows is None:
            # A row each, in order: sorted already, by the order that the groups have.
            part = part.taken(self.order, None)
            return [
                part.taken(slice(start, stop), None) if stop > start else None
                for start, stop in pairwise(bounds)
            ]
        places = self.place[part.rows]
        if (places[1:] < places[:-1]).any():
            order = np.argsort(places)
            places = places[order]
            part = part.taken(order, places)
        cuts = np.searchsorted(places, self.bounds).tolist()
        return [
            part.taken(slice(start, stop), places[start:stop] - first) if stop > start else None
            for (start, stop), first in zip(pairwise(cuts), bounds, strict=False)
        ]
