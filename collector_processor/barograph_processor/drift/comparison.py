"""Windows beside the reference: distances and shares of all streams at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from barograph_processor.drift.binning import CategoricalBinning, NumericBinning
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.pooled import Pooled
from barograph_processor.drift.score_bank import ScoreBank
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = ["Comparison", "Shares"]

_NEARLY_ALL = 0.97
_NONE = np.zeros(1)
_LEAST = np.finfo(np.float64).tiny


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Shares of a window's rows by stream, each in ``[0, 1]`` and of shape ``(S,)``.

    Attributes:
        missing: Missing or unparsable.
        unseen: Of levels that the reference did not have.
        out_of_range: Numbers beyond the reference's range.
    """

    missing: Floats
    unseen: Floats
    out_of_range: Floats

    @property
    def broken(self) -> Bools:
        """Which streams are unlike anything in the reference, shape ``(S,)``.

        That is where nearly all rows have no value, a name that the reference did not have, or
        a number beyond its range. Where the reference was like that too, there is no evidence.
        """
        return np.asarray(self.missing + self.unseen + self.out_of_range >= _NEARLY_ALL)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Compares counts with those of the reference.

    A call for each stream would cost many times its work: so the slots of all streams of a
    kind stand one after another.

    State: about 60 bytes a slot. Never changes.
    """

    _layout: Layout
    _bank: ScoreBank
    _numbers: "_Numbers"
    _names: "_Names"
    _shares: Ints
    _pairs: Ints

    @classmethod
    def build(cls, layout: Layout, total: WindowCounts, bank: ScoreBank) -> Self:
        """Prepare what the reference's counts say."""
        slots = total.slots.astype(np.float64)
        return cls(
            layout,
            bank,
            _Numbers.build(layout, slots),
            _Names.build(layout, slots),
            _told(layout),
            np.flatnonzero(~np.eye(len(bank.reference), dtype=np.bool_)),
        )

    def distances(self, pooled: Pooled, correlations: Floats) -> Floats:
        """Return the effect size of each stream, shape ``(S,)``; NaN where there is none.

        The last one is of the inputs together, if the bank watches them.

        Args:
            pooled: Counts of windows.
            correlations: What the bank says of them.
        """
        found = np.full(len(self._bank.keys), np.nan)
        if len(self._numbers.own.streams):
            found[self._numbers.own.streams] = self._numbers.distances(pooled)
        if len(self._names.own.streams):
            found[self._names.own.streams] = self._names.distances(pooled.slots)
        if len(self._layout.correlated) and pooled.rows:
            change = (correlations - self._bank.reference).ravel()[self._pairs]
            found[-1] = np.sqrt((change**2).mean())
        return found

    def shares(self, pooled: Pooled) -> Shares:
        """Return what cannot be told by values; 0 without rows, and for the inputs together."""
        held = np.concatenate([pooled.slots, _NONE])[self._shares] / (pooled.rows or 1.0)
        return Shares(*(held[0] + held[1]))


