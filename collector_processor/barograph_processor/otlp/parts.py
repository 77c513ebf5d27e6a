"""Columns that some rows of a request have: numbers, or names."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.buffer import Places
from barograph_processor.otlp.timestamps import timestamp_ns
from barograph_processor.otlp.values import Cell
from barograph_processor.otlp.walk import UnusualError

__all__ = ["Codes", "NamePart", "NumberPart", "Part", "part_values"]

Codes = npt.NDArray[np.int32]


class NumberPart(NamedTuple):
    """Numbers of some rows, in their order."""

    rows: Places
    values: npt.NDArray[np.float64] | npt.NDArray[np.int64]

    @classmethod
    def of_times(cls, rows: Places, codes: Codes, cells: Sequence[Cell]) -> "NumberPart":
        """Return points in time, ns since the epoch; all have to be readable."""
        times = [timestamp_ns(cell) for cell in cells]
        if None in times:
            raise UnusualError
        return cls(rows, np.array(times, np.int64)[codes])

    def between(self, start: int, stop: int) -> "NumberPart":
        """Return what it has of the rows from one to before another, counted from there."""
        span = slice(*np.searchsorted(self.rows, (start, stop)).tolist())
        return NumberPart(self.rows[span] - start, self.values[span])

    def reordered(self, order: Places, rows: Places) -> "NumberPart":
        """Return the same in another order, under other row numbers."""
        return NumberPart(rows, self.values[order])

    def cut(self, span: slice, rows: Places) -> "NumberPart":
        """Return a stretch of it, under other row numbers."""
        return NumberPart(rows, self.values[span])


class NamePart(NamedTuple):
    """Names of some rows, in their order: codes, -1 where missing, into levels."""

    rows: Places
    codes: Codes
    levels: tuple[str, ...]

    @classmethod
    def empty(cls) -> "NamePart":
        """Return names of no rows."""
        return cls(np.zeros(0, np.intp), np.zeros(0, np.int32), ())

    @classmethod
    def of(cls, rows: Places, codes: Codes, texts: Sequence[str | None]) -> "NamePart":
        """Return names whose codes are into texts, of which two may be equal."""
        levels: dict[str, int] = {}
        places = [-1 if text is None else levels.setdefault(text, len(levels)) for text in texts]
        if places != list(range(len(places))):
            codes = np.array(places, np.int32)[codes]
        return cls(rows, codes, tuple(levels))

    def over(self, other: "NamePart | None") -> "NamePart":
        """Return these names where there are any, else the other's; rows in order."""
        named = self.codes >= 0
        mine = NamePart(self.rows[named], self.codes[named], self.levels)
        if other is None or len(other.rows) == 0:
            return mine
        left = ~np.isin(other.rows, mine.rows)
        rows = np.concatenate([mine.rows, other.rows[left]])
        codes = np.concatenate([mine.codes, other.codes[left] + len(mine.levels)])
        order = np.argsort(rows)
        return NamePart.of(
            rows[order], codes[order].astype(np.int32), (*mine.levels, *other.levels)
        )

    def between(self, start: int, stop: int) -> "NamePart":
        """Return what it has of the rows from one to before another, counted from there."""
        span = slice(*np.searchsorted(self.rows, (start, stop)).tolist())
        return NamePart(self.rows[span] - start, self.codes[span], self.levels)

    def reordered(self, order: Places, rows: Places) -> "NamePart":
        """Return the same in another order, under other row numbers."""
        return NamePart(rows, self.codes[order], self.levels)

    def cut(self, span: slice, rows: Places) -> "NamePart":
        """Return a stretch of it, under other row numbers and over the same levels."""
        return NamePart(rows, self.codes[span], self.levels)


Part = NumberPart | NamePart


def part_values(part: Part) -> npt.NDArray[np.float64] | npt.NDArray[np.int64]:
    """Return the values of a part that was read as numbers."""
    assert isinstance(part, NumberPart)
    return part.values
