"""Picking values out of tuples by position."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, TypeAlias

__all__ = ["Kinds", "Names", "getter"]

Names: TypeAlias = tuple[Any, ...]
"""Names of a call's arguments, or of a result's fields."""
Kinds: TypeAlias = tuple[type, ...]
"""Their exact types."""


def getter(positions: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return what picks `positions` out of a tuple, as a tuple."""
    if not positions:
        return lambda _: ()
    if len(positions) == 1:
        (only,) = positions
        return lambda values: (values[only],)
    return itemgetter(*positions)
