"""The spans of some requests as columns: what both ways of reading them find."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import SpanIds
from barograph_processor.otlp.parts import Codes, NumberPart, Rows
from barograph_processor.otlp.values import Cell

__all__ = ["Cells", "Column", "Spans", "Texts", "Way", "WayOf"]


class Way(IntEnum):
    """What is made of the values of a key."""

    PASS_OVER = 0
    NUMBERS = 1
    """Numbers if all of them are, else cells."""
    CELLS = 2


WayOf = Callable[[bytes], Way]
"""Says it of a prefix: the bytes that hold an attribute's key, its tag, its length, itself."""


class Cells(NamedTuple):
    """Values of some rows, in their order: codes into cells, of which two may be equal."""

    rows: Rows
    codes: Codes
    cells: Sequence[Cell]


class Texts(NamedTuple):
    """Bytes of all rows: codes into texts, by first appearance."""

    codes: Codes
    texts: Sequence[bytes]


Column = NumberPart | Cells


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans that have all that a span has to have, in order.

    Attributes:
        counts: Spans of each request.
        resources: The Resource message of each ResourceSpans that has spans, and how many.
        urls: Addresses of schemas, none empty.
        ids: Trace and span ids, not zero, shape ``(n, 3)``.
        start_ns: Shape ``(n,)``, ns since the epoch.
        duration_ns: Shape ``(n,)``; no span ends behind 63 bits.
        parent: Span id of each one's parent, zero for none or one of a wrong length.
        name: Of each span, as it was sent.
        status: The Status message of each span.
        columns: The attributes that are not passed over, by prefix.
        events: Whether any span has events.
    """

    counts: Sequence[int]
    resources: Sequence[tuple[bytes, int]]
    urls: Sequence[bytes]
    ids: SpanIds
    start_ns: npt.NDArray[np.int64]
    duration_ns: npt.NDArray[np.uint64]
    parent: npt.NDArray[np.uint64]
    name: Texts
    status: Texts
    columns: Mapping[bytes, Column]
    events: bool

    def __len__(self) -> int:
        return len(self.ids)
