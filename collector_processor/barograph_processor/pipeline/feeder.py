"""From decoded requests to the sink: nothing twice, and many rows at once."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Final, Protocol

import numpy as np

from barograph_processor.codec import Tree
from barograph_processor.journal import SignalKind
from barograph_processor.observation import EventBatch, ModelKey, ObservationBatch, SpanBatch
from barograph_processor.otlp import Decoded, DecodedTraces, Table, batches_of
from barograph_processor.pipeline.duplicates import (
    Predictions,
    fresh_events,
    fresh_predictions,
)
from barograph_processor.pipeline.inbox import Item, Look
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.telemetry import Telemetry

__all__ = ["Feeder", "Sink"]

_LOG: Final = logging.getLogger(__name__)

_SETTLE_ITEMS: Final = 65_536
"""Spans and records after which the sink makes room; what may be beyond a bound till then."""

_MOST_ROWS: Final = 3072
"""Rows that are observed before others have their turn: some milliseconds."""


class Sink(Protocol):
    """Where observations end. All calls come under the pipeline's lock."""

    @property
    def schema(self) -> int:
        """Version of what ``snapshot`` writes."""

    def observe(self, batch: ObservationBatch) -> None:
        """Take predictions, each once."""

    def stretch(self, key: ModelKey, most: int) -> int:
        """Return how many predictions of a model are best taken at once, from 1 to ``most``."""

    def relate(self, spans: Sequence[SpanBatch]) -> None:
        """Take who was called by whom, before the predictions among them are observed."""

    def attach(self, events: EventBatch) -> None:
        """Take late facts, each once."""

    def look(self, now_ns: int, *, since_ns: int) -> None:
        """Look at the wall clock for what did not come, since somebody listened."""

    def settle(self) -> None:
        """Make room where more is taken than may be; at the same places in any replay."""

    def admit(self, key: ModelKey) -> bool:
        """Whether predictions of this model are taken; others need not be handed over."""

    def awaits(self, prediction_ids: Callable[[], Sequence[str]]) -> bool:
        """Whether a late fact waits for one of these, to be joined before more is taken."""

    def snapshot(self) -> Iterator[Tree]:
        """Yield the whole state, part by part; nothing else is called before its end."""

    def restore(self, trees: Iterator[Tree]) -> None:
        """Replace the state by what ``snapshot`` yielded under the same schema."""