def _told(layout: Layout) -> Ints:
    """Return two slots of each share of each stream, shape ``(2, 3, S)``; ``B`` is none."""
    none = layout.slots
    together = len(layout.correlated) > 0
    found = np.full((2, 3, len(layout.keys) + together), none)
    offsets = layout.offsets[:-1].tolist()
    for s, (binning, first) in enumerate(zip(layout.binnings, offsets, strict=True)):
        found[0, 0, s] = first + binning.missing_slot
        if isinstance(binning, CategoricalBinning):
            found[0, 1, s] = first + binning.new_slot
            continue
        found[1, 0, s] = first + binning.missing_slot + 1
        if len(binning.cuts):
            found[:, 2, s] = first, first + binning.value_slots - 1
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Slots:
    """The first slots of some streams, ``N`` in all, those of each one after another.

    Attributes:
        streams: Which streams these are, shape ``(D,)``.
        chosen: Where they stand among all slots, shape ``(N,)``.
        owner: The stream of each, counted among these, shape ``(N,)``.
        sizes: How many each stream has, shape ``(D,)``.
        starts: The first of each stream, shape ``(D,)``.
        ends: The last of each.
    """

    streams: Ints
    chosen: Ints
    owner: Ints
    sizes: Ints
    starts: Ints
    ends: Ints

    @classmethod
    def of(cls, layout: Layout, streams: Ints, sizes: Sequence[int]) -> Self:
        each = np.array(sizes, dtype=np.int64)
        stops = np.cumsum(each)
        starts = stops - each
        owner = np.repeat(np.arange(len(each)), each)
        chosen = np.arange(len(owner)) + (layout.offsets[streams] - starts)[owner]
        return cls(streams, chosen, owner, each, starts, stops - 1)

    def below(self, held: Floats) -> tuple[Floats, Floats]:
        """Return the share of each stream's rows up to each slot, and the rows of each stream."""
        sums = np.cumsum(held)
        upto = sums[self.ends]
        n = upto.copy()
        n[1:] -= upto[:-1]
        return (sums - (upto - n)[self.owner]) / self._whole(n), n

    def shares(self, held: Floats) -> tuple[Floats, Floats]:
        """Return the share of each stream's rows in each slot, and the rows of each stream."""
        n = np.add.reduceat(held, self.starts) if len(self.starts) else np.empty(0)
        return held / self._whole(n), n

    def _whole(self, n: Floats) -> Floats:
        return np.where(n > 0, n, 1.0)[self.owner]


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """The value slots of ``D`` numeric streams, ``N`` in all: Wasserstein distances.

    Attributes:
        own: Which slots these are.
        inner: What a value in each slot is about, 0 in the ends of a stream, shape ``(N,)``.
        first: The same of the first slot of each stream, shape ``(D,)``.
        last: Of the last one.
        several: Which streams have several slots.
        widths: How far each centre is from the next one of its stream, 0 at the end.
        scale: Standard deviation of each stream, shape ``(D,)``.
        mean: The mean of each.
        before: Share of the reference's values in each slot and those before, shape ``(N,)``.
        known: Which streams have values in the reference, shape ``(D,)``.
    """

    own: _Slots
    inner: Floats
    first: Floats
    last: Floats
    several: Bools
    widths: Floats
    scale: Floats
    mean: Floats
    before: Floats
    known: Bools

    @classmethod
    def build(cls, layout: Layout, total: Floats) -> Self:
        numeric = [b for b in layout.binnings if isinstance(b, NumericBinning)]
        own = _Slots.of(layout, layout.numeric, [b.value_slots for b in numeric])
        before, held = own.below(total[own.chosen])
        centres = np.concatenate([np.empty(0), *(b.centres for b in numeric)])
        # Numbers of a reference may be as large as floats can be.
        with np.errstate(over="ignore", invalid="ignore"):
            widths = np.append(centres[1:] - centres[:-1], 0.0)[: len(centres)]
        widths[own.ends] = 0.0
        first, last, inner = centres[own.starts], centres[own.ends], centres
        inner[own.starts] = inner[own.ends] = 0.0
        return cls(
            own,
            inner,
            first,
            last,
            own.sizes > 1,
            widths,
            np.array([b.scale for b in numeric]),
            np.array([b.mean for b in numeric]),
            before,
            held > 0,
        )

    def distances(self, pooled: Pooled) -> Floats:
        """Return the distances in reference standard deviations, shape ``(D,)``; or NaN."""
        held = pooled.slots[self.own.chosen]
        below, n = self.own.below(held)
        with np.errstate(over="ignore", invalid="ignore"):
            parts = np.abs(below - self.before) * self._widths(held, n, pooled.sums[:, 0])
            distance = np.add.reduceat(parts, self.own.starts) / self.scale
        return np.where((n > 0) & self.known, distance, np.nan)

    def _widths(self, held: Floats, n: Floats, z_sum: Floats) -> Floats:
        """Return the widths, with the centre of values beyond the range where the mean says."""
        first, last, starts, ends = self.first, self.last, self.own.starts, self.own.ends
        low, high = held[starts], held[ends]
        beyond = (low + high > 0) & self.several
        if not beyond.any():
            return self.widths
        widths = self.widths.copy()
        within = np.add.reduceat(held * self.inner, starts)
        excess = z_sum * self.scale + n * self.mean - within
        up, down = beyond & (high >= low), beyond & (high < low)
        top = np.maximum(last, (excess - low * first) / np.where(up, high, 1.0))
        bottom = np.minimum(first, (excess - high * last) / np.where(down, low, 1.0))
        widths[ends[up] - 1] += (top - last)[up]
        widths[starts[down]] += (first - bottom)[down]
        return widths


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    """The slots of ``D`` categorical streams but the missing ones: Jensen-Shannon distances.

    Attributes:
        own: Which slots these are.
        before: Share of the reference's values in each slot, shape ``(N,)``.
        known: Which streams have values in the reference, shape ``(D,)``.
    """

    own: _Slots
    before: Floats
    known: Bools

    @classmethod
    def build(cls, layout: Layout, total: Floats) -> Self:
        named = [s for s, b in enumerate(layout.binnings) if isinstance(b, CategoricalBinning)]
        sizes = [layout.binnings[s].missing_slot for s in named]
        own = _Slots.of(layout, np.array(named, dtype=np.int64), sizes)
        before, held = own.shares(total[own.chosen])
        return cls(own, before, held > 0)

    def distances(self, slots: Floats) -> Floats:
        """Return the distances in ``[0, 1]``, shape ``(D,)``; or NaN."""
        p, n = self.own.shares(slots[self.own.chosen])
        both = np.array([p, self.before])
        middle = np.maximum((p + self.before) / 2, _LEAST)
        # Of p log2(p / middle), which is 0 where p is.
        parts = both * np.log2(np.where(both > 0, both, middle) / middle)
        divergence = np.add.reduceat(parts[0] + parts[1], self.own.starts) / 2
        return np.where((n > 0) & self.known, np.sqrt(np.maximum(divergence, 0.0)), np.nan)
