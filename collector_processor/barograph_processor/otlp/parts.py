"""Columns that some rows of a request have: numbers, or names."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.buffer import Places
from barograph_processor.otlp.timestamps import timestamp_ns
from barograph_processor.otlp.values import Cell
from barograph_processor.otlp.walk import UnusualError

__all__ = [
    "Codes",
    "NamePart",
    "NumberPart",
    "Part",
    "Rows",
    "by_appearance",
    "numbers_of",
    "part_places",
    "part_values",
]

Codes = npt.NDArray[np.int32]

# Up to here a dictionary of Python's is quicker than numpy's steps.
_FEW_ROWS: Final = 256

Rows = Places | None
"""Whose values are, in order; None says that every row has one."""


class NumberPart(NamedTuple):
    """Numbers of some rows, in their order."""

    rows: Rows
    values: npt.NDArray[np.float64] | npt.NDArray[np.int64]

    @classmethod
    def of_times(cls, rows: Rows, codes: Codes, cells: Sequence[Cell]) -> "NumberPart":
        """Return points in time, ns since the epoch; all have to be readable."""
        times = [timestamp_ns(cell) for cell in cells]
        if None in times:
            raise UnusualError
        return cls(rows, np.array(times, np.int64)[codes])

    @property
    def size(self) -> int:
        """How many rows have one."""
        return len(self.values)

    def fill(self, values: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> None:
        """Write it into values of all rows."""
        values[slice(None) if self.rows is None else self.rows] = self.values

    def between(self, start: int, stop: int) -> "NumberPart":
        """Return what it has of the rows from one to before another, counted from there."""
        rows, span = _between(self.rows, start, stop)
        return NumberPart(rows, self.values[span])

    def taken(self, order: Places | slice, rows: Rows) -> "NumberPart":
        """Return some of it, in another order, under other row numbers."""
        return NumberPart(rows, self.values[order])


class NamePart(NamedTuple):
    """Names of some rows, in their order: codes, -1 where missing, into levels."""

    rows: Rows
    codes: Codes
    levels: tuple[str, ...]

    @classmethod
    def empty(cls) -> "NamePart":
        """Return names of no rows."""
        return cls(np.zeros(0, np.intp), np.zeros(0, np.int32), ())

    @classmethod
    def of(cls, rows: Rows, codes: Codes, texts: Sequence[str | None]) -> "NamePart":
        """Return names whose codes are into texts, of which two may be equal."""
        levels: dict[str, int] = {}
        places = [-1 if text is None else levels.setdefault(text, len(levels)) for text in texts]
        if places != list(range(len(places))):
            codes = np.array(places, np.int32)[codes]
        return cls(rows, codes, tuple(levels))

    @property
    def size(self) -> int:
        """How many rows have one, or could have."""
        return len(self.codes)

    @property
    def only(self) -> bool:
        """Whether every row has the first name."""
        return self.rows is None and len(self.levels) == 1 and not self.codes.any()

    def spread(self, n: int) -> Codes:
        """Return a code for each of ``n`` rows."""
        if self.rows is None:
            return self.codes
        codes = np.full(n, -1, np.int32)
        codes[self.rows] = self.codes
        return codes

    def over(self, other: "NamePart | None") -> "NamePart":
        """Return these names where there are any, else the other's; rows in order."""
        named = self.codes >= 0
        if self.rows is None and named.all():
            return self
        mine, codes = part_places(self)[named], self.codes[named]
        if other is None or not other.size:
            return NamePart(mine, codes, self.levels)
        theirs = part_places(other)
        left = ~np.isin(theirs, mine)
        rows = np.concatenate([mine, theirs[left]])
        codes = np.concatenate([codes, other.codes[left] + len(self.levels)])
        order = np.argsort(rows)
        return NamePart.of(
            rows[order], codes[order].astype(np.int32), (*self.levels, *other.levels)
        )

    def between(self, start: int, stop: int) -> "NamePart":
        """Return what it has of the rows from one to before another, counted from there."""
        rows, span = _between(self.rows, start, stop)
        return NamePart(rows, self.codes[span], self.levels)

    def taken(self, order: Places | slice, rows: Rows) -> "NamePart":
        """Return some of it, in another order, under other row numbers."""
        return NamePart(rows, self.codes[order], self.levels)


Part = NumberPart | NamePart


def part_values(part: Part) -> npt.NDArray[np.float64] | npt.NDArray[np.int64]:
    """Return the values of a part that was read as numbers."""
    assert isinstance(part, NumberPart)
    return part.values


def part_places(part: Part) -> Places:
    """Return the rows that have a value, one by one."""
    return np.arange(part.size) if part.rows is None else part.rows


def by_appearance(codes: npt.NDArray[np.signedinteger], count: int) -> list[int]:
    """Return the codes that occur, in order of their first appearance.

    Args:
        codes: Shape ``(n,)``, below ``count``, -1 for none.
        count: How many there may be.
    """
    found = [code for code in dict.fromkeys(codes[:_FEW_ROWS].tolist()) if code >= 0]
    if len(codes) <= _FEW_ROWS or len(found) == count:
        return found
    first = np.full(count + 1, len(codes))
    # Of several rows of one code the last one written stays, here the first; -1 is the last code.
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    order = np.argsort(first[:-1], kind="stable")
    every: list[int] = order[: np.count_nonzero(first[:-1] < len(codes))].tolist()
    return every


def numbers_of(order: Sequence[int], count: int) -> npt.NDArray[np.int64]:
    """Return a number for each of ``count`` codes, its place in an order; -1 for -1 and others."""
    number = np.full(count + 1, -1, np.int64)
    number[order] = np.arange(len(order))
    return number


def _between(rows: Rows, start: int, stop: int) -> tuple[Rows, slice]:
    if rows is None:
        return None, slice(start, stop)
    span = slice(*np.searchsorted(rows, (start, stop)).tolist())
    return rows[span] - start, span
