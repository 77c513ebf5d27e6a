"""Columns that grow."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["grown"]

_T = TypeVar("_T", bound=np.generic)


def grown(column: npt.NDArray[_T], size: int, most: int | None = None) -> npt.NDArray[_T]:
    """Return a column that begins with this one and has room for ``size`` rows, or itself.

    The room grows by a quarter, so that a row is copied four times at most on its way; by
    more, the columns left behind would be of no use to those that grow after them. What is in
    it is undefined. Rows that nobody has written to take no memory of the machine yet.

    Args:
        column: Of shape ``(n, ...)``.
        size: Rows that there has to be room for.
        most: Rows that there never has to be more room for; None is without bound.
    """
    have = len(column)
    if size <= have:
        return column
    room = have + have // 4
    if most is not None:
        room = min(room, most)
    more = np.empty((max(size, room), *column.shape[1:]), column.dtype)
    more[:have] = column
    return more
