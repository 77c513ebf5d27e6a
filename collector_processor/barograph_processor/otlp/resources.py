"""Dimensions that all spans of a resource share, over the rows of several requests."""

import numpy as np

from barograph_processor.otlp.chunks import RESOURCE, fields
from barograph_processor.otlp.dimensions import TraceDimensions
from barograph_processor.otlp.parts import NamePart
from barograph_processor.otlp.walk import UnusualError

__all__ = ["Resources"]


class Resources:
    """Whose the rows are, noted while requests are walked. Not locked; of one thread.

    Args:
        dimensions: What is read of a resource; if nothing is, nothing is noted.
    """

    def __init__(self, dimensions: TraceDimensions) -> None:
        self._dimensions = dimensions
        self._known: dict[bytes, int] = {}
        self._owner: list[int] = []
        self._rows: list[int] = []

    def note(self, payload: bytes, start: int, stop: int, rows: int) -> None:
        """Note that the next rows are of the ResourceSpans between two places.

        Raises:
            UnusualError: It has two resources, which are to be merged.
        """
        if not self._dimensions.reads_resource:
            return
        found = [payload[a:b] for a, b in fields(payload, start, stop, RESOURCE)]
        if len(found) > 1:
            raise UnusualError
        encoded = found[0] if found else b""
        self._owner.append(self._known.setdefault(encoded, len(self._known)))
        self._rows.append(rows)

    def levels(self) -> dict[str, NamePart]:
        """Return the levels of each dimension that any resource has one of, rows in order.

        Raises:
            UndecodableError: A resource is damaged.
        """
        read = [self._dimensions.of_resource(encoded) for encoded in self._known]
        owner = np.repeat(np.array(self._owner, np.int32), self._rows)
        rows = np.arange(len(owner))
        found = {}
        for name in dict.fromkeys(name for levels in read for name in levels):
            part = NamePart.of(rows, owner, [levels.get(name) for levels in read])
            found[name] = part if all(name in levels for levels in read) else part.over(None)
        return found
