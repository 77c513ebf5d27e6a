"""How the inputs of a model fall into a few levels, so that a slice of them can be named."""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.slice.attribute import Attribute
from barograph_processor.stats.array import Floats
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["MISSING", "MOST_BINS", "InputBins"]

MISSING: Final = "missing"
"""The level of rows that have no value."""

MOST_BINS: Final = 12
"""Quantile bins of a number, and levels of a category that are told apart."""

_LEAST: Final = 100


class InputBins:
    """Quantile bins of numbers, in round figures, and the most frequent levels of categories.

    State size: 12 cuts or names an input. Never changes.

    Args:
        cuts: By input that is a number: rising, ``x <= cuts[0]`` is the first bin.
        levels: By input that is a category: the levels that are told apart.
    """

    def __init__(self, cuts: Mapping[str, Floats], levels: Mapping[str, tuple[str, ...]]) -> None:
        self._cuts = dict(cuts)
        self._index = {
            name: {level: code for code, level in enumerate(known)}
            for name, known in levels.items()
        }

    @classmethod
    def learn(cls, columns: Mapping[str, Column]) -> "InputBins":
        """Learn the levels of inputs from the labelled predictions of the reference.

        Left out are inputs that are constant, and categories of which no two levels were
        there 100 times, such as identifiers.

        Args:
            columns: By input, all of ``n`` rows.
        """
        cuts: dict[str, Floats] = {}
        levels: dict[str, tuple[str, ...]] = {}
        for name, column in columns.items():
            if isinstance(column, NumericColumn):
                own = _round_cuts(column.values[np.isfinite(column.values)])
                if len(own):
                    cuts[name] = own
                continue
            counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
            order = np.argsort(-counts, kind="stable")[:MOST_BINS]
            frequent = tuple(column.levels[c] for c in order.tolist() if counts[c] >= _LEAST)
            if len(frequent) > 1:
                levels[name] = frequent
        return cls(cuts, levels)

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs, numbers first."""
        return (*self._cuts, *self._index)

    def attributes(self) -> list[Attribute]:
        """Return what can be searched, one an input."""
        numbers = [Attribute(n, len(cuts) + 2, len(cuts) + 1) for n, cuts in self._cuts.items()]
        return numbers + [Attribute(n, len(index) + 1) for n, index in self._index.items()]

    def codes(self, inputs: Mapping[str, Column], n: int) -> dict[str, npt.NDArray[np.intp]]:
        """Return the level of each row by input; -1 for one that is not told apart.

        Args:
            inputs: By name, all of ``n`` rows. One that is of another kind than it was in the
                reference has no level.
            n: Rows.
        """
        none = np.full(n, -1, dtype=np.intp)
        found = dict.fromkeys(self.names, none)
        for name, cuts in self._cuts.items():
            column = inputs.get(name)
            if isinstance(column, NumericColumn):
                codes = np.searchsorted(cuts, column.values)
                found[name] = np.where(np.isnan(column.values), len(cuts) + 1, codes)
        for name, index in self._index.items():
            column = inputs.get(name)
            if isinstance(column, CategoricalColumn):
                table = [index.get(level, -1) for level in column.levels]
                found[name] = np.array([*table, len(index)], dtype=np.intp)[column.codes]
        return found

    def columns(self, inputs: Mapping[str, Column], n: int) -> dict[str, CategoricalColumn]:
        """Return the level of each row by input, by name; see ``codes``."""
        return {
            name: CategoricalColumn(codes.astype(np.int32), self.levels(name))
            for name, codes in self.codes(inputs, n).items()
        }

    def levels(self, name: str) -> tuple[str, ...]:
        """Name all levels of an input, in order of their codes."""
        cuts = self._cuts.get(name)
        size = len(self._index[name]) + 1 if cuts is None else len(cuts) + 2
        return tuple(self.title(name, code, code) for code in range(size))

    def title(self, name: str, first: int, last: int) -> str:
        """Name a level, or the range from one bin to another."""
        cuts = self._cuts.get(name)
        if cuts is None:
            return (*self._index[name], MISSING)[first]
        return MISSING if first > len(cuts) else _range_name(cuts, first, last)

    def state(self) -> dict[str, Any]:
        """Return plain types for ``restore``."""
        return {
            "cuts": [[name, cuts.tolist()] for name, cuts in self._cuts.items()],
            "levels": [[name, list(index)] for name, index in self._index.items()],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "InputBins":
        """Undo ``state``."""
        cuts = {name: np.array(own, dtype=np.float64) for name, own in state["cuts"]}
        return cls(cuts, {name: tuple(known) for name, known in state["levels"]})


def _round_cuts(values: Floats) -> Floats:
    """Return where bins of about equal mass end, in round figures; nothing for a constant."""
    if len(values) < MOST_BINS or values.min() == values.max():
        return np.empty(0)
    ranks = np.arange(1, MOST_BINS) / MOST_BINS
    cuts = np.unique(np.quantile(values, ranks, method="inverted_cdf"))
    floats = np.finfo(np.float64)
    with np.errstate(over="ignore"):
        width = float(np.clip(np.ptp(cuts), floats.tiny, floats.max))
    step = 10.0 ** math.floor(math.log10(width) - 1.5)
    if len(cuts) > 1 and 0 < step < math.inf:
        cuts = np.unique(np.rint(cuts / step) * step)
    return np.asarray(cuts[cuts < values.max()])


def _range_name(cuts: Floats, first: int, last: int) -> str:
    if first == 0:
        return f"up to {cuts[last]:.6g}"
    if last == len(cuts):
        return f"above {cuts[first - 1]:.6g}"
    return f"{cuts[first - 1]:.6g} to {cuts[last]:.6g}"
