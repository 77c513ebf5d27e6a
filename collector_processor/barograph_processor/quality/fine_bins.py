"""Bins finer than those of drift, for errors that are largest at the ends."""

from collections.abc import Mapping

from barograph_processor.drift.binning import Binning, NumericBinning
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.column import Column, NumericColumn

__all__ = ["fine_bins"]

_BINS = 100
_ROWS_PER_BIN = 20


def fine_bins(layout: Layout, columns: Mapping[StreamKey, Column]) -> Layout:
    """Return the same columns with finer bins of numbers: up to 100, of 20 rows or more.

    Errors are often largest at the ends, where a bin of drift holds all beyond some number.

    Args:
        layout: Of drift.
        columns: Rows of the reference.
    """
    binnings: list[Binning] = []
    for key, binning in zip(layout.keys, layout.binnings, strict=True):
        column = columns[key]
        if isinstance(binning, NumericBinning) and isinstance(column, NumericColumn):
            bins = max(min(_BINS, len(column) // _ROWS_PER_BIN), 1)
            binnings.append(NumericBinning.learn(column.values, bins))
        else:
            binnings.append(binning)
    return Layout(layout.keys, tuple(binnings))
