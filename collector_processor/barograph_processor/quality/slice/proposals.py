"""Slices that nobody registered: found in the inputs, then watched like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from barograph_processor.quality.slice.layout import SliceCodes, SliceKey
from barograph_processor.quality.slice.sample import Coded, SliceSample
from barograph_processor.quality.slice.searched_inputs import SearchedInputs
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["Place", "SliceProposals", "akin"]

_PLACES: Final = 8
_RECENT: Final = 10
_WORTH: Final = 2.5
_BETTER: Final = 1.0
_ALIKE: Final = 0.5


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

    def held(self, place: int) -> Place | None:
        """Return who has a place."""
        return self._places[place]

    def coded(self, place: int) -> Coded:
        """Return the slice in a place; nothing where it is free."""
        held = self._places[place]
        return () if held is None else held.key

    def known(self, place: int) -> tuple[int, float, float]:
        """Return labels, losses and dispersion of a place's slice in the reference."""
        key = self.coded(place)
        return self.searched.known(key) if key else (0, 0.0, 1.0)

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
        self, sample: SliceSample, harmed: Sequence[Coded], kept: Bools, *, window: int
    ) -> tuple[list[int], list[int]]:
        """Search after a window; return the places that changed.

        Args:
            sample: The latest labels.
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
        inside = {
            place: rows & sample.inside(held.key)
            for place, held in enumerate(self._places)
            if held is not None and held.key not in harmed
        }
        looks = {place: self._look(place, mask, rows, sample) for place, mask in inside.items()}
        turned = {place for place, look in looks.items() if look < 1 and not kept[place]}
        cut: set[int] = set()
        for place in turned:
            self._places[place] = None
            del inside[place], looks[place]
        by_name = {name: sample.codes(name)[rows] for name in self.searched.names}
        codes = self.searched.matrix(by_name, int(rows.sum()))
        for each in self.searched.search.find(codes, sample.losses[rows]):
            if each.score < _WORTH:
                break
            mask = rows & sample.inside(each.key)
            like = [p for p, other in inside.items() if _alike(mask, other)]
            room = self._room(each.score, like, looks, kept)
            if room is None:
                continue
            known = self.searched.search.known(each.key)
            since, came = _began(sample, mask, known, window), window + 1
            held = self._places[room]
            if held is None or not like:
                turned.add(room)
            else:
                since, came = min(since, held.since), held.came
                cut.add(room)
            self._places[room] = Place(each.key, since, came)
            looks[room], inside[room] = each.score, mask
        return sorted(turned), sorted(cut - turned)

    def _look(self, place: int, inside: Bools, rows: Bools, sample: SliceSample) -> float:
        """Return how bad the slice in a place looks now."""
        labels = np.array([inside.sum(), rows.sum()], dtype=np.float64)
        losses = np.array([sample.losses[inside].sum(), sample.losses[rows].sum()])
        return self.searched.search.score(self.coded(place), labels, losses)

    def _room(
        self, score: float, like: Sequence[int], looks: Mapping[int, float], kept: Bools
    ) -> int | None:
        """Return a place for a slice; None if there is none for it.

        That of one that it is largely, if it cuts that out better; else a free one, or that of
        what looks clearly better.
        """
        if like:
            worst = max(like, key=lambda place: looks[place])
            least = _BETTER if kept[worst] else _BETTER / 2
            return worst if score >= looks[worst] + least else None
        free = [place for place, held in enumerate(self._places) if held is None]
        if free:
            return free[0]
        rivals = [place for place in looks if not kept[place]]
        if not rivals:
            return None
        best = min(rivals, key=lambda place: looks[place])
        return best if score >= looks[best] + _BETTER else None

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


def _began(sample: SliceSample, inside: Bools, known: tuple[int, float], window: int) -> int:
    """Return since which window a slice does worse: where the sum of its excess is greatest."""
    windows, losses = sample.window[inside], sample.losses[inside]
    before = known[1] / max(known[0], 1)
    middle = (before + losses.mean()) / 2
    first = int(windows.min(initial=window))
    excess = np.bincount(windows - first, losses - middle)
    return first + int(np.cumsum(excess[::-1])[::-1].argmax())


def _alike(one: Bools, other: Bools) -> bool:
    """Whether half of the labels of either are in the other as well."""
    return bool((one & other).sum() >= _ALIKE * min(one.sum(), other.sum()))
