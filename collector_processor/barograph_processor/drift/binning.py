"""How the values of one column fall into slots learnt from a reference."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["Binning", "CategoricalBinning", "NumericBinning", "binning_from_json"]

_CACHED_LEVELS = 8
_REMEMBERED_PER_LEVEL = 10


@dataclass(frozen=True, slots=True, eq=False)
class NumericBinning:
    """Slots for numbers: below the reference, its quantile bins, above it, missing, unparsable.

    Attributes:
        cuts: Shape ``(m,)``, strictly increasing. Slot ``i`` holds ``cuts[i-1] < x <= cuts[i]``;
            ``cuts[0]`` is just below the smallest and ``cuts[-1]`` is the largest finite
            reference value. Empty if the reference had no finite value.
        centres: Shape ``(m + 1,)``, what a value in each slot is about.
        mean: Of the finite reference values; 0 without any.
        scale: Their standard deviation; 1 where that is 0 or unknown.
    """

    cuts: Floats
    centres: Floats
    mean: float
    scale: float

    @classmethod
    def learn(cls, values: Floats, bins: int) -> "NumericBinning":
        """Learn at most ``bins`` bins of about equal mass; ties are never split.

        Args:
            values: Reference values, shape ``(n,)``. NaN and infinities are left out.
            bins: At least 1.
        """
        finite = np.sort(values[np.isfinite(values)])
        if not len(finite):
            return cls(np.empty(0), np.zeros(1), 0.0, 1.0)
        distinct = np.unique(finite)
        if len(distinct) > bins:
            at = np.arange(1, bins) * len(finite) // bins - 1
            distinct = np.unique(np.append(finite[at[at >= 0]], finite[-1]))
        cuts = np.concatenate([[np.nextafter(finite[0], -np.inf)], distinct])
        slot = np.searchsorted(cuts, finite, side="left")
        with np.errstate(over="ignore", invalid="ignore"):
            sums = np.bincount(slot, finite, minlength=len(cuts) + 1)
            held = np.bincount(slot, minlength=len(cuts) + 1)
            inner = sums[1:-1] / np.maximum(held[1:-1], 1)
            mean, scale = float(np.mean(finite)), float(np.std(finite))
        inner = np.where(np.isfinite(inner), inner, cuts[1:])
        centres = np.concatenate([[finite[0]], inner, [finite[-1]]])
        usable = np.isfinite(mean) and np.isfinite(scale)
        constant = scale <= 1e-12 * abs(mean)
        return cls(
            cuts,
            centres,
            mean if usable else float(np.median(finite)),
            scale if usable and scale > 0 and not constant else 1.0,
        )

    @property
    def slots(self) -> int:
        """How many slots there are."""
        return len(self.cuts) + 3

    @property
    def value_slots(self) -> int:
        """How many slots hold numbers; the missing slot follows, then the unparsable one."""
        return len(self.cuts) + 1

    @property
    def missing_slot(self) -> int:
        """The slot of missing values."""
        return len(self.cuts) + 1

    def index(self, column: Column) -> Ints:
        """Return the slot of every row, shape ``(n,)``. Names are unparsable."""
        if isinstance(column, CategoricalColumn):
            return np.where(column.codes < 0, self.missing_slot, self.missing_slot + 1)
        # NaN is behind every cut, and the slot of the missing is the one behind that.
        return self.cuts.searchsorted(column.values) + np.isnan(column.values)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "kind": "numeric",
            "cuts": self.cuts.tolist(),
            "centres": self.centres.tolist(),
            "mean": self.mean,
            "scale": self.scale,
        }


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalBinning:
    """Slots for names: each frequent level, ``__other__``, ``__new__``, ``__missing__``.

    Attributes:
        levels: The most frequent levels of the reference, most frequent first.
        others: Further levels of the reference that are remembered by name.
        open: Whether the reference had more levels than are remembered: then an
            unknown one cannot be told to be new, and counts as ``__other__``.
    """

    levels: tuple[str, ...]
    others: frozenset[str]
    open: bool
    _slot: dict[str, int] = field(default_factory=dict)
    _tables: OrderedDict[tuple[str, ...], Ints] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._slot.update(dict.fromkeys(self.others, len(self.levels)))
        self._slot.update({name: slot for slot, name in enumerate(self.levels)})

    @classmethod
    def learn(cls, column: CategoricalColumn, max_levels: int) -> "CategoricalBinning":
        """Learn the levels; beyond ``max_levels`` the less frequent ones share a slot."""
        seen = column.codes[column.codes >= 0]
        counts = np.bincount(seen, minlength=len(column.levels))
        used = np.flatnonzero(counts)
        names = [column.levels[code] for code in used.tolist()]
        order = sorted(zip((-counts[used]).tolist(), names, strict=True))
        ranked = [name for _, name in order]
        rest = ranked[max_levels:]
        kept = rest[: max_levels * _REMEMBERED_PER_LEVEL]
        return cls(tuple(ranked[:max_levels]), frozenset(kept), len(kept) < len(rest))

    @property
    def slots(self) -> int:
        """How many slots there are."""
        return len(self.levels) + 3

    @property
    def other_slot(self) -> int:
        """The slot of ``__other__``; ``__new__`` follows, then ``__missing__``."""
        return len(self.levels)

    @property
    def new_slot(self) -> int:
        """The slot of levels that the reference did not have."""
        return len(self.levels) + 1

    @property
    def missing_slot(self) -> int:
        """The slot of missing values."""
        return len(self.levels) + 2

    @property
    def names(self) -> tuple[str, ...]:
        """The name of every slot."""
        return (*self.levels, "__other__", "__new__", "__missing__")

    def index(self, column: Column) -> Ints:
        """Return the slot of every row, shape ``(n,)``. Numbers are compared by their text."""
        if isinstance(column, NumericColumn):
            column = _as_names(column)
        # The last entry serves the code -1.
        return self._table(column.levels).take(column.codes)

    def _table(self, levels: tuple[str, ...]) -> Ints:
        table = self._tables.get(levels)
        if table is None:
            unknown = self.other_slot if self.open else self.new_slot
            slots = [self._slot.get(name, unknown) for name in levels]
            table = np.array([*slots, self.missing_slot], dtype=np.int64)
            if len(levels) <= len(self.levels) + 1:
                self._tables[levels] = table
            if len(self._tables) > _CACHED_LEVELS:
                self._tables.popitem(last=False)
        return table

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "kind": "categorical",
            "levels": list(self.levels),
            "others": sorted(self.others),
            "open": self.open,
        }


Binning = NumericBinning | CategoricalBinning


def binning_from_json(data: dict[str, Any]) -> Binning:
    """Return what ``to_json`` wrote.

    Raises:
        ValueError: The kind is unknown.
    """
    if data["kind"] == "numeric":
        return NumericBinning(
            np.array(data["cuts"], dtype=np.float64),
            np.array(data["centres"], dtype=np.float64),
            float(data["mean"]),
            float(data["scale"]),
        )
    if data["kind"] == "categorical":
        return CategoricalBinning(
            tuple(data["levels"]), frozenset(data["others"]), bool(data["open"])
        )
    raise ValueError(f"a binning of unknown kind {data['kind']!r}")


def _as_names(column: NumericColumn) -> CategoricalColumn:
    """Write numbers as a person would have written them as categories: 3, not 3.0."""
    distinct, codes = np.unique(column.values, return_inverse=True)
    names = [f"{value:.0f}" if value.is_integer() else repr(value) for value in distinct.tolist()]
    codes[np.isnan(column.values)] = -1
    return CategoricalColumn(codes.astype(np.int32), tuple(names))
