"""Counting batches of rows: every arriving value passes here once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from barograph_processor.drift.binning import NumericBinning
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import Column

__all__ = ["Counter"]

_CHUNK = 16384


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """Counts batches of rows by a layout, with the rank scores of each slot, shape ``(B,)``."""

    layout: Layout
    rank_scores: Floats

    def __call__(self, columns: Mapping[StreamKey, Column]) -> WindowCounts:
        """Return the counts of a batch.

        Raises:
            ValueError: The columns differ in length.
        """
        known = [columns.get(key) for key in self.layout.keys]
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of a batch differ in length: {sorted(lengths)}")
        rows = lengths.pop() if lengths else 0
        layout, d = self.layout, len(self.layout.correlated)
        slots = np.zeros(layout.slots, dtype=np.int64)
        sums = np.zeros((len(layout.numeric), 2))
        cross = np.zeros((d, d))
        for start in range(0, rows, _CHUNK):
            part = known
            if rows > _CHUNK:
                span = np.arange(start, min(start + _CHUNK, rows))
                part = [column.take(span) if column is not None else None for column in known]
            self._add(part, min(_CHUNK, rows - start), slots, sums, cross)
        return WindowCounts(rows, slots, sums, cross, layout.fingerprint)

    def _add(
        self, columns: list[Column | None], rows: int, slots: Ints, sums: Floats, cross: Floats
    ) -> None:
        layout = self.layout
        index = np.empty((len(columns), rows), dtype=np.int64)
        for s, (column, binning) in enumerate(zip(columns, layout.binnings, strict=True)):
            index[s] = binning.missing_slot if column is None else binning.index(column)
        index += layout.offsets[:-1, None]
        slots += np.bincount(index.ravel(), minlength=layout.slots)
        for at, s in enumerate(layout.numeric.tolist()):
            column, binning = columns[s], layout.binnings[s]
            if column is not None and isinstance(binning, NumericBinning):
                sums[at] += binning.deviations(column)
        if len(cross):
            u = self.rank_scores[index[layout.correlated]]
            cross += u @ u.T
