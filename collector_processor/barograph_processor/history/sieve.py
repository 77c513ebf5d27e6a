"""Rows of a file that cannot be used: the first of them is an error, or they are counted."""

from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.exceptions import DataError
from barograph_processor.history.source import Piece

__all__ = ["Sieve"]

_SHOWN: Final = 40


class Sieve:
    """Which rows of a piece can be used.

    Args:
        piece: The rows.
        strict: A row that cannot be used is an error.
        skipped: Where they are counted by reason, if it is none.

    Attributes:
        piece: The rows.
        usable: Whether each can be used, as far as it was looked at, shape ``(n,)``.
    """

    def __init__(self, piece: Piece, *, strict: bool, skipped: dict[str, int]) -> None:
        self.piece = piece
        self.usable = np.ones(piece.table.num_rows, dtype=np.bool_)
        self._strict = strict
        self._skipped = skipped

    def reject(self, name: str, rows: npt.NDArray[np.intp], why: str) -> None:
        """Refuse rows for what they hold in a column.

        Raises:
            DataError: There are any that were not refused before, and that is an error.
        """
        fresh = rows[self.usable[rows]]
        if len(fresh) == 0:
            return
        if self._strict:
            row = int(fresh[0])
            shown = repr(self.piece.column(name)[row].as_py())
            shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
            raise DataError(
                f"row {self.piece.first_row + row}, column {name!r}: {why}: {shown} "
                '(columns.invalid = "skip" leaves such rows out)'
            )
        self.usable[fresh] = False
        self._skipped[why] = self._skipped.get(why, 0) + len(fresh)
