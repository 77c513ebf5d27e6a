"""Dimensions that all spans of a resource share, over the rows of several requests."""

from collections.abc import Sequence

import numpy as np

from barograph_processor.otlp.dimensions import TraceDimensions
from barograph_processor.otlp.parts import NamePart

__all__ = ["resource_levels"]


def resource_levels(
    resources: Sequence[tuple[bytes, int]], dimensions: TraceDimensions
) -> dict[str, NamePart]:
    """Return the levels of each dimension that any resource has one of, rows in order.

    Args:
        resources: Each as it was sent, and how many rows are of it, one behind the other.
        dimensions: What is read of them.

    Raises:
        UndecodableError: A resource is damaged.
    """
    known: dict[bytes, int] = {}
    owner = [known.setdefault(encoded, len(known)) for encoded, _ in resources]
    read = [dimensions.of_resource(encoded) for encoded in known]
    codes = np.repeat(np.array(owner, np.int32), [rows for _, rows in resources])
    found = {}
    for name in dict.fromkeys(name for levels in read for name in levels):
        part = NamePart.of(None, codes, [levels.get(name) for levels in read])
        found[name] = part if all(name in levels for levels in read) else part.over(None)
    return found
