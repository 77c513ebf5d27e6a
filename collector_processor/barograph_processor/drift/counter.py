"""Counting batches of rows: every arriving value passes here once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from barograph_processor.drift.binning import NumericBinning
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import Column

__all__ = ["Counter"]

_CHUNK = 16384
_UNITS = np.array([2.0**16, 2.0**32])


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """Counts batches of rows by a layout.

    Attributes:
        layout: The streams.
        rank_scores: The rank score of each slot, shape ``(B,)``.
    """

    layout: Layout
    rank_scores: Floats
    _mean: Floats = field(init=False)
    _scale: Floats = field(init=False)

    def __post_init__(self) -> None:
        numeric = [b for b in self.layout.binnings if isinstance(b, NumericBinning)]
        for name in ("mean", "scale"):
            column = np.array([getattr(binning, name) for binning in numeric]).reshape(-1, 1)
            object.__setattr__(self, f"_{name}", column)

    def __call__(self, columns: Mapping[StreamKey, Column]) -> WindowCounts:
        """Return the counts of a batch.

        Args:
            columns: By stream, each of ``n`` rows.

        Raises:
            ValueError: The columns differ in length.
        """
        known = [columns.get(key) for key in self.layout.keys]
        lengths = set(map(len, columns.values()))
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
            n = min(_CHUNK, rows - start)
            numbers = layout.numbers(part, n)
            self._add(layout.cells(part, n, numbers), numbers, slots, sums, cross)
        return WindowCounts(rows, slots, sums, cross, layout.fingerprint)

    def _add(self, index: Ints, numbers: Floats, slots: Ints, sums: Floats, cross: Floats) -> None:
        layout = self.layout
        slots += np.bincount(index.ravel(), minlength=layout.slots)
        self._add_deviations(numbers, sums)
        if len(cross):
            u = self.rank_scores.take(index.take(layout.correlated, axis=0))
            # A product with its own transpose is symmetric to BLAS, which takes longer for that.
            cross += u @ u.T.copy()

    def _add_deviations(self, z: Floats, sums: Floats) -> None:
        """Add the sums of ``z`` and ``z * z`` of numeric streams, as in `WindowCounts`.

        To the nearest 2**-16: sums of that are exact, in any order and in any number of
        batches, as long as that of ``z * z`` stays below 2**21. All streams at once: a call
        for each would cost more than its work.

        Args:
            z: The values, NaN where there is none, shape ``(D, n)``; changed.
            sums: Shape ``(D, 2)``.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            z -= self._mean
            z /= self._scale
        finite = np.isfinite(z)
        if not finite.all():
            z[~finite] = 0.0
        np.clip(z, -1e9, 1e9, out=z)
        z *= _UNITS[0]
        np.rint(z, out=z)
        found = np.empty_like(sums)
        z.sum(axis=1, out=found[:, 0])
        np.einsum("sn,sn->s", z, z, out=found[:, 1])
        sums += found / _UNITS
