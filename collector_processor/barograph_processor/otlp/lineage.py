"""Who was called by whom, of many spans at once."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import SpanBatch
from barograph_processor.otlp.buffer import Buffer, Places
from barograph_processor.otlp.distinct import distinct
from barograph_processor.otlp.spans import Spans
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.values import bounded
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["MOST_MICROS", "Lineage"]

MOST_MICROS: Final = 2**31 - 1
"""Longest duration that is told apart, us: 36 minutes."""

_MOST_CACHED_BYTES: Final = 256


class Lineage:
    """The spans of some requests that are predictions or have a parent.

    Args:
        data: Where they are.
        spans: Their fields.
        duration_ns: Of each, shape ``(n,)``.
        table: All of them, predictions in groups.
    """

    def __init__(
        self, data: Buffer, spans: Spans, duration_ns: npt.NDArray[np.uint64], table: Table
    ) -> None:
        self._rows = np.flatnonzero((spans.parent != 0) | (table.group >= 0))
        taken = self._rows
        group = table.group[taken]
        failed = table.failed[taken]
        micros = np.minimum(duration_ns[taken] // np.uint64(1000), np.uint64(MOST_MICROS))
        self._batch = SpanBatch(
            ids=table.ids[taken],
            parent=spans.parent[taken],
            model=group.astype(np.int32),
            rows=((group >= 0) & ~failed).astype(np.int32),
            micros=micros.astype(np.int32),
            failed=failed,
            name=_names(data, spans, taken),
            models=tuple(key.model for key in table.keys),
        )

    def between(self, start: int, stop: int) -> tuple[SpanBatch, ...]:
        """Return those of the spans from one to before another, in a batch if there are any."""
        first, last = np.searchsorted(self._rows, (start, stop)).tolist()
        return (self._batch.between(first, last),) if last > first else ()


def _names(data: Buffer, spans: Spans, rows: Places) -> CategoricalColumn:
    if len(rows) == 0:
        return CategoricalColumn(np.zeros(0, np.int32), ())
    start, stop = np.zeros((2, len(spans)), np.intp)
    start[spans.name.rows], stop[spans.name.rows] = spans.name.start, spans.name.stop
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
