"""A bounded queue between the calls that are watched and the exporter that sends.

The official batch processor loses the oldest items when it is full, does not say how many,
and ignores the timeout of a flush. This one counts, waits for room if it is told to, and
keeps its promises over a flush, a fork and an exit.
"""

import multiprocessing
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import util as multiprocessing_util
from time import monotonic
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from opentelemetry.context import (
    _SUPPRESS_INSTRUMENTATION_KEY,  # the key has no public name yet, see opentelemetry.context
    attach,
    detach,
    set_value,
)

from barograph import telemetry

__all__ = ["ExportQueue", "OnFull", "QueueLimits"]

T = TypeVar("T")
OnFull: TypeAlias = Literal["drop", "block"]


def _positive(name: str, default: int) -> int:
    """Read a positive whole number from the environment; anything else is the default."""
    try:
        value = int(os.environ.get(name, ""))
    except ValueError:
        return default
    return value if value > 0 else default


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Sizes of a queue, by OpenTelemetry's variables.

    Raises:
        ValueError: A size is not positive.
    """

    max_queue: int
    """Items held at most."""
    max_batch: int
    """Items of one request at most; as many wake the worker at once."""
    delay: float
    """Seconds after which an incomplete batch is sent."""

    def __post_init__(self) -> None:
        if self.max_queue <= 0 or self.max_batch <= 0 or self.delay <= 0:
            raise ValueError(f"queue sizes and delay must be positive, got {self!r}")

    @classmethod
    def from_environment(cls, prefix: str, delay_milliseconds: int) -> "QueueLimits":
        """Read `{prefix}_MAX_QUEUE_SIZE` and its kin; `prefix` is `OTEL_BSP` or `OTEL_BLRP`."""
        max_queue = _positive(f"{prefix}_MAX_QUEUE_SIZE", 2048)
        return cls(
            max_queue,
            min(max_queue, _positive(f"{prefix}_MAX_EXPORT_BATCH_SIZE", 512)),
            _positive(f"{prefix}_SCHEDULE_DELAY", delay_milliseconds) / 1000,
        )


class _Mark(threading.Event):
    """A place in the queue; set when everything before it has been sent or given up."""


class ExportQueue(Generic[T]):
    """Gathers items and hands them to `export` in batches, on a thread of its own.

    State: the queued items. `put` costs an append to a deque and takes no lock unless the
    queue is full. The worker starts with the first item, in a forked child anew.

    Args:
        export: Sends a batch; true if it arrived. Its exceptions are counted as failures.
        signal: "spans" or "facts", under which the items are counted.
        limits: Sizes of the queue.
        on_full: "drop" refuses the new item and counts it; "block" makes the caller wait.
    """

    def __init__(
        self,
        export: Callable[[list[T]], bool],
        *,
        signal: str,
        limits: QueueLimits,
        on_full: OnFull = "drop",
    ) -> None:
        self._export = export
        self._signal = signal
        self._limits = limits
        self._max_queue = limits.max_queue
        self._max_batch = limits.max_batch
        self._block = on_full == "block"
        self._items: deque[T | _Mark] = deque()
        self._reset()
        telemetry.register_queue(signal, self.counts)
        survive_fork(self)

    def _reset(self) -> None:
        """Start empty: new, or in a forked child, whose parent sends what it had queued."""
        self._items.clear()
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._wake = threading.Event()
        self._worker: threading.Thread | None = None
        self._marks = 0
        self._in_flight = 0
        self._exported = self._failed = self._dropped = 0
        self._closed = False

    def counts(self) -> telemetry.QueueCounts:
        """Return what became of the items so far."""
        with self._lock:
            done = self._exported + self._failed
            held = len(self._items) - self._marks + self._in_flight
            return telemetry.QueueCounts(done + held, self._exported, self._dropped, self._failed)

    def put(self, item: T) -> None:
        """Queue `item`; never raises, and waits only if the queue is full and told to block."""
        items = self._items
        if self._closed or (len(items) >= self._max_queue and not self._found_room()):
            with self._lock:
                self._dropped += 1
            return
        items.append(item)
        if self._worker is None:
            self._start()
        if len(items) >= self._max_batch and not self._wake.is_set():
            self._wake.set()

    def _found_room(self) -> bool:
        if not self._block or threading.current_thread() is self._worker:
            return False
        with self._room:
            while len(self._items) >= self._max_queue and not self._closed:
                self._wake.set()
                self._room.wait(0.5)  # not for ever: the worker may have died with its process
        return not self._closed

    def _start(self) -> None:
        with self._lock:
            if self._worker is not None:
                return
            worker = threading.Thread(target=self._work, name="barograph-export", daemon=True)
            try:
                worker.start()
            except RuntimeError:  # the interpreter is exiting: shutdown will send the rest
                return
            self._worker = worker

    def _work(self) -> None:
        while True:
            timed_out = not self._wake.wait(self._limits.delay)
            self._wake.clear()
            everything = timed_out or self._marks > 0 or self._closed
            self._drain(everything=everything)
            if self._closed and not self._items:
                return

    def _drain(self, *, everything: bool) -> None:
        while self._items and (everything or len(self._items) >= self._max_batch):
            batch, mark = self._take()
            if batch:
                self._send(batch)
            if mark is not None:
                mark.set()

    def _take(self) -> tuple[list[T], _Mark | None]:
        """Take a batch off the queue, up to the next mark."""
        batch: list[T] = []
        mark: _Mark | None = None
        with self._room:
            popleft = self._items.popleft
            for _ in range(min(self._max_batch, len(self._items))):
                item = popleft()
                if isinstance(item, _Mark):
                    mark = item
                    self._marks -= 1
                    break
                batch.append(item)
            self._in_flight += len(batch)
            self._room.notify_all()
        return batch, mark

    def _send(self, batch: list[T]) -> None:
        arrived = False
        token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))  # noqa: FBT003  # OTel's API
        try:
            arrived = self._export(batch)
        except Exception as error:  # noqa: BLE001  # any exporter may be plugged in
            telemetry.failed("export", error)
        finally:
            detach(token)
            with self._lock:
                self._in_flight -= len(batch)
                if arrived:
                    self._exported += len(batch)
                else:
                    self._failed += len(batch)

    def flush(self, timeout: float) -> bool:
        """Wait until all that was queued before has been sent; false after `timeout` seconds."""
        mark = _Mark()
        with self._lock:
            if self._closed:
                return not self._items
            self._marks += 1
            self._items.append(mark)
        self._start()
        self._wake.set()
        if self._worker is None:
            self._drain(everything=True)
        return mark.wait(max(0.0, timeout))

    def shutdown(self, timeout: float) -> bool:
        """Send what is queued, within `timeout` seconds, and refuse more. Idempotent."""
        deadline = monotonic() + timeout
        self._closed = True
        self._wake.set()
        with self._room:
            self._room.notify_all()
        worker = self._worker
        if worker is None:
            self._drain(everything=True)
        elif worker is not threading.current_thread():
            worker.join(max(0.0, deadline - monotonic()))
        telemetry.retire_queue(self._signal, self.counts)
        return not self._items


def survive_fork(queue: ExportQueue[Any]) -> None:
    """Let `queue` work in forked children too, and lose nothing when they end.

    A child of `multiprocessing` leaves without running `atexit`, so it flushes by a finalizer
    of that package, which must be registered after the child has cleared its own.
    """
    known = weakref.ref(queue)

    def renew() -> None:
        if (alive := known()) is not None:
            alive._reset()  # noqa: SLF001  # this module's own

    def flush_at_exit(alive: ExportQueue[Any]) -> None:
        multiprocessing_util.Finalize(alive, alive.flush, args=(5.0,), exitpriority=100)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)
    multiprocessing_util.register_after_fork(queue, flush_at_exit)
    if multiprocessing.parent_process() is not None:  # made in a child
        flush_at_exit(queue)
