"""The reference: how each column is binned, and what its windows looked like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.binning import (
    CategoricalBinning,
    NumericBinning,
)
from barograph_processor.drift.comparison import Comparison
from barograph_processor.drift.counter import Counter
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.reference import fresh_rows, merged_windows
from barograph_processor.drift.score_bank import ScoreBank
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import Column, NumericColumn

__all__ = ["MAX_WINDOWS", "MIN_ROWS", "ReferenceProfile"]

MIN_ROWS = 100
"""Windows with fewer rows are merged into the next one."""
MAX_WINDOWS = 384
"""Of so many windows of a reference (16 days of hours) it is kept what each looked like; the
rows of all are counted."""
_SCHEMA = 2


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceProfile:
    """What was normal: learnt once from reference rows, then never changed.

    Attributes:
        layout: The streams, their binnings and where their counts stand.
        total: Counts of all reference rows.
        rows: Rows of each of the last `MAX_WINDOWS` reference windows, shape ``(T,)``; small
            ones are merged.
        log_rows: Log rows of the windows that each was merged from, mean over its rows: how
            much traffic there was, whatever was merged. Shape ``(T,)``.
        time: Mean time of each, epoch seconds, shape ``(T,)``.
        scores: Mean scores of each, shape ``(T, J)``; NaN if there is no row at all. Half
            floats: they are off by a thousandth of what windows differ by.
        fresh: Shape ``(S,)``: reference rows of a categorical stream whose level occurs in
            one window only.
    """

    layout: Layout
    total: WindowCounts
    rows: Floats
    log_rows: Floats
    time: Floats
    scores: npt.NDArray[np.float16]
    fresh: Floats
    bank: ScoreBank = field(init=False)
    comparison: Comparison = field(init=False)
    _counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        bank = ScoreBank.build(self.layout, self.total, self.fresh, _harmonic(self.rows))
        object.__setattr__(self, "bank", bank)
        comparison = Comparison.build(self.layout, self.total, bank)
        object.__setattr__(self, "comparison", comparison)
        object.__setattr__(self, "_counter", Counter(self.layout, bank.rank_scores))

    @classmethod
    def learn(
        cls,
        columns: Mapping[StreamKey, Column],
        window: npt.NDArray[np.intp],
        time: Floats,
        *,
        max_levels: int = 100,
        bins: int = 20,
    ) -> "ReferenceProfile":
        """Learn a profile from reference rows.

        Args:
            columns: The values of each stream, all of ``n`` rows.
            window: The reference window of each row, shape ``(n,)``, counted in time order.
            time: Epoch seconds of each row, shape ``(n,)``.
            max_levels: Levels of a categorical column that are counted one by one.
            bins: Bins of a numeric column.

        Raises:
            ValueError: Lengths differ, there is no row or column, or a limit is below 1.
        """
        _check(columns, window, time, max_levels, bins)
        layout = Layout(
            tuple(columns),
            tuple(
                NumericBinning.learn(column.values, bins)
                if isinstance(column, NumericColumn)
                else CategoricalBinning.learn(column, max_levels)
                for column in columns.values()
            ),
        )
        group = merged_windows(np.asarray(window), MIN_ROWS)
        rows = np.bincount(group).astype(np.float64)
        held = np.unique(window, return_inverse=True, return_counts=True)
        log_rows = np.bincount(group, np.log(held[2])[held[1]]) / rows
        mean_time = np.bincount(group, np.where(np.isfinite(time), time, 0.0)) / rows
        parts = _by_window(layout, columns, group)
        total = reduce(WindowCounts.merge, parts)
        fresh = np.array([fresh_rows(column, group, len(rows)) for column in columns.values()])
        once, kept = fresh.sum(axis=1), slice(-MAX_WINDOWS, None)
        rows, log_rows, mean_time = rows[kept], log_rows[kept], mean_time[kept]
        bank = ScoreBank.build(layout, total, once, _harmonic(rows))
        scores = np.array(
            [bank.means(part, bank.correlations(part), inside=True) for part in parts[kept]]
        )
        bank.replace_new(scores, fresh[:, kept], rows)
        return cls(layout, total, rows, log_rows, mean_time, scores.astype(np.float16), once)

    def count(self, columns: Mapping[StreamKey, Column]) -> WindowCounts:
        """Count the rows of a batch; a stream without a column counts as missing.

        Costs about 0.02 us a value for batches of 1,000 rows, and 50 us for a single row.

        Args:
            columns: By stream, each of ``n`` rows.

        Raises:
            ValueError: The columns differ in length.
        """
        return self._counter(columns)

    def empty(self) -> WindowCounts:
        """Return the counts of no row."""
        return self.count({})

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, with a schema version."""
        total = self.total
        return {
            "schema": _SCHEMA,
            "streams": self.layout.to_json(),
            "total": {
                "rows": total.rows,
                "slots": total.slots.tolist(),
                "sums": total.sums.tolist(),
                "cross": total.cross.tolist(),
            },
            "windows": {
                "rows": self.rows.tolist(),
                "log_rows": self.log_rows.tolist(),
                "time": self.time.tolist(),
                "scores": self.scores.tolist(),
            },
            "fresh": self.fresh.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ReferenceProfile":
        """Return what `to_json` wrote.

        Raises:
            ValueError: The schema version is unknown, or a part is missing or of a wrong shape.
        """
        if data.get("schema") != _SCHEMA:
            raise ValueError(
                f"this release reads reference profiles of schema {_SCHEMA}, "
                f"not {data.get('schema')!r}"
            )
        try:
            return cls._from_parts(data)
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"the reference profile is damaged: {error!r}") from error

    @classmethod
    def _from_parts(cls, data: dict[str, Any]) -> "ReferenceProfile":
        layout, total, windows = Layout.from_json(data["streams"]), data["total"], data["windows"]
        d = len(layout.correlated)
        slots = np.array(total["slots"], dtype=np.int64)
        if len(slots) != layout.slots:
            raise ValueError("the reference profile is damaged: counts do not fit the binnings")
        rows = np.array(windows["rows"], dtype=np.float64)
        return cls(
            layout,
            WindowCounts(
                int(total["rows"]),
                slots,
                np.array(total["sums"], dtype=np.float64).reshape(len(layout.numeric), 2),
                np.array(total["cross"], dtype=np.float64).reshape(d, d),
                layout.fingerprint,
            ),
            rows,
            np.array(windows["log_rows"], dtype=np.float64),
            np.array(windows["time"], dtype=np.float64),
            np.array(windows["scores"], dtype=np.float16).reshape(len(rows), -1),
            np.array(data["fresh"], dtype=np.float64),
        )


def _harmonic(rows: Floats) -> float:
    return float(len(rows) / (1 / rows).sum())


def _check(
    columns: Mapping[StreamKey, Column],
    window: npt.NDArray[np.intp],
    time: Floats,
    max_levels: int,
    bins: int,
) -> None:
    n = len(window)
    if n == 0 or not columns:
        raise ValueError("a reference needs at least one row and one column")
    if len(time) != n or any(len(column) != n for column in columns.values()):
        raise ValueError("columns, window and time must have the same length")
    if max_levels < 1 or bins < 1:
        raise ValueError(f"max_levels and bins must be positive, got {max_levels}, {bins}")


def _by_window(
    layout: Layout, columns: Mapping[StreamKey, Column], group: Ints
) -> list[WindowCounts]:
    """Count each window with the rank scores that all of them together define."""
    everything = Counter(layout, np.zeros(layout.slots))(columns)
    counter = Counter(layout, layout.rank_scores(everything.slots))
    order = np.argsort(group, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(group))])
    return [
        counter({key: column.take(order[a:b]) for key, column in columns.items()})
        for a, b in pairwise(bounds.tolist())
    ]
