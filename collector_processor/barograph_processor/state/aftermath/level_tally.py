"""What is counted of the levels of slice dimensions in a stretch of traffic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import TRACE_PREFIX, ObservationBatch
from barograph_processor.semconv import HOLDOUT
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["Level", "LevelTally", "Seen"]

Level = tuple[str, str]
"""Dimension and level."""

Seen = tuple[int, int, int]
"""Rows, and the event times of the first and the last of them, ns."""

_LEVELS: Final = 64
_MEASURES: Final = (f"{TRACE_PREFIX}span.", f"{TRACE_PREFIX}latency")
"""Dimensions whose levels say how it went, and not whose traffic it is."""


@dataclass(slots=True)
class LevelTally:
    """Rows by dimension and by level. Not locked; its owner is.

    Attributes:
        rows: Of all.
        among: Rows that have a level, by dimension.
        seen: By level, at most 64 of a dimension.
        full: Dimensions that had more, of which nothing is counted.
    """

    rows: int = 0
    among: dict[str, int] = field(default_factory=dict)
    seen: dict[Level, Seen] = field(default_factory=dict)
    full: set[str] = field(default_factory=set)

    def add(self, batch: ObservationBatch) -> None:
        """Count rows, in order of arrival."""
        self.rows += len(batch)
        found: list[tuple[int, Level, Seen]] = []
        for name, column in batch.slices.items():
            if name != HOLDOUT and not name.startswith(_MEASURES) and name not in self.full:
                rows = np.flatnonzero(column.codes >= 0)
                self.among[name] = self.among.get(name, 0) + len(rows)
                found += _levels(name, column, rows, batch.event_time[rows])
        # In order of the rows, so that it makes no difference how they came in batches.
        for _, level, seen in sorted(found):
            self._count(level, seen)

    def _count(self, level: Level, seen: Seen) -> None:
        name, _ = level
        known = self.seen.get(level)
        if name in self.full:
            return
        if known is not None:
            self.seen[level] = (
                known[0] + seen[0],
                min(known[1], seen[1]),
                max(known[2], seen[2]),
            )
        elif sum(other == name for other, _ in self.seen) < _LEVELS:
            self.seen[level] = seen
        else:
            self.full.add(name)
            del self.among[name]
            self.seen = {level: seen for level, seen in self.seen.items() if level[0] != name}

    def state(self) -> list[Any]:
        """Return plain values from which ``restore`` continues."""
        seen = [[*level, *counts] for level, counts in self.seen.items()]
        return [self.rows, dict(self.among), seen, sorted(self.full)]

    @classmethod
    def restore(cls, state: list[Any]) -> "LevelTally":
        """Undo ``state``."""
        rows, among, seen, full = state
        known: Mapping[Level, Seen] = {(a, b): (n, first, last) for a, b, n, first, last in seen}
        return cls(rows, dict(among), dict(known), set(full))


def _levels(
    name: str,
    column: CategoricalColumn,
    rows: npt.NDArray[np.intp],
    time_ns: npt.NDArray[np.int64],
) -> list[tuple[int, Level, Seen]]:
    """Return the levels of some rows: the first row of each, and what was seen of it."""
    if len(rows) == 0:
        return []
    if len(column.levels) == 1:
        # As most of a resource's are.
        seen = len(rows), int(time_ns.min()), int(time_ns.max())
        return [(int(rows[0]), (name, column.levels[0]), seen)]
    codes, size = column.codes[rows], len(column.levels)
    first = np.zeros(size, dtype=np.intp)
    # Of several writes to a place the last one stays: from the end on, that is the first row.
    first[codes[::-1]] = rows[::-1]
    begin = np.full(size, np.iinfo(np.int64).max)
    end = np.full(size, np.iinfo(np.int64).min)
    np.minimum.at(begin, codes, time_ns)
    np.maximum.at(end, codes, time_ns)
    counts = np.bincount(codes, minlength=size)
    used = np.flatnonzero(counts).tolist()
    return [
        (
            int(first[code]),
            (name, column.levels[code]),
            (int(counts[code]), int(begin[code]), int(end[code])),
        )
        for code in used
    ]
