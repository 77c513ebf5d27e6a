"""Which slice is watched in which place: those of the reference, new levels, proposals."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from barograph_processor.quality.slice.budget import slice_weights
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.layout import Coded, SliceCodes, SliceKey, SliceLayout
from barograph_processor.quality.slice.proposals import SliceProposals
from barograph_processor.quality.slice.spare import SpareSlots
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["SlicePlaces"]


class SlicePlaces:
    """Numbers what is watched: ``K`` slices of the layout, ``S`` spare slots, ``P`` proposals.

    State: none but that of its parts.

    Args:
        layout: The slices that the reference had.
        proposals: Of slices of inputs; None if there are none.
    """

    def __init__(self, layout: SliceLayout, proposals: SliceProposals | None) -> None:
        self.layout = layout
        self._known = frozenset(layout.slices)
        self.spare = SpareSlots(layout)
        self.proposals = proposals
        self.proposed = len(layout.slices) + self.spare.size
        """The place of the first proposal."""
        self.size = self.proposed + (0 if proposals is None else proposals.size)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that proposals are made of."""
        return () if self.proposals is None else self.proposals.searched.bins.names

    def weights(self) -> Floats:
        """Return the share of the budget of each place, shape ``(M,)``."""
        return slice_weights(self.layout, self.spare.size, self.size - self.proposed)

    def codes(
        self,
        columns: Mapping[str, CategoricalColumn],
        inputs: Mapping[str, Column],
        n: int,
        time_ns: Ints | None = None,
    ) -> SliceCodes:
        """Return the level of each row by dimension and by input.

        Args:
            columns: Levels by dimension, all of ``n`` rows.
            inputs: By name, all of ``n`` rows.
            n: Rows.
            time_ns: Event times, shape ``(n,)``: new levels take a slot. None: those that
                have none are passed over.
        """
        codes = self.layout.codes(columns, n)
        self.spare.fill(codes, columns, time_ns)
        if self.proposals is None:
            return codes
        return {**codes, **self.proposals.searched.bins.codes(inputs, n)}

    def count(self, codes: SliceCodes, losses: Floats) -> SliceCounts:
        """Count labels by place, from ``codes``."""
        known = self.layout.count_codes(codes, losses)
        parts = [self.spare.count(codes, losses)]
        parts += [] if self.proposals is None else [self.proposals.count(codes, losses)]
        return replace(
            known,
            labels=np.concatenate([known.labels, *(labels for labels, _ in parts)]),
            losses=np.concatenate([known.losses, *(sums for _, sums in parts)]),
        )

    def key(self, k: int) -> SliceKey:
        """Return the slice in a place; nothing where it is free."""
        known = self.layout.slices
        if k < len(known):
            return known[k]
        if k < self.proposed:
            return self.spare.keys[k - len(known)]
        return () if self.proposals is None else self.proposals.keys[k - self.proposed]

    def double(self, k: int) -> bool:
        """Whether a proposal is a slice of the layout, which tells of itself."""
        return k >= self.proposed and self.key(k) in self._known

    def coded(self, k: int) -> Coded:
        """Return the same by codes."""
        if self.proposals is not None and k >= self.proposed:
            return self.proposals.coded(k - self.proposed)
        coded = [(name, self.spare.code(name, level)) for name, level in self.key(k)]
        return tuple((name, code, code) for name, code in coded)

    def came_ns(self, k: int) -> int | None:
        """Return when a level that the reference did not hold came; None for all others."""
        slot = k - len(self.layout.slices)
        return self.spare.came_ns(slot) if 0 <= slot < self.spare.size else None
