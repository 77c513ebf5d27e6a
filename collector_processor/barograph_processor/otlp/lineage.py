"""Who was called by whom, of many spans at once."""

from functools import lru_cache
from typing import Final

import numpy as np

from barograph_processor.observation import SpanBatch
from barograph_processor.otlp.buffer import Places
from barograph_processor.otlp.parts import by_appearance, numbers_of
from barograph_processor.otlp.spans import Spans, Texts
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
        spans: What is read of them.
        table: All of them, predictions in groups.
    """

    def __init__(self, spans: Spans, table: Table) -> None:
        ours = table.group >= 0
        self._rows = np.flatnonzero(ours | (spans.parent != 0))
        taken = slice(None) if len(self._rows) == len(spans) else self._rows
        failed = table.failed[taken]
        micros = np.minimum(spans.duration_ns[taken] // np.uint64(1000), np.uint64(MOST_MICROS))
        self._batch = SpanBatch(
            ids=table.ids[taken],
            parent=spans.parent[taken],
            model=table.group[taken].astype(np.int32),
            rows=(ours[taken] & ~failed).astype(np.int32),
            micros=micros.astype(np.int32),
            failed=failed,
            name=_names(spans.name, taken),
            models=tuple(key.model for key in table.keys),
        )

    def between(self, start: int, stop: int) -> tuple[SpanBatch, ...]:
        """Return those of the spans from one to before another, in a batch if there are any."""
        first, last = np.searchsorted(self._rows, (start, stop)).tolist()
        if last == first:
            return ()
        whole = last - first == len(self._rows)
        return (self._batch if whole else self._batch.between(first, last),)


def _names(names: Texts, rows: Places | slice) -> CategoricalColumn:
    levels: dict[str, int] = {}
    # Two long names, or two damaged ones, may be one here.
    codes = [levels.setdefault(_name(text), len(levels)) for text in names.texts]
    found, texts = np.array(codes, np.int32)[names.codes[rows]], tuple(levels)
    if isinstance(rows, slice):
        return CategoricalColumn(found, texts)
    order = by_appearance(found, len(texts))
    number = numbers_of(order, len(texts)).astype(np.int32)
    return CategoricalColumn(number[found], tuple(texts[at] for at in order))


def _name(encoded: bytes) -> str:
    return _decoded(encoded) if len(encoded) > _MOST_CACHED_BYTES else _decoded_once(encoded)


def _decoded(encoded: bytes) -> str:
    return bounded(encoded.decode(errors="replace"))


# One object for a name, however many requests have it.
_decoded_once: Final = lru_cache(maxsize=8192)(_decoded)
