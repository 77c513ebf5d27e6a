"""Vectors, lists and rankings in numbers."""

import math
import sys
from typing import Any

from barograph.limits import MAX_SUMMARY_ITEMS
from barograph.record import is_sequence, items_of
from barograph.scalar import ARRAY_LIBRARIES, library

__all__ = ["numbers_of", "shape_of", "summarize_numbers", "summarize_scores"]


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
    plain = {int, float, bool}
    if not items or any(type(item) not in plain for item in items):
        return None
    return [float(item) for item in items]


def summarize_numbers(values: list[float]) -> dict[str, int | float]:
    """Describe a vector: `size`, `norm` (Euclidean), `mean`, `minimum`, `maximum`.

    Values that are not finite are left out, except of the size. An empty vector has only that.

    >>> summarize_numbers([3.0, 4.0])["norm"]
    5.0
    """
    finite = [value for value in values if math.isfinite(value)]
    found: dict[str, int | float] = {"size": len(values)}
    if finite:
        found["norm"] = math.hypot(*finite)
        found["mean"] = math.fsum(finite) / len(finite)
        found["minimum"] = min(finite)
        found["maximum"] = max(finite)
    return found


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
