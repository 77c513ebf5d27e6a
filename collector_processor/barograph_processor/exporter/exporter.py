"""Sends alarms, and how things stand, in the background, until they have arrived."""

import logging
import math
import random
import threading
import time
from collections.abc import Sequence
from typing import Final, Protocol

from opentelemetry import context

from barograph_processor.exporter.queue import AlarmQueue, QueuedAlarm
from barograph_processor.exporter.tally import Result, Tally
from barograph_processor.exporter.transport import ExportSignal, Outcome, Transport

__all__ = ["Exporter"]

_LOG: Final = logging.getLogger(__name__)
_FIRST_DELAY: Final = 1.0
_LONGEST_DELAY: Final = 30.0
# What a downstream may ask for; one that is wrong about its clock must not silence us.
_LONGEST_ASKED: Final = 300.0


class Exporter:
    """Exports from one background thread; ``metrics`` never blocks, ``alarms`` for one write.

    Metrics are cumulative, so only the newest request is kept: what a lost one
    said, the next one says too. Alarms wait on disk, in order, and are sent before
    metrics. Each is tried again until it arrives or is refused for good, after
    delays that double from one second to thirty, or that the downstream asks for.

    Args:
        transport: How to send; see ``connect``.
        queue: Alarms that wait, those of an earlier process too. Closed by ``close``.
        tally: Counts requests by result.
        give_up_seconds: A request that failed for longer is given up; none is by default.
        rng: Spreads retries; give a seeded one to a test.
    """

    def __init__(
        self,
        transport: Transport,
        queue: AlarmQueue,
        tally: Tally,
        *,
        give_up_seconds: float = math.inf,
        rng: random.Random | None = None,
    ) -> None:
        self._transport = transport
        self._queue = queue
        self._tally = tally
        self._give_up_seconds = give_up_seconds
        self._newest = _Newest()
        self._changed = threading.Condition()
        rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing
        # In order of rank: alarms first.
        self._lanes = (_Lane("logs", queue, rng), _Lane("metrics", self._newest, rng))
        self._closing_at: float | None = None
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="barograph-export", daemon=True)
        self._thread.start()

    def metrics(self, payload: bytes) -> None:
        """Send an ExportMetricsServiceRequest in place of the one that still waits, if any."""
        with self._changed:
            if self._newest.replace(payload):
                self._count("metrics", "replaced")
            self._changed.notify_all()

    def alarms(self, alarms: Sequence[QueuedAlarm]) -> None:
        """Queue changes of alarms behind those that wait; see ``AlarmQueue.put``."""
        self._queue.put(alarms)
        with self._changed:
            self._changed.notify_all()

    def close(self, timeout: float = 5.0) -> None:
        """Try to send what waits for up to ``timeout`` seconds, then stop.

        Returns once the attempt under way, if any, has ended. More than once is no error.
        """
        with self._changed:
            if self._closing_at is None:
                self._closing_at = time.monotonic() + timeout
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        # Were this process instrumented, its exports would come back as spans to watch.
        context.attach(context.set_value("suppress_instrumentation", value=True))
        while (job := self._next()) is not None:
            lane, number, payload = job
            self._settle(lane, number, self._transport.send(lane.signal, payload))
        if self._newest.first() is not None:
            self._count("metrics", "dropped")
        self._transport.close()

    def _next(self) -> "tuple[_Lane, int, bytes] | None":
        """Wait for a request whose time has come; None when closed and done or out of time."""
        with self._changed:
            while True:
                now = time.monotonic()
                waiting = [(lane, first) for lane in self._lanes if (first := lane.source.first())]
                if self._closing_at is not None and (not waiting or now >= self._closing_at):
                    return None
                for lane, (number, payload) in waiting:
                    if now >= lane.not_before:
                        return lane, number, payload
                times = [lane.not_before for lane, _ in waiting]
                if self._closing_at is not None:
                    times.append(self._closing_at)
                self._changed.wait(min(times) - now if times else None)

    def _settle(self, lane: "_Lane", number: int, outcome: Outcome) -> None:
        with self._changed:
            self._count(lane.signal, outcome.result)
            if outcome.result == "failed" and lane.failing_seconds() < self._give_up_seconds:
                lane.delay(outcome.retry_after)
            else:
                if outcome.result == "failed":
                    self._count(lane.signal, "given_up")
                lane.source.remove(number)
                lane.proceed()
        self._log(lane.signal, outcome)

    def _log(self, signal: ExportSignal, outcome: Outcome) -> None:
        """Log changes, not repetitions: a downstream may be away for hours."""
        if outcome.result == "sent" and not outcome.message:
            if self._failing:
                _LOG.info("%s works again", self._tally.what(signal))
            self._failing = False
        elif not self._failing:
            what = self._tally.what(signal)
            _LOG.warning("%s: %s (%s)", what, outcome.result, outcome.message)
            self._failing = True

    def _count(self, signal: ExportSignal, result: Result) -> None:
        self._tally.count(signal, result)


class _Source(Protocol):
    def first(self) -> tuple[int, bytes] | None: ...

    def remove(self, number: int) -> None: ...


class _Newest:
    """At most one request: the newest. Under the exporter's lock."""

    def __init__(self) -> None:
        self._number = 0
        self._payload: bytes | None = None

    def replace(self, payload: bytes) -> bool:
        """Keep a request, and say whether one had to give way."""
        replaced = self._payload is not None
        self._number += 1
        self._payload = payload
        return replaced

    def first(self) -> tuple[int, bytes] | None:
        return None if self._payload is None else (self._number, self._payload)

    def remove(self, number: int) -> None:
        # It may have been replaced while it was being sent.
        if number == self._number:
            self._payload = None


class _Lane:
    """What waits of one signal, and when it may be tried. Under the exporter's lock."""

    def __init__(self, signal: ExportSignal, source: _Source, rng: random.Random) -> None:
        self.signal: ExportSignal = signal
        self.source = source
        self.not_before = 0.0
        self._attempts = 0
        self._failing_since: float | None = None
        self._rng = rng

    def failing_seconds(self) -> float:
        """Say for how long the oldest request fails; 0 at its first failure."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since

    def delay(self, asked: float | None) -> None:
        """Wait before the next attempt: as asked, else twice as long as before."""
        if asked is None:
            longest = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0**self._attempts)
            # Between half and all of it, so that many writers do not come back together.
            seconds = longest * self._rng.uniform(0.5, 1.0)
        else:
            seconds = min(asked, _LONGEST_ASKED)
        self._attempts += 1
        self.not_before = time.monotonic() + seconds

    def proceed(self) -> None:
        """Start anew after a request that was settled."""
        self._attempts = 0
        self._failing_since = None
        self.not_before = 0.0
