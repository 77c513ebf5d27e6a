"""Columns by stream, of rows that came in several batches."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = [
    "RowColumns",
    "columns_state",
    "joined_categories",
    "joined_columns",
    "restored_columns",
]

_Key = TypeVar("_Key")

RowColumns = Mapping[StreamKey, Column]
"""What is watched of some rows, by stream."""


def joined_columns(parts: Sequence[tuple[Mapping[_Key, Column], int]]) -> dict[_Key, Column]:
    """Return whole columns of parts that follow each other.

    A column that is a number in some rows and a category in others is whatever
    it is in most; the rest of it is missing, as are rows of parts without it.
    Levels are those that occur, in order of appearance.

    Args:
        parts: Columns of some rows, and how many rows these are.
    """
    keys = {key: None for columns, _ in parts for key in columns}
    return {key: _joined([(columns.get(key), rows) for columns, rows in parts]) for key in keys}


def columns_state(columns: RowColumns) -> list[Any]:
    """Return plain values from which ``restored_columns`` makes columns again."""
    return [
        {"signal": key.signal, "feature": key.feature, "values": column.values}
        if isinstance(column, NumericColumn)
        else {
            "signal": key.signal,
            "feature": key.feature,
            "codes": column.codes,
            "levels": list(column.levels),
        }
        for key, column in columns.items()
    ]


def restored_columns(state: Iterable[Mapping[str, Any]]) -> dict[StreamKey, Column]:
    """Undo ``columns_state``."""
    return {
        StreamKey(plain["signal"], plain["feature"]): NumericColumn(
            np.array(plain["values"], dtype=np.float64)
        )
        if "values" in plain
        else CategoricalColumn(np.array(plain["codes"], dtype=np.int32), tuple(plain["levels"]))
        for plain in state
    }


def _joined(parts: Sequence[tuple[Column | None, int]]) -> Column:
    numbers = sum(rows for column, rows in parts if isinstance(column, NumericColumn))
    names = sum(rows for column, rows in parts if isinstance(column, CategoricalColumn))
    if numbers >= names:
        return NumericColumn(
            np.concatenate(
                [
                    column.values if isinstance(column, NumericColumn) else np.full(rows, np.nan)
                    for column, rows in parts
                ]
            )
        )
    return joined_categories(
        [(column if isinstance(column, CategoricalColumn) else None, n) for column, n in parts]
    )


def joined_categories(
    parts: Sequence[tuple[CategoricalColumn | None, int]],
) -> CategoricalColumn:
    """Return one column of parts that follow each other; rows of a part without one are missing.

    Levels are those that occur, in order of appearance, so that it makes no
    difference how rows came in batches.

    Args:
        parts: The column of some rows, or None, and how many rows these are.
    """
    levels: dict[str, int] = {}
    codes = [
        np.full(rows, -1, dtype=np.int32) if column is None else _recoded(column, levels)
        for column, rows in parts
    ]
    return CategoricalColumn(np.concatenate(codes), tuple(levels))


def _recoded(column: CategoricalColumn, levels: dict[str, int]) -> npt.NDArray[np.int32]:
    """Return the codes of a column in common levels, which grow by those that occur in it."""
    table = np.full(len(column.levels) + 1, -1, dtype=np.int32)
    for code in column.occurring():
        table[code] = levels.setdefault(column.levels[code], len(levels))
    return table[column.codes]
