"""What is searched for slices that nobody registered, and what was usual of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.attribute import Attribute
from barograph_processor.quality.slice.correlations import SliceCorrelations
from barograph_processor.quality.slice.input_bins import MOST_BINS, InputBins
from barograph_processor.quality.slice.layout import Coded, SliceKey, SliceLayout
from barograph_processor.quality.slice.pair_counts import LEVELS, PairCounts, pairs_of
from barograph_processor.quality.slice.search import SliceSearch
from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["KnownSlice", "SearchedInputs"]

_MOST_ATTRIBUTES: Final = 20
_DIMENSIONS: Final = 8
_AT_ONCE: Final = 4096
_MOST_BLOCKS: Final = 100
_CHOSEN: Final = 0.0027


@dataclass(frozen=True, slots=True)
class KnownSlice:
    """What the reference knew of a slice that is chosen among many.

    Some of these had luck in the reference: the bound of its risk is surer than of others.

    Attributes:
        labels: Of the slice.
        losses: Their sum.
        correlation: Of losses within a window; see ``SliceCorrelations``.
    """

    labels: int
    losses: float
    correlation: float

    @property
    def risk(self) -> float:
        """Share of its labels lost."""
        return self.losses / max(self.labels, 1)

    @property
    def bound(self) -> float:
        """The same at its upper bound, at three standard deviations."""
        n = float(self.labels)
        return wilson_interval(min(self.losses, n), n, alpha=_CHOSEN)[1]


class SearchedInputs:
    """Inputs with each other and with registered dimensions, 20 in all, as the reference had them.

    State size: 2 KB a pair of attributes, 250 KB for 15 and 430 KB for 20 of them. Never
    changes.

    Args:
        bins: How inputs fall into levels.
        dimensions: Registered ones that are searched with them, and their levels, 8 at most.
        reference: Labels and losses of the reference.
        correlations: How far losses of slices went together in its windows.
        blocks: How many of these there were, or of blocks of several.
    """

    def __init__(
        self,
        bins: InputBins,
        dimensions: Mapping[str, tuple[str, ...]],
        reference: PairCounts,
        correlations: SliceCorrelations,
        blocks: int,
    ) -> None:
        self.bins = bins
        self._blocks = blocks
        self._levels = dict(dimensions)
        self._attributes = _attributes(bins, dimensions)
        self._reference = reference
        self._correlations = correlations
        pairs = _pairs(bins, dimensions)
        self.search = SliceSearch(self._attributes, pairs, reference, correlations)

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
        pairs = _pairs(bins, dimensions)
        parts = np.array_split(np.arange(n), min(blocks, _MOST_BLOCKS))
        counts = [_counted(codes, losses, rows, pairs) for rows in parts]
        correlations = SliceCorrelations.learn(
            attributes, pairs, counts, windows=blocks / len(parts)
        )
        return cls(bins, dimensions, reduce(PairCounts.merge, counts), correlations, len(parts))

    @property
    def most(self) -> float:
        """What a bet on one window makes at most.

        A reference of so many blocks did not show what comes less often, such as a storm.
        """
        return self._blocks + 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that are searched, dimensions first."""
        return tuple(each.name for each in self._attributes)

    def matrix(self, codes: Mapping[str, npt.NDArray[Any]], n: int) -> npt.NDArray[np.uint8]:
        """Return the level of each attribute of ``n`` rows, shape ``(n, A)``, from their codes."""
        return _matrix(self._attributes, codes, n)

    def known(self, key: Coded) -> KnownSlice:
        """Return what the reference knew of a slice."""
        return KnownSlice(*self.search.known(key), self._correlations.of(key))

    def named(self, key: Coded) -> SliceKey:
        """Return a slice as people name it."""
        return tuple(
            (name, self._levels[name][first])
            if name in self._levels
            else (name, self.bins.title(name, first, last))
            for name, first, last in key
        )

    def levels(self, key: Coded) -> dict[str, frozenset[str]]:
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
            "correlations": self._correlations.to_text(),
            "blocks": self._blocks,
        }

    @classmethod
    def from_json(cls, learnt: Mapping[str, Any]) -> "SearchedInputs":
        """Undo ``to_json``.

        Raises:
            ValueError: It is damaged.
        """
        bins = InputBins.restore(learnt["bins"])
        dimensions = {name: tuple(known) for name, known in learnt["dimensions"]}
        correlations = SliceCorrelations.from_text(
            _attributes(bins, dimensions), _pairs(bins, dimensions), learnt["correlations"]
        )
        reference = PairCounts.from_text(learnt["reference"])
        return cls(bins, dimensions, reference, correlations, int(learnt["blocks"]))


def _attributes(bins: InputBins, dimensions: Mapping[str, Sequence[str]]) -> list[Attribute]:
    """Return what is searched, dimensions first."""
    found = [Attribute(name, len(known)) for name, known in dimensions.items()]
    return found + bins.attributes()[: _MOST_ATTRIBUTES - len(found)]


def _pairs(bins: InputBins, dimensions: Mapping[str, Sequence[str]]) -> Ints:
    """Return the pairs of attributes that are searched."""
    attributes = len(_attributes(bins, dimensions))
    return pairs_of(attributes, attributes - len(dimensions))


def _matrix(
    attributes: Sequence[Attribute], codes: Mapping[str, npt.NDArray[Any]], n: int
) -> npt.NDArray[np.uint8]:
    """Return the level of each attribute, shape ``(n, A)``; the last for one not told apart."""
    found = np.full((n, len(attributes)), LEVELS - 1, dtype=np.uint8)
    for place, each in enumerate(attributes):
        own = codes[each.name]
        np.copyto(found[:, place], own, where=(own >= 0) & (own < each.codes), casting="unsafe")
    return found


def _counted(codes: npt.NDArray[np.uint8], losses: Floats, rows: Ints, pairs: Ints) -> PairCounts:
    """Count some rows, a part after the other: all pairs of many rows at once are large."""
    parts = np.array_split(rows, len(rows) // _AT_ONCE + 1)
    return reduce(PairCounts.merge, (PairCounts.of(codes[at], losses[at], pairs) for at in parts))
