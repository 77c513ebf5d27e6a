"""Drops what came before: the Collector resends, and its fan-out multiplies."""

import hashlib
import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import (
    EventBatch,
    ObservationBatch,
    SpanIds,
    span_keys,
    trace_keys,
)
from barograph_processor.otlp import Table
from barograph_processor.pipeline.seen import Keys, SeenSet

__all__ = ["Predictions", "fresh_events", "fresh_predictions"]

_FACT: Final = struct.Struct("<3Qqd")

Predictions = Table | ObservationBatch
"""Of one request, or a part of it."""


def fresh_predictions(
    parts: Sequence[Predictions], seen: SeenSet
) -> list[tuple[Predictions | None, int]]:
    """Drop the spans that were seen before, and remember the others.

    A look-up of many spans costs little more than one of a few, so all of them are
    looked up at once.

    Returns:
        For each part, in order, the rows of its new spans, None if there are none, and
        the number of spans dropped.
    """
    ids = [_ids(part) for part in parts]
    if not ids:
        return []
    new = seen.add(_span_keys(np.concatenate(ids)))
    if new.all():
        return [(part, 0) for part in parts]
    ends = np.cumsum([len(own) for own in ids])
    return [_kept(part, mine) for part, mine in zip(parts, np.split(new, ends[:-1]), strict=True)]


def _ids(part: Predictions) -> SpanIds:
    """Return the ids of a part's spans, in order."""
    if isinstance(part, Table):
        return part.ids if part.is_full else part.ids[part.rows]
    return part.ids[~np.isnan(part.latency)]


def _kept(part: Predictions, new: npt.NDArray[np.bool_]) -> tuple[Predictions | None, int]:
    """Return a part's rows of its new spans, None for none, and how many spans are dropped."""
    dropped = len(new) - int(new.sum())
    if not dropped:
        return part, 0
    if dropped == len(new):
        return None, dropped
    if isinstance(part, Table):
        return part.without(part.rows[~new]), dropped
    # A span's rows follow one another, and the first of them carries the latency.
    of_span = np.cumsum(~np.isnan(part.latency)) - 1
    return part.take(np.flatnonzero(new[of_span])), dropped


def fresh_events(events: EventBatch, seen: SeenSet) -> tuple[EventBatch | None, int]:
    """Drop the events that were seen before: the same fact, of the same prediction and time.

    Returns:
        The new events, None if there are none, and the number dropped.
    """
    new = seen.add(np.array([_fact_key(events, row) for row in range(len(events))], np.uint64))
    dropped = len(new) - int(new.sum())
    if not dropped:
        return events, 0
    rows = np.flatnonzero(new)
    return (_take(events, rows.tolist()) if len(rows) else None), dropped


def _span_keys(ids: SpanIds) -> Keys:
    return span_keys(trace_keys(ids), ids[:, 2])


def _fact_key(events: EventBatch, row: int) -> int:
    texts = (
        events.kind,
        events.prediction_ids[row],
        events.text[row],
        events.name[row],
        events.source[row],
        events.model_names[row],
        events.model_versions[row],
        *((events.reviewer[row],) if events.reviewer else ()),
        *(filter(None, events.response_ids[row : row + 1])),
    )
    content = _FACT.pack(*events.ids[row].tolist(), int(events.time[row]), events.number[row])
    # Lengths before texts: else ("ab", "c") and ("a", "bc") would be one fact.
    for text in texts:
        encoded = b"" if text is None else text.encode()
        content += struct.pack("<i", -1 if text is None else len(encoded)) + encoded
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest())


def _take(events: EventBatch, rows: list[int]) -> EventBatch:
    def pick(values: Sequence[str | None]) -> tuple[str | None, ...]:
        return tuple(values[row] for row in rows)

    return EventBatch(
        kind=events.kind,
        prediction_ids=pick(events.prediction_ids),
        ids=events.ids[rows],
        time=events.time[rows],
        number=events.number[rows],
        text=pick(events.text),
        name=pick(events.name),
        source=pick(events.source),
        model_names=pick(events.model_names),
        model_versions=pick(events.model_versions),
        reviewer=pick(events.reviewer) if events.reviewer else (),
        response_ids=pick(events.response_ids) if events.response_ids else (),
    )
