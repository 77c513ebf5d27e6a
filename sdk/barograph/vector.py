"""Vectors, lists and rankings in numbers."""

import math
import sys
from functools import cache
from itertools import compress
from random import Random
from typing import Any

from barograph.limits import MAX_SUMMARY_ITEMS
from barograph.record import is_sequence, items_of
from barograph.scalar import ARRAY_LIBRARIES, library, scalar

__all__ = [
    "length_of",
    "numbers_of",
    "project",
    "shape_of",
    "summarize_numbers",
    "summarize_scores",
]

_NUMBERS = frozenset({int, float, bool})
_PROJECTIONS = 4
_PROJECTED_FROM = 8  # a shorter vector is told by its other summaries


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Return the shape of an array or tensor; None for anything else."""
    kind = type(value)
    if library(kind) in ARRAY_LIBRARIES and library(kind) in sys.modules:
        shape = getattr(value, "shape", None)
        return None if shape is None else tuple(int(extent) for extent in shape)
    return None


def numbers_of(value: Any) -> list[float] | None:
    """Return the first items of a one-dimensional vector as plain floats; None if it is none."""
    shape = shape_of(value)
    if shape is not None:
        if len(shape) != 1:
            return None
        items = value[:MAX_SUMMARY_ITEMS].tolist()
    elif is_sequence(value):
        items = items_of(value, MAX_SUMMARY_ITEMS)
    else:
        return None
    if not items or not _NUMBERS.issuperset(map(type, items)):
        items = _converted(items)
    return [float(item) for item in items] or None


def _converted(items: list[Any]) -> list[Any]:
    """Numbers of other types than Python's own; empty if one of them is none."""
    found: list[Any] = []
    for item in items:
        plain = scalar(item)
        if type(plain) not in _NUMBERS:
            return []
        found.append(plain)
    return found


def length_of(value: Any) -> int:
    """Return how many items the list, tuple or one-dimensional array `value` has."""
    shape = shape_of(value)
    if shape is not None:
        return shape[0]
    return list.__len__(value) if issubclass(type(value), list) else tuple.__len__(value)


def summarize_numbers(values: list[float], size: int | None = None) -> dict[str, int | float]:
    """Describe a vector: `size`, `norm` (Euclidean), `mean`, `minimum`, `maximum`.

    Args:
        values: The vector's first values.
        size: How many it has, if not these alone.

    Values that are not finite are left out, except of the size. An empty vector has only that.

    >>> summarize_numbers([3.0, 4.0])["norm"]
    5.0
    """
    finite = [value for value in values if math.isfinite(value)]
    found: dict[str, int | float] = {"size": len(values) if size is None else size}
    if finite:
        found["norm"] = math.hypot(*finite)
        found["mean"] = math.fsum(finite) / len(finite)
        found["minimum"] = min(finite)
        found["maximum"] = max(finite)
    return found


@cache
def _positive(projection: int) -> list[int]:
    """For each place of a vector 1 or 0: whether its sign in this projection is positive."""
    bits = Random(f"barograph.projection.{projection}").getrandbits(MAX_SUMMARY_ITEMS)  # noqa: S311  # no secret
    return [int(bit) for bit in format(bits, f"0{MAX_SUMMARY_ITEMS}b")]


def project(values: list[float]) -> dict[str, float]:
    """Return four sums of the values with fixed random signs, `projection_0` to `projection_3`.

    Random projections keep distances on average (Achlioptas, J. Comput. Syst. Sci. 66, 2003), so
    a distribution of vectors that moves moves these. Empty for fewer than eight values, or if
    one of them is not finite.

    >>> sorted(project([1.0] * 8).values())
    [-2.0, 0.0, 4.0, 6.0]
    """
    total = sum(values)
    if len(values) < _PROJECTED_FROM or not math.isfinite(total):
        return {}
    return {
        f"projection_{at}": 2 * sum(compress(values, _positive(at))) - total
        for at in range(_PROJECTIONS)
    }


def summarize_scores(scores: list[float]) -> dict[str, int | float]:
    """Describe how a ranking's scores are spread: `entropy` and `top_share`.

    The scores, non-negative, are read as shares of their sum. Entropy is relative to that of
    equal shares, in [0, 1]; it is 0 for one item. Empty if a score is negative or all are 0.

    >>> summarize_scores([1.0, 1.0])
    {'entropy': 1.0, 'top_share': 0.5}
    """
    total = math.fsum(scores)
    if not scores or min(scores) < 0 or not 0 < total < math.inf:
        return {}
    shares = [score / total for score in scores]
    entropy = -math.fsum(share * math.log(share) for share in shares if share > 0)
    relative = entropy / math.log(len(shares)) if len(shares) > 1 else 0.0
    return {"entropy": max(0.0, relative), "top_share": max(shares)}
