"""What is searched for slices that nobody registered, and what was usual of it."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.input_bins import MOST_BINS, InputBins
from barograph_processor.quality.slice.layout import SliceKey, SliceLayout
from barograph_processor.quality.slice.pair_counts import LEVELS, PairCounts, pairs_of
from barograph_processor.quality.slice.rest import dispersion
from barograph_processor.quality.slice.search import Attribute, RangeKey, SliceSearch
from barograph_processor.stats.array import Floats
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["SearchedInputs"]

_MOST_ATTRIBUTES: Final = 20
_DIMENSIONS: Final = 8
_AT_ONCE: Final = 4096


class SearchedInputs:
    """Inputs with each other and with registered dimensions, 20 in all, as the reference had them.

    State size: 1.6 KB a pair of attributes, 190 KB for 15 and 330 KB for 20 of them. Never
    changes.

    Args:
        bins: How inputs fall into levels.
        dimensions: Registered ones that are searched with them, and their levels, 8 at most.
        reference: Labels and losses of the reference.
        swings: Dispersion of each level of each attribute, at least 1, shape ``(A, 14)``.
    """

    def __init__(
        self,
        bins: InputBins,
        dimensions: Mapping[str, tuple[str, ...]],
        reference: PairCounts,
        swings: Floats,
    ) -> None:
        self.bins = bins
        self._levels = dict(dimensions)
        self._attributes = _attributes(bins, dimensions)
        self._place = {each.name: place for place, each in enumerate(self._attributes)}
        self._reference = reference
        self._swings = swings
        searched = len(self._attributes) - len(dimensions)
        pairs = pairs_of(len(self._attributes), searched)
        self.search = SliceSearch(self._attributes, pairs, reference)

    @classmethod
    def learn(
        cls,
        layout: SliceLayout,
        columns: Mapping[str, CategoricalColumn],
        inputs: Mapping[str, Column],
        losses: Floats,
        *,
        blocks: int,
    ) -> "SearchedInputs | None":
        """Learn what is usual from labels of the reference; None if no input can be searched.

        Args:
            layout: The registered dimensions. An input of the same name is left out.
            columns: Levels by dimension, of ``n`` rows.
            inputs: By name, of the same rows.
            losses: Each in ``[0, 1]``, shape ``(n,)``.
            blocks: Into how many windows these fall.
        """
        n = len(losses)
        bins = InputBins.learn({name: c for name, c in inputs.items() if name not in layout.levels})
        if not bins.names:
            return None
        registered = [name for name in layout.levels if name not in layout.alone]
        dimensions = {name: layout.levels[name][:MOST_BINS] for name in registered[:_DIMENSIONS]}
        attributes = _attributes(bins, dimensions)
        by_name = {**layout.codes(columns, n), **bins.codes(inputs, n)}
        codes = _matrix(attributes, by_name, n)
        pairs = pairs_of(len(attributes), len(attributes) - len(dimensions))
        parts = [_alone(codes[at], losses[at]) for at in np.array_split(np.arange(n), blocks)]
        swings = _swings(len(attributes), parts)
        # A part after the other: all pairs of all rows at once are large.
        chunks = np.array_split(np.arange(n), n // _AT_ONCE + 1)
        counts = reduce(
            PairCounts.merge, (PairCounts.of(codes[at], losses[at], pairs) for at in chunks)
        )
        return cls(bins, dimensions, counts, swings)

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that are searched, dimensions first."""
        return tuple(self._place)

    def matrix(self, codes: Mapping[str, npt.NDArray[Any]], n: int) -> npt.NDArray[np.uint8]:
        """Return the level of each attribute of ``n`` rows, shape ``(n, A)``, from their codes."""
        return _matrix(self._attributes, codes, n)

    def known(self, key: RangeKey) -> tuple[int, float, float]:
        """Return labels, losses and dispersion of a slice in the reference."""
        swings = [self._swings[self._place[name], a : b + 1].max() for name, a, b in key]
        return (*self.search.known(key), float(max(swings)))

    def named(self, key: RangeKey) -> SliceKey:
        """Return a slice as people name it."""
        return tuple(
            (name, self._levels[name][first])
            if name in self._levels
            else (name, self.bins.title(name, first, last))
            for name, first, last in key
        )

    def levels(self, key: RangeKey) -> dict[str, frozenset[str]]:
        """Return the single levels that a slice holds, by name."""
        return {
            name: frozenset((self._levels.get(name) or self.bins.levels(name))[first : last + 1])
            for name, first, last in key
        }

    def to_json(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        return {
            "bins": self.bins.state(),
            "dimensions": [[name, list(known)] for name, known in self._levels.items()],
            "reference": self._reference.to_text(),
            "swings": self._swings.tolist(),
        }

    @classmethod
    def from_json(cls, learnt: Mapping[str, Any]) -> "SearchedInputs":
        """Undo ``to_json``.

        Raises:
            ValueError: It is damaged.
        """
        return cls(
            InputBins.restore(learnt["bins"]),
            {name: tuple(known) for name, known in learnt["dimensions"]},
            PairCounts.from_text(learnt["reference"]),
            np.array(learnt["swings"], dtype=np.float64).reshape(-1, LEVELS),
        )


def _attributes(bins: InputBins, dimensions: Mapping[str, Sequence[str]]) -> list[Attribute]:
    """Return what is searched, dimensions first."""
    found = [Attribute(name, len(known)) for name, known in dimensions.items()]
    return found + bins.attributes()[: _MOST_ATTRIBUTES - len(found)]


def _matrix(
    attributes: Sequence[Attribute], codes: Mapping[str, npt.NDArray[Any]], n: int
) -> npt.NDArray[np.uint8]:
    """Return the level of each attribute, shape ``(n, A)``; the last for one not told apart."""
    found = np.full((n, len(attributes)), LEVELS - 1, dtype=np.uint8)
    for place, each in enumerate(attributes):
        own = codes[each.name]
        np.copyto(found[:, place], own, where=(own >= 0) & (own < each.codes), casting="unsafe")
    return found


def _alone(codes: npt.NDArray[np.uint8], losses: Floats) -> SliceCounts:
    """Return labels and losses by level of each attribute, in one row."""
    size = codes.shape[1] * LEVELS
    at = (codes + np.arange(codes.shape[1]) * LEVELS).ravel()
    labels = np.bincount(at, minlength=size)
    sums = np.bincount(at, np.repeat(losses, codes.shape[1]), minlength=size)
    return SliceCounts(labels, np.asarray(sums, dtype=np.float64), len(losses), float(losses.sum()))


def _swings(attributes: int, blocks: Sequence[SliceCounts]) -> Floats:
    """Return the dispersion of each level, shape ``(A, 14)``.

    That of all together, and more where an attribute clearly has more.
    """
    levels = attributes * LEVELS
    every = dispersion(np.zeros(levels, dtype=np.int64), blocks)
    own = dispersion(np.repeat(np.arange(attributes), LEVELS), blocks)
    held = np.concatenate([(block.labels > 0).reshape(-1, LEVELS) for block in blocks], axis=1)
    luck = 1 + 2 * np.sqrt(2 / np.maximum(held.sum(axis=1), 1))
    return np.asarray(np.maximum(every, own / np.repeat(luck, LEVELS))).reshape(-1, LEVELS)
