"""Figures over time in as many points as a plot can show."""

from collections.abc import Sequence
from math import ceil
from typing import TypeVar

__all__ = ["mean", "parted", "shorten"]

_Item = TypeVar("_Item")


def parted(items: Sequence[_Item], points: int) -> list[Sequence[_Item]]:
    """Return items in at most so many parts, all but the last as long as each other.

    >>> parted("abcde", 3), parted("", 3)
    (['ab', 'cd', 'e'], [])
    """
    size = max(ceil(len(items) / points), 1)
    return [items[at : at + size] for at in range(0, len(items), size)]


def shorten(value: float | None) -> float | None:
    """Round to five significant digits, more than a plot can show.

    >>> shorten(0.123456789), shorten(None)
    (0.12346, None)
    """
    return None if value is None else float(f"{value:.5g}")


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of what is known, shortened; None if nothing is.

    >>> mean([1.0, None, 2.0]), mean([None])
    (1.5, None)
    """
    known = [value for value in values if value is not None]
    return shorten(sum(known) / len(known)) if known else None
