"""Columns: the values of one feature over many rows, as numpy arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["CategoricalColumn", "Column", "NumericColumn"]


@dataclass(frozen=True, slots=True, eq=False)
class NumericColumn:
    """Numbers, one a row.

    Attributes:
        values: Shape ``(n,)``, float64. NaN means missing; infinities are values.
    """

    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> "NumericColumn":
        """Return the given rows, in the given order; a view of a stretch of them."""
        return NumericColumn(self.values[rows])


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalColumn:
    """Categories, one a row, as codes into a tuple of levels.

    Attributes:
        codes: Shape ``(n,)``, int32, each in ``[-1, len(levels))``; -1 means missing.
        levels: The distinct names. A level need not occur among the codes.
    """

    codes: npt.NDArray[np.int32]
    levels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, values: Sequence[str | None]) -> "CategoricalColumn":
        """Encode names; None is missing. Levels are in order of first appearance.

        >>> CategoricalColumn.of(["a", None, "b", "a"]).codes.tolist()
        [0, -1, 1, 0]
        """
        index: dict[str, int] = {}
        codes = np.fromiter(
            (-1 if v is None else index.setdefault(v, len(index)) for v in values),
            dtype=np.int32,
            count=len(values),
        )
        return cls(codes, tuple(index))

    def take(self, rows: npt.NDArray[np.intp] | slice) -> "CategoricalColumn":
        """Return the given rows, in the given order, over the same levels; see `NumericColumn`."""
        return CategoricalColumn(self.codes[rows], self.levels)

    def occurring(self) -> list[int]:
        """Return the codes of the levels that occur, in order of first appearance.

        >>> CategoricalColumn(np.array([2, -1, 0, 2], np.int32), ("a", "b", "c")).occurring()
        [2, 0]
        """
        n, size = len(self.codes), len(self.levels)
        first = np.full(size + 1, n)
        # Of several writes to a place the last one stays: from the end on, that is the first row.
        first[self.codes[::-1]] = np.arange(n)[::-1]
        order = np.argsort(first[:size], kind="stable")
        found: list[int] = order[first[order] < n].tolist()
        return found

    def values(self) -> list[str | None]:
        """Return the names, one a row; None where missing."""
        names: list[str | None] = [*self.levels, None]
        return [names[code] for code in self.codes.tolist()]


Column = NumericColumn | CategoricalColumn
