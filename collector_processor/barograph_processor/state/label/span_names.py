"""Which names of child spans are told apart: those that occur again and again."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["SpanNames"]

_PLACES: Final = 16
_ENOUGH: Final = 20
_CANDIDATES: Final = 256
_FORGOTTEN: Final = 50_000


class SpanNames:
    """Gives a name a number when it is seen for the 20th time, as long as there are places.

    Names with an id in them occur once each and get no place. Of names that have none yet
    the frequent ones are found by Misra and Gries' counters: one that is more than a 257th
    of the sightings is not overlooked. When all places are taken, a name that was not seen
    among the last 50,000 sightings makes room; its number does not come again.

    State size: 16 names and 256 counters. Not locked; its owner is.

    References:
        Misra, Gries (1982), Finding repeated elements. Sci. Comput. Program. 2(2).
    """

    def __init__(self) -> None:
        self._kept: dict[str, list[int]] = {}
        self._candidates: dict[str, int] = {}
        self._seen = 0
        self._given = 0

    @property
    def numbers(self) -> Mapping[str, int]:
        """The number of each name that has a place."""
        return {name: number for name, (number, _) in self._kept.items()}

    def see(self, names: Sequence[str]) -> list[int]:
        """Take sightings, in order, and return the number of each; -1 if it has none."""
        found = []
        for name in names:
            self._seen += 1
            known = self._kept.get(name)
            if known is None and self._qualifies(name):
                known = self._admit(name)
            if known is None:
                found.append(-1)
            else:
                known[1] = self._seen
                found.append(known[0])
        return found

    def _qualifies(self, name: str) -> bool:
        """Count a name without a place; return whether it was seen often enough."""
        counts = self._candidates
        if name not in counts and len(counts) >= _CANDIDATES:
            self._candidates = {known: n - 1 for known, n in counts.items() if n > 1}
            return False
        counts[name] = counts.get(name, 0) + 1
        if counts[name] < _ENOUGH:
            return False
        del counts[name]
        return True

    def _admit(self, name: str) -> list[int] | None:
        """Give a name a place if there is one."""
        if len(self._kept) >= _PLACES:
            oldest = min(self._kept, key=lambda known: self._kept[known][1])
            if self._seen - self._kept[oldest][1] <= _FORGOTTEN:
                return None
            del self._kept[oldest]
        self._kept[name] = [self._given, self._seen]
        self._given += 1
        return self._kept[name]

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        kept = [[name, *known] for name, known in self._kept.items()]
        return [kept, [list(pair) for pair in self._candidates.items()], self._seen, self._given]

    def load(self, state: list[Any]) -> None:
        """Undo ``state``."""
        kept, candidates, self._seen, self._given = state
        self._kept = {name: [number, last] for name, number, last in kept}
        self._candidates = dict(candidates)