class Feeder:
    """Hands requests to a sink, in order, without what was seen before.

    Rows of requests that follow one another are observed together. To the sink it
    makes no difference but in speed: each model's rows stay in order, and late facts
    come between the same rows as if each request were handed over alone, and the sink makes
    room after the same requests.

    Not locked; its owner is.

    Args:
        sink: Where observations end.
        telemetry: Counts what was taken and what was dropped.
        spans: Keys of the spans seen.
        facts: Keys of the late facts seen.
        courtesy: Gives steps their turns, none much longer than those of others.

    Attributes:
        unsettled: Spans and records since the sink was told to make room.
    """

    def __init__(
        self,
        sink: Sink,
        telemetry: Telemetry,
        *,
        spans: SeenSet,
        facts: SeenSet,
        courtesy: Courtesy,
    ) -> None:
        self._sink = sink
        self._courtesy = courtesy
        self._telemetry = telemetry
        self._spans = spans
        self._facts = facts
        self._waiting: list[Table] = []
        self.unsettled = 0
        self._related: list[SpanBatch] = []
        self._sink_failed = False

    @property
    def unbroken(self) -> int:
        """Spans and records that can come in one piece: after them the sink makes room."""
        return _SETTLE_ITEMS - self.unsettled

    def feed(self, items: Sequence[Item]) -> None:
        """Hand over requests; all of it is observed when this returns."""
        traces = [item.decoded for item in items if isinstance(item.decoded, DecodedTraces)]
        parts = [part for decoded in traces for part in decoded.predictions]
        with self._courtesy.turn():
            fresh = iter(fresh_predictions(parts, self._spans))
        for item in items:
            if isinstance(item.decoded, Look):
                self._flush()
                self._sink.look(item.received_ns, since_ns=item.decoded.since_ns)
                continue
            if isinstance(item.decoded, DecodedTraces):
                mine = list(islice(fresh, len(item.decoded.predictions)))
                self._take_all(mine, item.decoded.spans, item.received_ns)
            if item.decoded.events:
                self._flush()
                for events in item.decoded.events:
                    self._attach(events)
            self._count(item.decoded, item.signal)
            self.unsettled += item.rows
            if self.unsettled >= _SETTLE_ITEMS:
                self._flush()
                self._sink.settle()
                self.unsettled = 0
        self._flush()

    def _take_all(
        self,
        parts: Sequence[tuple[Predictions | None, int]],
        spans: Sequence[SpanBatch],
        received_ns: int,
    ) -> None:
        """Take a request's predictions, each part with the number of duplicates in it."""
        at_once = any(isinstance(part, ObservationBatch) for part, _ in parts)
        if at_once:
            # What waits is observed before its spans have others behind them.
            self._flush()
        self._related.extend(spans)
        for part, dropped in parts:
            if dropped:
                self._telemetry.add("barograph.monitor.duplicates", dropped, signal="traces")
            if part is not None:
                self._take(part, received_ns)
        if at_once:
            self._flush()

    def _take(self, part: Predictions, received_ns: int) -> None:
        """Observe predictions, those of a table when more of them have come."""
        if isinstance(part, ObservationBatch):
            self._flush()
            self._observe(replace(part, received_ns=received_ns))
            return
        table = self._admitted(part)
        if table is not None:
            self._waiting.append(table.received(received_ns))
            if self._sink.awaits(table.names):
                self._flush()

    def _admitted(self, table: Table) -> Table | None:
        """Drop rows of models that there is no room for, before they cost a batch each."""
        refused = [not self._sink.admit(key.model) for key in table.keys]
        if not any(refused):
            return table
        rows = table.rows[np.array(refused)[table.group[table.rows]]]
        self._telemetry.add("barograph.monitor.evicted", len(rows), what="models")
        return table.without(rows) if len(rows) < len(table.rows) else None

    def _flush(self) -> None:
        spans, self._related = self._related, []
        if spans:
            with self._courtesy.turn(), self._unharmed(sum(map(len, spans))):
                self._sink.relate(spans)
        tables, self._waiting = self._waiting, []
        if tables:
            with self._courtesy.turn():
                batches = batches_of(tables)
            for batch in batches:
                self._observe(batch)

    def _observe(self, batch: ObservationBatch) -> None:
        start = 0
        while start < len(batch):
            stop = len(batch)
            if stop - start > _MOST_ROWS:
                stop = start + self._sink.stretch(batch.model, _MOST_ROWS)
            part = batch if stop - start == len(batch) else batch.take(slice(start, stop))
            with self._courtesy.turn(), self._unharmed(len(part)):
                self._sink.observe(part)
            start = stop

    def _attach(self, events: EventBatch) -> None:
        fresh, dropped = fresh_events(events, self._facts)
        if dropped:
            self._telemetry.add("barograph.monitor.duplicates", dropped, signal="logs")
        if fresh is not None:
            with self._unharmed(len(fresh)):
                self._sink.attach(fresh)

    @contextmanager
    def _unharmed(self, items: int) -> Iterator[None]:
        """Go on whatever the sink does with so many items, which count as dropped if it fails.

        To stop would lose all models for one; and the same batch would stop every restart.
        """
        try:
            yield
        except Exception:  # noqa: BLE001 - a mistake in the code may raise any
            self._telemetry.add("barograph.monitor.dropped", items, reason="sink_error")
            if not self._sink_failed:
                self._sink_failed = True
                _LOG.exception(
                    "a batch was dropped by a mistake in the code; more are only counted"
                )

    def _count(self, decoded: Decoded, signal: SignalKind) -> None:
        add = self._telemetry.add
        add("barograph.monitor.accepted", decoded.accepted, signal=signal)
        add("barograph.monitor.passed_over", decoded.passed_over, signal=signal)
        for reason, count in decoded.rejections.items():
            add("barograph.monitor.rejected", count, signal=signal, reason=reason)
        for reason, count in decoded.warnings.items():
            add("barograph.monitor.warnings", count, reason=reason)
