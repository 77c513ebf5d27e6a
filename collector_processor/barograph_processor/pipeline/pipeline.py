"""From acknowledged bytes to state: durable, in order, nothing twice."""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Final

from barograph_processor.exceptions import OverloadedError
from barograph_processor.journal import Journal, SignalKind
from barograph_processor.otlp import NOTHING, TraceDimensions
from barograph_processor.pipeline.decoder import Decoder
from barograph_processor.pipeline.envelope import Envelope
from barograph_processor.pipeline.feeder import Feeder, Sink
from barograph_processor.pipeline.inbox import Inbox, Item, Look
from barograph_processor.pipeline.reception import Acknowledgement, Read, Reception
from barograph_processor.pipeline.replay import replayed
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.pipeline.turn import Courtesy, TurnLock
from barograph_processor.telemetry import Telemetry

__all__ = ["Pipeline"]

_LOG: Final = logging.getLogger(__name__)
_NS_PER_S: Final = 1_000_000_000
_PAUSE_SECONDS: Final = 1.0
"""Between checkpoints while the journal has no room for requests."""


class Pipeline:
    """Takes requests from many threads and feeds a sink from one.

    A request is decoded, written to the journal, and acknowledged; the worker
    then takes requests in the journal's order, drops duplicates, and hands the
    rest to the sink. A checkpoint holds the sink's state, what was seen and the
    counters, all of the same moment; ``start`` restores it and replays the
    journal behind it. So after a crash the sink is where it would have been.

    Args:
        sink: Where observations end.
        journal: Durable store, its owner closes it after ``close``.
        telemetry: Own counters; those of processing continue from the checkpoint.
        max_queue_bytes: Bound of what is acknowledged or being so, and not yet
            processed. One request is always let in.
        seen_capacity: Spans and events, each, that duplicates are found among.
        checkpoint_seconds: Longest time between checkpoints while requests come.
        checkpoint_bytes: Most that a replay has to read, as the journal keeps it.
        dimensions: What of the traces is read beside the predictions.

    Attributes:
        started_ns: When the counters of this state began, ns since the epoch.
        leaving: Whether it is about to end.
    """

    def __init__(
        self,
        sink: Sink,
        journal: Journal,
        telemetry: Telemetry,
        *,
        max_queue_bytes: int = 256 * 1024 * 1024,
        seen_capacity: int = 1_000_000,
        checkpoint_seconds: float = 15.0,
        checkpoint_bytes: int = 256 * 1024 * 1024,
        dimensions: TraceDimensions = NOTHING,
    ) -> None:
        self._sink = sink
        self._journal = journal
        self._telemetry = telemetry
        self._checkpoint_seconds = checkpoint_seconds
        self._checkpoint_bytes = checkpoint_bytes
        # A label per prediction and some reactions: as many facts as spans are kept in mind.
        self._spans, self._facts = SeenSet(seen_capacity), SeenSet(seen_capacity)
        courtesy = Courtesy()
        self._decoder = Decoder(dimensions)
        self._feeder = Feeder(
            sink, telemetry, spans=self._spans, facts=self._facts, courtesy=courtesy
        )
        self._turn = TurnLock()
        self._inbox = Inbox(max_queue_bytes)
        self._reception = Reception(self._decoder, journal, self._inbox, telemetry, courtesy)
        self._seq = 0
        self._unsaved_bytes = 0
        self._saved_at = time.monotonic()
        self._worker = threading.Thread(target=self._run, name="barograph-worker", daemon=True)
        self.started_ns = time.time_ns()
        self.leaving = False

    def start(self) -> None:
        """Restore the checkpoint, replay what the journal holds behind it, and accept.

        ``started_ns`` is then when this state's counters began, ns since the epoch.

        Raises:
            StateError: The checkpoint or the journal is damaged, or of another
                version.
        """
        checkpoint = self._journal.load_checkpoint()
        if checkpoint is not None:
            self._seq = checkpoint.seq
            envelope = Envelope.unpack(checkpoint, self._sink.schema)
            envelope.restore(self._sink, self._spans, self._facts, self._telemetry)
            self.started_ns = envelope.started_ns
            self._feeder.unsettled = envelope.unsettled
        self._replay()
        self._seq = self._journal.last_seq
        # A damaged last record leaves no replay behind, but must not be read again.
        self.checkpoint()
        self._inbox.open(self._seq + 1)
        self._worker.start()

    @property
    def ready(self) -> bool:
        """Whether further requests should come: it takes them, and is not about to end."""
        return self._inbox.is_open and not self.broken and not self.leaving

    @property
    def broken(self) -> bool:
        """Whether a thread has died of a mistake: nothing is taken or processed until a restart."""
        worker = self._worker.ident is None or self._worker.is_alive()
        return self._inbox.is_open and not (
            worker and self._reception.alive and self._journal.alive
        )

    def leave(self) -> None:
        """Be ready no more; what comes all the same is still taken, until ``close``."""
        self.leaving = True

    def submit(
        self, signal: SignalKind, payload: bytes, packed: bytes | None = None
    ) -> Acknowledgement:
        """Take a request; when this returns it is durable, and it will be processed once.

        Blocks for one write to the disk. Safe to call from any thread.

        Args:
            signal: What it carries.
            payload: The message.
            packed: The same in gzip, if it came so: what the journal then keeps.

        Raises:
            UndecodableError: It is no OTLP request.
            OverloadedError: It cannot be taken now.
        """
        return self.begin(signal, lambda: (payload, packed)).result()

    def begin(self, signal: SignalKind, read: Read) -> "Future[Acknowledgement]":
        """Have a request taken; as ``submit``, which returns or raises what the future does.

        One that is cancelled before it is read is not taken.

        Args:
            signal: What it carries.
            read: Reads it, on another thread.

        Raises:
            OverloadedError: It cannot be taken any more.
        """
        return self._reception.begin(signal, read)

    def look(self, now_ns: int, *, since_ns: int) -> None:
        """Have the sink look at the wall clock, in turn with the requests.

        It is journalled like a request, so that a replay looks at the same moment.

        Args:
            now_ns: By the wall clock.
            since_ns: Since when anybody listened, by the same clock.

        Raises:
            OverloadedError: It cannot be taken now.
        """
        seen = Look(since_ns)
        payload = seen.pack()
        self._inbox.reserve(len(payload))
        try:
            seq = self._journal.append("clock", payload, time_ns=now_ns)
        except BaseException:
            self._inbox.release(len(payload))
            raise
        self._inbox.put(Item(seq, "clock", seen, len(payload), now_ns, len(payload)))

    def hold(self) -> AbstractContextManager[None]:
        """Keep the worker out for the length of the context: a consistent state to read.

        Not reentrant; hold it shortly, processing waits.
        """
        return self._turn.hold()

    def measure(self) -> None:
        """Bring the gauges of queue, journal and lag up to date."""
        oldest_ns = self._inbox.oldest_ns()
        lag = 0.0 if oldest_ns is None else max(0.0, (time.time_ns() - oldest_ns) / _NS_PER_S)
        self._telemetry.set("barograph.monitor.lag", lag)
        self._telemetry.set("barograph.monitor.queue.bytes", self._inbox.size_bytes)
        self._telemetry.set("barograph.monitor.journal.bytes", self._journal.size_bytes)

    def checkpoint(self) -> None:
        """Write the state as of the last request processed. By the worker, or before it runs.

        Nothing is processed meanwhile, and nobody reads the state before all of it is packed,
        which waits for the disk only where it is large; requests are acknowledged all the same.

        Raises:
            OverloadedError: The disk is full; the checkpoint before stands.
        """
        with self._turn.hold(), self._telemetry.stage("checkpoint"):
            blocks = Envelope.pack(
                self._sink,
                self._spans,
                self._facts,
                self._telemetry,
                started_ns=self.started_ns,
                unsettled=self._feeder.unsettled,
            )
            finish = self._journal.begin_checkpoint(self._seq, self._sink.schema, blocks)
        finish()
        self._unsaved_bytes = 0
        self._saved_at = time.monotonic()

    def close(self) -> None:
        """Refuse more, process what was acknowledged, write a checkpoint.

        More than once is no error. If the last checkpoint fails, the journal
        holds what is missing from it.
        """
        if self._inbox.close():
            self._worker.join()
            self._try_checkpoint()
        self._reception.close()

    def _run(self) -> None:
        while True:
            timeout = self._due if self._unsaved_bytes else None
            items = self._inbox.take(timeout, enough=self._feeder.unbroken)
            if items:
                self._process(items)
                for item in items:
                    self._inbox.release(item.cost)
            elif not self._inbox.is_open and self._inbox.is_empty:
                return
            many = self._unsaved_bytes >= self._checkpoint_bytes
            if self._unsaved_bytes and (many or self._due <= 0):
                self._try_checkpoint()

    @property
    def _due(self) -> float:
        """Seconds until the next checkpoint, which comes sooner where it has to make room."""
        pause = _PAUSE_SECONDS if self._journal.short else self._checkpoint_seconds
        return self._saved_at + min(pause, self._checkpoint_seconds) - time.monotonic()

    def _try_checkpoint(self) -> None:
        try:
            self.checkpoint()
        except OverloadedError as error:
            _LOG.warning("no checkpoint: %s; the journal is kept and grows", error)
            self._saved_at = time.monotonic()
        except Exception:  # noqa: BLE001 - what was acknowledged is worked off all the same
            _LOG.exception("no checkpoint, by a mistake in the code; the journal is kept and grows")
            self._saved_at = time.monotonic()

    def _replay(self) -> None:
        records = self._journal.read(self._seq)
        for items in replayed(records, self._decoder, self._telemetry):
            self._process(items)
            if self._unsaved_bytes >= self._checkpoint_bytes:
                self.checkpoint()

    def _process(self, items: Sequence[Item]) -> None:
        with self._turn.hold(), self._telemetry.stage("observe"):
            try:
                self._feeder.feed(items)
            except Exception:  # noqa: BLE001 - the same requests would stop every restart
                self._telemetry.add(
                    "barograph.monitor.dropped",
                    sum(item.rows for item in items),
                    reason="sink_error",
                )
                _LOG.exception("requests were dropped by a mistake in the code")
            self._seq = items[-1].seq
            self._unsaved_bytes += sum(max(1, item.stored) for item in items)
