"""Picking values out of tuples and dicts, and checking them, at the least cost."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

__all__ = ["Check", "Kinds", "Names", "expression", "getter"]

Names: TypeAlias = tuple[Any, ...]
"""Names of a call's arguments, or of a result's fields."""
Kinds: TypeAlias = tuple[type, ...]
"""Their exact types."""
Check: TypeAlias = Callable[[tuple[Any, ...], set[str], Callable[[str], bool]], bool]
"""Given values, the strings known to be categories, and what learns new ones."""


def getter(places: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what picks the items at `places` (positions, or keys), as a tuple."""
    if not places:
        return lambda _: ()
    if len(places) == 1:
        (only,) = places
        return lambda values: (values[only],)
    return itemgetter(*places)


def expression(terms: Sequence[str]) -> Check:
    """Return a check of values `v` by all `terms`: one expression, as a loop costs more than it.

    Only positions and numbers may enter the terms, never what a user named.
    """
    source = f"lambda v, known, clean: {' and '.join(terms) or 'True'}"
    check: Check = eval(source, {})  # noqa: S307  # made of positions and numbers
    return check
