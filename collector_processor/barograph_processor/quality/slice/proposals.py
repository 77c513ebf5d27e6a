"""Slices that nobody registered: found in the inputs, then watched like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from barograph_processor.quality.slice.hindsight import Hindsight
from barograph_processor.quality.slice.layout import Coded, SliceCodes, SliceKey
from barograph_processor.quality.slice.sample import SliceSample
from barograph_processor.quality.slice.searched_inputs import KnownSlice, SearchedInputs
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["Place", "SliceProposals", "akin"]

_PLACES: Final = 8
_RECENT: Final = 16
_COMES: Final = 3.0
_STAYS: Final = 1.0
_BETTER: Final = 2.0
_ALIKE: Final = 0.5
_NONE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Place:
    """Who has a place.

    Attributes:
        key: The slice.
        since: The window in which it probably began to do worse.
        came: The first window that it is watched in.
    """

    key: Coded
    since: int
    came: int


class SliceProposals:
    """Searches the latest labels for slices that look worse than they were beside the rest.

    How bad slices look is the evidence that they would have in hindsight, times their weight:
    there are few slices of one attribute and many of two, of which some look bad by chance.
    What looks worst gets one of 8 places, and is watched there from the next window on, on
    labels that did not speak for it. It keeps its place while it goes on looking worse, or has
    evidence, until something looks clearly worse.

    State size: 8 slices, beside what is searched. Not locked: one writer.

    Args:
        searched: What is searched.
    """

    size: Final = _PLACES

    def __init__(self, searched: SearchedInputs) -> None:
        self.searched = searched
        self._places: list[Place | None] = [None] * _PLACES

    @property
    def keys(self) -> tuple[SliceKey, ...]:
        """The slice in each place, as people name it; nothing where it is free."""
        return tuple(self.searched.named(held.key) if held else () for held in self._places)

    def coded(self, place: int) -> Coded:
        """Return the slice in a place; nothing where it is free."""
        held = self._places[place]
        return () if held is None else held.key

    def known(self, place: int) -> KnownSlice:
        """Return what the reference knew of a place's slice."""
        key = self.coded(place)
        return self.searched.known(key) if key else KnownSlice(0, 0.0, 0.0)

    def levels(self, key: SliceKey) -> dict[str, frozenset[str]]:
        """Return the single levels that a proposed slice holds, by name; empty if it is none."""
        for named, held in zip(self.keys, self._places, strict=True):
            if held is not None and named == key:
                return self.searched.levels(held.key)
        return {}

    def count(self, codes: SliceCodes, losses: Floats) -> tuple[Ints, Floats]:
        """Return labels and sums of losses by place, each of shape ``(8,)``."""
        labels, sums = np.zeros(_PLACES, dtype=np.int64), np.zeros(_PLACES)
        for place, held in enumerate(self._places):
            if held is not None:
                rows = np.ones(len(losses), dtype=np.bool_)
                for name, first, last in held.key:
                    rows &= (codes[name] >= first) & (codes[name] <= last)
                labels[place], sums[place] = rows.sum(), losses[rows].sum()
        return labels, sums

    def turn(
        self,
        sample: SliceSample,
        hindsight: Hindsight,
        harmed: Sequence[Coded],
        kept: Bools,
        *,
        window: int,
    ) -> tuple[list[int], list[int]]:
        """Search after a window; return the places that changed.

        Args:
            sample: The latest labels.
            hindsight: Bets on these.
            harmed: Slices under an alarm, whose labels are left out.
            kept: Places whose slice has an alarm or evidence, and stays, shape ``(8,)``.
            window: The number of the window.

        Returns:
            Places that were freed or have another slice, and places whose slice is largely the
            one they had, better cut out.
        """
        rows = sample.window > window - _RECENT
        for key in harmed:
            rows &= ~sample.inside(key)
        held = [
            place
            for place, each in enumerate(self._places)
            if each is not None and each.key not in harmed
        ]
        keys = [*(self.coded(place) for place in held), *self._found(sample, rows)]
        inside = [sample.inside(key)[rows] for key in keys]
        known = [self.searched.known(key) for key in keys]
        past = hindsight.evidence(known, inside, sample.losses[rows], sample.window[rows])
        looks = np.log(np.maximum(past.of_harm, _NONE))
        worth = looks + np.log([self.searched.search.weight(key) for key in keys])
        by_place = dict(zip(held, range(len(held)), strict=True))
        turned: set[int] = set()
        cut: set[int] = set()
        for place in held:
            if looks[by_place[place]] < _STAYS and not kept[place]:
                self._places[place] = None
                turned.add(place)
                del by_place[place]
        for at in sorted(range(len(held), len(keys)), key=lambda at: -worth[at]):
            if looks[at] < _COMES:
                continue
            like = [p for p, other in by_place.items() if _alike(inside[at], inside[other])]
            worths = {place: float(worth[other]) for place, other in by_place.items()}
            room = self._room(float(worth[at]), like, worths, kept)
            if room is None:
                continue
            since = _began(sample, rows & sample.inside(keys[at]), known[at].risk)
            came, before = window + 1, self._places[room]
            if before is None or not like:
                turned.add(room)
            else:
                since, came = min(since, before.since), before.came
                cut.add(room)
            self._places[room] = Place(keys[at], since, came)
            by_place[room] = at
        return sorted(turned), sorted(cut - turned)

    def _found(self, sample: SliceSample, rows: Bools) -> list[Coded]:
        """Return slices that look bad in some of the labels."""
        by_name = {name: sample.codes(name)[rows] for name in self.searched.names}
        codes = self.searched.matrix(by_name, int(rows.sum()))
        return self.searched.search.find(codes, sample.losses[rows], sample.window[rows])

    def _room(
        self, worth: float, like: Sequence[int], worths: Mapping[int, float], kept: Bools
    ) -> int | None:
        """Return a place for a slice; None if there is none for it.

        That of one that it is largely, if it cuts that out better; else a free one, or that of
        what looks clearly better.
        """
        if like:
            worst = max(like, key=lambda place: worths[place])
            least = _BETTER if kept[worst] else _BETTER / 2
            return worst if worth >= worths[worst] + least else None
        if None in self._places:
            return self._places.index(None)
        rivals = [place for place in worths if not kept[place]]
        if not rivals:
            return None
        best = min(rivals, key=lambda place: worths[place])
        return best if worth >= worths[best] + _BETTER else None

    def began(self, place: int, sample: SliceSample) -> int:
        """Return since which window the slice in a place does worse, by the latest labels.

        If it did over all of them, since when it did when it came to its place.
        """
        held = self._places[place]
        rows = sample.window > sample.window.max(initial=0) - _RECENT
        inside = rows & sample.inside(self.coded(place))
        if held is None or not inside.any():
            raise ValueError(f"no slice with labels in place {place}")
        since = _began(sample, inside, self.known(place).risk)
        return since if since > sample.window[rows][0] else min(since, held.since)

    def state(self) -> dict[str, Any]:
        """Return plain types for ``restore``."""
        return {
            "searched": self.searched.to_json(),
            "places": [
                None if held is None else [[list(part) for part in held.key], held.since, held.came]
                for held in self._places
            ],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "SliceProposals":
        """Undo ``state``."""
        proposals = cls(SearchedInputs.from_json(state["searched"]))
        proposals.load(state["places"])
        return proposals

    def load(self, places: Sequence[Any]) -> None:
        """Take who has which place."""
        self._places = [
            None if held is None else Place(tuple((n, a, b) for n, a, b in held[0]), *held[1:])
            for held in places
        ]


def akin(one: Coded, other: Coded) -> bool:
    """Whether two slices have a level in common.

    >>> akin((("age", 0, 3), ("device", 1, 1)), (("age", 3, 5),))
    True
    """
    return any(
        name == same and first <= until and since <= last
        for name, first, last in one
        for same, since, until in other
    )


def _began(sample: SliceSample, inside: Bools, usual: float) -> int:
    """Return since which window a slice does worse: where the sum of its excess is greatest."""
    windows, losses = sample.window[inside], sample.losses[inside]
    first = int(windows.min())
    excess = np.bincount(windows - first, losses - (usual + losses.mean()) / 2)
    return first + int(np.cumsum(excess[::-1])[::-1].argmax())


def _alike(one: Bools, other: Bools) -> bool:
    """Whether half of the labels of either are in the other as well."""
    return bool((one & other).sum() >= _ALIKE * min(one.sum(), other.sum()))
