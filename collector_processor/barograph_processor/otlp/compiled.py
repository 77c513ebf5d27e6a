"""Reads spans: by compiled code where the installation has it, else by numpy.

It is compiled when the package is installed, if there is a C compiler then. Without
it numpy does the same for four to six times the CPU; both give equal answers.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np

from barograph_processor.otlp.parts import NumberPart
from barograph_processor.otlp.spans import Cells, Column, Spans, Texts, WayOf
from barograph_processor.otlp.values import Cell
from barograph_processor.otlp.walk import UnusualError
from barograph_processor.otlp.walked import walk_spans

__all__ = ["Wire", "is_current", "read_spans", "wire"]

_Found = tuple[
    list[int],
    list[tuple[bytes, int]],
    list[bytes],
    bytearray,
    tuple[list[tuple[bytes, int, int, int, list[Cell] | None]], bytearray, bytearray],
    bool,
]
_IDS: Final = 3
_WORDS: Final = 3


class Wire(Protocol):
    """What the C in ``wire/`` offers."""

    def read(self, payloads: tuple[bytes, ...], way_of: WayOf, /) -> _Found | None:
        """Read requests of spans; None if anything in them is unusual.

        Returns:
            Spans of each request; resources that have spans, and how many; addresses of
            schemas; the ids of all spans, row by row, and behind them their start, duration and
            parent, column by column; the columns, as ``columns.h`` tells; and whether any span
            has events.
        """


def read_spans(payloads: Sequence[bytes], way_of: WayOf) -> Spans:
    """Read the spans of requests.

    Args:
        payloads: ExportTraceServiceRequests.
        way_of: What to make of each key's values; asked once for each. What it raises is raised.

    Raises:
        UnusualError: A request is damaged, has a field of a later version or two resources in
            one; or a span is damaged, is of too many fields, has attributes that its sender
            dropped, repeats a key or its status, lacks an id or a time, ends before it
            starts or behind 63 bits, or has a cell that is an array, map or bytes.
    """
    if wire is None:
        return walk_spans(payloads, way_of)
    found = wire.read(tuple(payloads), way_of)
    if found is None:
        raise UnusualError
    counts, resources, urls, frame, ((name, status, *columns), table, whose), events = found
    n = sum(counts)
    words = np.frombuffer(frame, np.uint64)
    start_ns, duration_ns, parent = words[_IDS * n :].reshape(_WORDS, n)
    numbers, codes = np.frombuffer(table), np.frombuffer(table, np.int32)
    rows = np.frombuffer(whose, np.intp)

    def texts(_: bytes, place: int, count: int, __: int, texts: list[Cell] | None) -> Texts:
        return Texts(codes[2 * place : 2 * place + count], cast("list[bytes]", texts or []))

    def column(place: int, count: int, first: int, cells: list[Cell] | None) -> Column:
        mine = None if first < 0 else rows[first : first + count]
        if cells is None:
            return NumberPart(mine, numbers[place : place + count])
        return Cells(mine, codes[2 * place : 2 * place + count], cells)

    return Spans(
        counts=counts,
        resources=resources,
        urls=urls,
        ids=words[: _IDS * n].reshape(n, _IDS),
        start_ns=start_ns.view(np.int64),
        duration_ns=duration_ns,
        parent=parent,
        name=texts(*name),
        status=texts(*status),
        columns={
            key: column(place, count, first, cells) for key, place, count, first, cells in columns
        },
        events=events,
    )


def is_current(library: Path, sources: Path) -> bool:
    """Whether a library is as new as its sources; only a checkout has both.

    What was compiled before them may take other arguments than the Python beside them gives.
    """
    made = library.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns <= made for source in sources.glob("*.[ch]"))


def _loaded() -> Wire | None:
    try:
        module = import_module("barograph_processor.otlp._wire")
    except ImportError:
        return None
    current = is_current(Path(str(module.__file__)), Path(__file__).with_name("wire"))
    return cast("Wire", module) if current else None


wire = _loaded()
"""The compiled part, or None."""
