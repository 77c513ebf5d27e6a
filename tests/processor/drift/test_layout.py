"""Where rows fall, of all streams at once."""

import numpy as np
import pytest

from barograph_processor.drift.binning import Binning, CategoricalBinning, NumericBinning
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

ODD = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, -1e308])


@pytest.mark.parametrize("rows", [0, 1, 7, 9000])
@pytest.mark.parametrize("bins", [1, 20, 400])
def test_rows_fall_where_each_binning_alone_puts_them(rows: int, bins: int) -> None:
    """Comparing all streams with all cuts finds what a search in each of them finds."""
    rng = np.random.default_rng([rows, bins])
    numbers = NumericBinning.learn(rng.normal(size=2000), bins)
    whole = NumericBinning.learn(rng.integers(0, 4, size=2000).astype(float), bins)
    nothing = NumericBinning.learn(np.full(5, np.nan), bins)
    names = CategoricalBinning.learn(CategoricalColumn(np.array([0, 1, 1]), ("a", "b")), 10)
    values = np.where(rng.random(rows) < 0.1, rng.choice(ODD, size=rows), rng.normal(size=rows))
    words = CategoricalColumn(rng.integers(-1, 3, size=rows).astype(np.int32), ("a", "c", "b"))
    streams: list[tuple[Binning, Column | None]] = [
        (numbers, NumericColumn(values)),
        (whole, NumericColumn(rng.integers(-1, 5, size=rows).astype(float))),
        (nothing, NumericColumn(values)),
        (names, words),
        (names, NumericColumn(values)),
        (names, None),
        (numbers, words),
        (numbers, None),
    ]
    keys = tuple(StreamKey("input.drift", f"f{at}") for at in range(len(streams)))
    layout = Layout(keys, tuple(binning for binning, _ in streams))
    cells = layout.cells([column for _, column in streams], rows)
    for at, (binning, column) in enumerate(streams):
        alone = np.full(rows, binning.missing_slot) if column is None else binning.index(column)
        assert (cells[at] - layout.offsets[at]).tolist() == alone.tolist()
