"""The reference: how each column is binned, and what its windows looked like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.binning import (
    CategoricalBinning,
    NumericBinning,
    binning_from_json,
)
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.reference import fresh_rows, merged_windows
from barograph_processor.drift.score_bank import ScoreBank
from barograph_processor.drift.stream import StreamKey
from barograph_processor.drift.trend import TrendState
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import Column, NumericColumn

__all__ = ["MIN_ROWS", "ReferenceProfile"]

MIN_ROWS = 100
"""Windows with fewer rows are merged into the next one."""
_SCHEMA = 1
_CHUNK = 16384


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceProfile:
    """What was normal: learnt once from reference rows, then never changed.

    Attributes:
        layout: The streams, their binnings and where their counts stand.
        total: Counts of all reference rows.
        rows: Rows of each reference window, shape ``(T,)``; small ones are merged.
        log_rows: Log rows of the windows that each was merged from, mean over its rows: how
            much traffic there was, whatever was merged. Shape ``(T,)``.
        time: Mean time of each, epoch seconds, shape ``(T,)``.
        scores: Mean scores of each, shape ``(T, J)``; NaN if there is no row at all.
        fresh: Shape ``(S,)``: reference rows of a categorical stream whose level occurs in
            one window only.
        trend: State of the trend scores at the end of the reference; not to be changed.
    """

    layout: Layout
    total: WindowCounts
    rows: Floats
    log_rows: Floats
    time: Floats
    scores: Floats
    fresh: Floats
    trend: TrendState
    bank: ScoreBank = field(init=False)

    def __post_init__(self) -> None:
        harmonic = float(len(self.rows) / (1 / self.rows).sum()) if len(self.rows) else 1.0
        bank = ScoreBank.build(self.layout, self.total, self.fresh, harmonic)
        object.__setattr__(self, "bank", bank)

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
            ValueError: Lengths differ, there is no row, or a limit is below 1.
        """
        n = len(window)
        if n == 0:
            raise ValueError("a reference needs at least one row")
        if len(time) != n or any(len(column) != n for column in columns.values()):
            raise ValueError("columns, window and time must have the same length")
        if max_levels < 1 or bins < 1:
            raise ValueError(f"max_levels and bins must be positive, got {max_levels}, {bins}")
        binnings = tuple(
            NumericBinning.learn(column.values, bins)
            if isinstance(column, NumericColumn)
            else CategoricalBinning.learn(column, max_levels)
            for column in columns.values()
        )
        layout = Layout(tuple(columns), binnings)
        group = merged_windows(np.asarray(window), MIN_ROWS)
        order = np.argsort(group, kind="stable")
        rows = np.bincount(group).astype(np.float64)
        bounds = np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)
        held = np.unique(window, return_inverse=True, return_counts=True)
        log_rows = np.bincount(group, np.log(held[2])[held[1]]) / rows
        clean = np.where(np.isfinite(time), time, 0.0)
        mean_time = np.bincount(group, clean) / rows
        counted = Counter(layout, _plain_rank_scores(layout, columns))
        parts = [
            counted({key: column.take(order[a:b]) for key, column in columns.items()})
            for a, b in pairwise(bounds)
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total.merge(part)
        fresh_by_window = [fresh_rows(column, group, len(rows)) for column in columns.values()]
        fresh = np.array([held.sum() for held in fresh_by_window], dtype=np.float64)
        harmonic = float(len(rows) / (1 / rows).sum())
        bank = ScoreBank.build(layout, total, fresh, harmonic)
        trend, learn = bank.trends.start(), np.ones(len(bank.trends.streams), dtype=np.bool_)
        steps = [bank.trends.step(trend, part.slots, part.rows, learn) for part in parts]
        scores = np.array(
            [bank.means(part, step, inside=True) for part, step in zip(parts, steps, strict=True)]
        )
        bank.replace_new(scores, np.array(fresh_by_window), rows)
        return cls(layout, total, rows, log_rows, mean_time, scores, fresh, trend)

    def count(self, columns: Mapping[StreamKey, Column]) -> WindowCounts:
        """Count the rows of a batch; a stream without a column counts as missing.

        Costs about 0.1 us a value for batches of 1,000 rows, and 0.1 ms for a single row.

        Raises:
            ValueError: The columns differ in length.
        """
        return Counter(self.layout, self.bank.rank_scores)(columns)

    def empty(self) -> WindowCounts:
        """Return the counts of no row."""
        return self.count({})

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, with a schema version."""
        total = self.total
        return {
            "schema": _SCHEMA,
            "streams": [
                {"signal": key.signal, "feature": key.feature, "binning": binning.to_json()}
                for key, binning in zip(self.layout.keys, self.layout.binnings, strict=True)
            ],
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
            "trend": [
                self.trend.pool.tolist(),
                self.trend.rows.tolist(),
                self.trend.direction.tolist(),
            ],
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
        streams, total, windows = data["streams"], data["total"], data["windows"]
        layout = Layout(
            tuple(StreamKey(s["signal"], s["feature"]) for s in streams),
            tuple(binning_from_json(s["binning"]) for s in streams),
        )
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
            np.array(windows["scores"], dtype=np.float64).reshape(len(rows), -1),
            np.array(data["fresh"], dtype=np.float64),
            TrendState(*(np.array(part, dtype=np.float64) for part in data["trend"])),
        )


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


def _plain_rank_scores(layout: Layout, columns: Mapping[StreamKey, Column]) -> Floats:
    """Return the rank scores that the reference's own counts define."""
    bare = Counter(layout, np.zeros(layout.slots))(columns)
    return layout.rank_scores(bare.slots)
