"""Requests on disk before they are acknowledged: group commit by one writer thread."""

import logging
import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from barograph_processor.exceptions import OverloadedError
from barograph_processor.journal.held_store import HeldStore
from barograph_processor.journal.record import Checkpoint, Record, SignalKind
from barograph_processor.journal.room import Room, Usage
from barograph_processor.journal.store import OVERHEAD_BYTES, Store
from barograph_processor.telemetry import Telemetry

__all__ = ["Journal"]

_LOG: Final = logging.getLogger(__name__)
# One transaction takes what has gathered while the one before was synced, up to this.
_GROUP_BYTES: Final = 64 * 1024 * 1024
_GROUP_RECORDS: Final = 1024
_GENERATION_BITS: Final = 62
# Of a checkpoint; what waits longer holds up who makes it.
_AHEAD_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Append:
    signal: SignalKind
    payload: bytes
    time_ns: int
    done: "Future[int]" = field(default_factory=Future)

    @property
    def cost(self) -> int:
        return len(self.payload) + OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class _Step:
    """A transaction of a checkpoint."""

    work: Callable[[Store], None]
    done: "Future[None]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


_Item = _Append | _Step | _Stop


class Journal:
    """Keeps acknowledged requests until a checkpoint holds what became of them.

    ``append`` and ``size_bytes`` may be used from any thread. One writer thread puts
    all that waits into one transaction, so that many callers share one sync.

    Args:
        path: The database file; beside it lie SQLite's log and a lock file.
        max_bytes: Bound of all records together, checkpoint apart.
        telemetry: Counts damaged records.

    Raises:
        ConfigurationError: The directory cannot be written, or another process has it.
        OverloadedError: The disk is full, or fails.
        StateError: The file is damaged, or of an unknown format.
    """

    def __init__(self, path: Path, *, max_bytes: int, telemetry: Telemetry) -> None:
        self._held = HeldStore(path)
        self._max_bytes = max_bytes
        self._telemetry = telemetry
        self._guard = threading.Lock()
        self._closed = False
        self._stored_bytes = self._held.store.payload_bytes()
        self._bytes = self._stored_bytes
        self._last_seq = self._held.store.last_seq()
        self._room = Room(path.parent)
        self._checkpoint_bytes = self._held.store.checkpoint_bytes()
        # None where there is plenty of room, or where it may have changed without us.
        self._usage = self._looked(self._held.store)
        self._short = False
        self._waiting: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._run, name="barograph-journal", daemon=True)
        self._writer.start()

    @property
    def size_bytes(self) -> int:
        """What the records take, those being written included."""
        return self._bytes

    @property
    def short(self) -> bool:
        """Whether the last request was refused for lack of room, which a checkpoint may make."""
        return self._short

    @property
    def alive(self) -> bool:
        """Whether its thread is there: without it nothing is written, nor refused."""
        return self._writer.is_alive()

    @property
    def last_seq(self) -> int:
        """The number of the last record written, 0 if there was none."""
        return self._last_seq

    def append(self, signal: SignalKind, payload: bytes, *, time_ns: int | None = None) -> int:
        """Write a request and return once it is durable.

        Args:
            signal: What the payload is.
            payload: The OTLP message.
            time_ns: When it came, ns since the epoch; now if not given.

        Returns:
            Its sequence number: one more than that of the request before.

        Raises:
            OverloadedError: The journal is full, the disk nearly so, or it is closed.
        """
        time_ns = time.time_ns() if time_ns is None else time_ns
        return self.begin(signal, payload, time_ns=time_ns).result()

    def begin(self, signal: SignalKind, payload: bytes, *, time_ns: int) -> "Future[int]":
        """Have a request written; as ``append``, which returns or raises what the future does."""
        request = _Append(signal, payload, time_ns)
        refusal = self._enqueue(request)
        if refusal is not None:
            request.done.set_exception(refusal)
        return request.done

    def read(self, after: int) -> Iterator[Record]:
        """Yield the records behind ``after``, in order; damaged ones are counted and left out.

        At the end those are counted that are missing behind the last.

        Only before the first ``append``.

        Raises:
            StateError: So much is damaged that reading cannot go on.
        """
        for record in self._held.store.read(after):
            if record is None:
                self._telemetry.add("barograph.monitor.dropped", reason="corrupt_record")
            else:
                yield record
        if self._held.lost:
            _LOG.warning(
                "%d requests that were acknowledged are not in the journal any more: its disk "
                "has lost or damaged the end of it",
                self._held.lost,
            )
            self._telemetry.add("barograph.monitor.dropped", self._held.lost, reason="lost_record")
            self._held.lost = 0
        self._held.mark.set(self._last_seq)

    def save_checkpoint(self, seq: int, schema: int, blocks: Iterable[bytes]) -> None:
        """Replace the checkpoint and forget the records up to ``seq``, both or neither.

        Raises:
            OverloadedError: The disk is full, or the journal is closed; the
                checkpoint before stands.
        """
        self.begin_checkpoint(seq, schema, blocks)()

    def begin_checkpoint(
        self, seq: int, schema: int, blocks: Iterable[bytes]
    ) -> Callable[[], None]:
        """Ask for all blocks of a checkpoint; as ``save_checkpoint``, which returns later.

        Up to 8 MiB of blocks wait for the disk, and the one that is asked for. Requests are
        written between them.

        Returns:
            Waits for the disk. Until it has returned, the checkpoint before stands.

        Raises:
            OverloadedError: Now, or from what is returned: the disk is full, or the journal
                is closed.
        """
        count, generation = 0, secrets.randbits(_GENERATION_BITS)
        waiting: deque[tuple[Future[None], int]] = deque()
        size = 0
        for count, content in enumerate(blocks, 1):
            write = partial(
                Store.add_block, generation=generation, number=count - 1, content=content
            )
            waiting.append((self._begin(write), len(content)))
            size += len(content)
            while size > _AHEAD_BYTES:
                block, length = waiting.popleft()
                block.result()
                size -= length

        def finish() -> None:
            for block, _ in waiting:
                block.result()
            self._begin(partial(self._save, generation, seq, schema, count)).result()

        return finish

    def load_checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint, None if there never was one. Only before ``append``.

        Raises:
            StateError: It is damaged.
        """
        return self._held.store.load_checkpoint()

    def close(self) -> None:
        """Write what waits, close the file, let go of the lock; more than once is no error."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(_Stop())
        self._writer.join()
        self._held.close()

    def _enqueue(self, request: _Append) -> OverloadedError | None:
        """Queue a request, or return why not."""
        with self._guard:
            if self._closed:
                return OverloadedError("shutting down")
            refusal = self._refusal_for(request.cost)
            self._short = refusal is not None
            if refusal is not None:
                return refusal
            self._bytes += request.cost
            # Queued under the guard: behind close's last item nothing would be read.
            self._waiting.put(request)
        return None

    def _refusal_for(self, cost: int) -> OverloadedError | None:
        if self._bytes + cost > self._max_bytes:
            return OverloadedError(f"the journal is full: {self._max_bytes} bytes")
        stored, usage = self._stored_bytes, self._usage
        waiting = self._bytes - stored + cost
        if usage is None or self._room.has(usage, stored=stored, waiting=waiting):
            return None
        if not self._short:
            _LOG.warning(
                "the disk is nearly full: requests are refused, so that a checkpoint has room"
            )
        return OverloadedError("the disk is nearly full", retry_after=5.0)

    def _begin(self, work: Callable[[Store], None]) -> "Future[None]":
        step = _Step(work)
        with self._guard:
            if self._closed:
                raise OverloadedError("shutting down")
            self._waiting.put(step)
        return step.done

    def _run(self) -> None:
        while True:
            item: _Item | None = self._waiting.get()
            while isinstance(item, _Append):
                group, item = self._group(item)
                self._write(group)
            if isinstance(item, _Step):
                self._perform(item)
            elif isinstance(item, _Stop):
                return

    def _group(self, first: _Append) -> "tuple[list[_Append], _Item | None]":
        """Return ``first`` with the appends behind it, and the item that ends the group if any."""
        group, size = [first], first.cost
        while True:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return group, None
            fits = size < _GROUP_BYTES and len(group) < _GROUP_RECORDS
            if not (isinstance(item, _Append) and fits):
                return group, item
            group.append(item)
            size += item.cost

    def _write(self, group: Sequence[_Append]) -> None:
        first = self._last_seq + 1
        records = [
            Record(seq, item.signal, item.payload, item.time_ns)
            for seq, item in enumerate(group, first)
        ]
        start = time.perf_counter()
        try:
            with self._telemetry.stage("journal"):
                self._held.run(partial(self._append, records), last_seq=self._last_seq)
        except OverloadedError as error:
            self._usage = None
            with self._guard:
                self._bytes -= sum(item.cost for item in group)
            for item in group:
                item.done.set_exception(_refusal("journal", error))
            return
        finally:
            self._telemetry.add("barograph.monitor.sync.seconds", time.perf_counter() - start)
        self._last_seq += len(group)
        self._held.mark.set(self._last_seq)
        self._stored_bytes += sum(item.cost for item in group)
        for record, item in zip(records, group, strict=True):
            item.done.set_result(record.seq)

    def _append(self, records: Sequence[Record], store: Store) -> None:
        store.append(records)
        self._usage = self._looked(store)

    def _looked(self, store: Store) -> Usage | None:
        # Mostly one look at the disk: each that lets go of the interpreter waits to have it again.
        if self._room.plenty(self._max_bytes, self._checkpoint_bytes):
            return None
        return store.usage(self._checkpoint_bytes)

    def _perform(self, step: _Step) -> None:
        try:
            self._held.run(step.work, last_seq=self._last_seq)
        except OverloadedError as error:
            self._usage = None
            step.done.set_exception(_refusal("checkpoint", error))
        else:
            step.done.set_result(None)

    def _save(self, generation: int, seq: int, schema: int, blocks: int, store: Store) -> None:
        # Where the commit fails it may have been done all the same.
        self._held.expect(*self._held.generations, generation)
        store.save_checkpoint(generation, seq, schema, blocks)
        self._held.expect(generation)
        if self._short:
            # Else the log would keep room that nothing but another log can take.
            store.fold()
        kept = store.payload_bytes()
        self._checkpoint_bytes = store.checkpoint_bytes()
        self._usage = self._looked(store)
        with self._guard:
            # What waits to be written is in no table yet, and its cost is reserved already.
            self._bytes += kept - self._stored_bytes
        self._stored_bytes = kept


def _refusal(what: str, error: OverloadedError) -> OverloadedError:
    """Return the error for one caller of several: each raises its own."""
    return OverloadedError(f"the {what} cannot be written: {error}", retry_after=error.retry_after)
