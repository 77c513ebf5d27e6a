"""Who was called by whom, of many spans at once."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import SpanBatch
from barograph_processor.otlp.buffer import Buffer, Places
from barograph_processor.otlp.distinct import distinct
from barograph_processor.otlp.rows import SPAN_ID_BYTES
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.values import bounded
from barograph_processor.otlp.walk import SpanPlaces
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["MOST_MICROS", "Lineage"]

MOST_MICROS: Final = 2**31 - 1
"""Longest duration that is told apart, us: 36 minutes."""

_MOST_CACHED_BYTES: Final = 256


class Lineage:
    """The spans of some requests that are predictions or have a parent.

    Args:
        data: Where they are.
        places: Where their fields are.
        duration_ns: Of each, shape ``(n,)``.
        table: All of them, predictions in groups.
    """

    def __init__(
        self, data: Buffer, places: SpanPlaces, duration_ns: npt.NDArray[np.uint64], table: Table
    ) -> None:
        parent = _parents(data, places)
        self._rows = np.flatnonzero((parent != 0) | (table.group >= 0))
        taken = self._rows
        group = table.group[taken]
        failed = table.failed[taken]
        micros = np.minimum(duration_ns[taken] // np.uint64(1000), np.uint64(MOST_MICROS))
        self._batch = SpanBatch(
            ids=table.ids[taken],
            parent=parent[taken],
            model=group.astype(np.int32),
            rows=((group >= 0) & ~failed).astype(np.int32),
            micros=micros.astype(np.int32),
            failed=failed,
            name=_names(data, places, taken),
            models=tuple(key.model for key in table.keys),
        )

    def between(self, start: int, stop: int) -> tuple[SpanBatch, ...]:
        """Return those of the spans from one to before another, in a batch if there are any."""
        first, last = np.searchsorted(self._rows, (start, stop)).tolist()
        return (self._batch.between(first, last),) if last > first else ()


def _parents(data: Buffer, places: SpanPlaces) -> npt.NDArray[np.uint64]:
    """Return the span id of each one's parent; zero if it has none, or one of a wrong length."""
    parent = np.zeros(len(places.span_id), np.uint64)
    for step in places.parent:
        whole = step.stop - step.start == SPAN_ID_BYTES
        found = data.take(step.start, SPAN_ID_BYTES).view(">u8")[:, 0].astype(np.uint64)
        # Of a field that comes twice the last one counts.
        parent[step.rows] = np.where(whole, found, np.uint64(0))
    return parent


def _names(data: Buffer, places: SpanPlaces, rows: Places) -> CategoricalColumn:
    start, stop = np.zeros((2, len(places.span_id)), np.intp)
    for step in places.name:
        start[step.rows], stop[step.rows] = step.start, step.stop
    if len(rows) == 0:
        return CategoricalColumn(np.zeros(0, np.int32), ())
    start, stop = start[rows], stop[rows]
    codes, firsts = distinct(data, start, stop)
    bounds = zip(start[firsts].tolist(), stop[firsts].tolist(), strict=True)
    texts = [_name(data.payload[a:b]) for a, b in bounds]
    levels: dict[str, int] = {}
    # Two long names, or two damaged ones, may be one here.
    table = [levels.setdefault(text, len(levels)) for text in texts]
    return CategoricalColumn(np.array(table, np.int32)[codes], tuple(levels))


def _name(encoded: bytes) -> str:
    return _decoded(encoded) if len(encoded) > _MOST_CACHED_BYTES else _decoded_once(encoded)


def _decoded(encoded: bytes) -> str:
    return bounded(encoded.decode(errors="replace"))


# One object for a name, however many requests have it.
_decoded_once: Final = lru_cache(maxsize=8192)(_decoded)
