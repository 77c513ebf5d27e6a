"""Sends metrics and alarms downstream, in the background, until they have arrived."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import grpc
from opentelemetry import context

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.exporter.endpoint import Endpoint
from barograph_processor.exporter.grpc import GrpcTransport
from barograph_processor.exporter.http import HttpTransport
from barograph_processor.exporter.transport import ExportSignal, Outcome, Transport
from barograph_processor.telemetry import Telemetry

__all__ = ["OtlpExporter", "connect"]

_LOG: Final = logging.getLogger(__name__)
_FIRST_DELAY: Final = 1.0
_LONGEST_DELAY: Final = 30.0
# What a downstream may ask for; one that is wrong about its clock must not silence us.
_LONGEST_ASKED: Final = 300.0
_METRIC: Final = "barograph.monitor.exports"


def connect(
    endpoint: str,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
    ca_file: Path | None = None,
) -> Transport:
    """Return the transport for an endpoint; nothing is sent yet.

    Raises:
        ConfigurationError: The endpoint or the certificates cannot be used.
    """
    parsed = Endpoint.parse(endpoint)
    try:
        if parsed.protocol == "http":
            return HttpTransport(
                parsed.target,
                ca_file=None if ca_file is None else str(ca_file),
                headers=headers or {},
                timeout=timeout,
            )
        credentials = None
        if parsed.secure:
            roots = None if ca_file is None else ca_file.read_bytes()
            credentials = grpc.ssl_channel_credentials(root_certificates=roots)
    except OSError as error:
        raise ConfigurationError(f"the certificates {ca_file} cannot be read: {error}") from error
    return GrpcTransport(
        parsed.target, credentials=credentials, headers=headers or {}, timeout=timeout
    )


class OtlpExporter:
    """Exports from one background thread; ``metrics`` and ``logs`` never block.

    Metrics are cumulative, so only the newest request is kept: what a lost one
    said, the next one says too. Alarms are kept in order, up to a bound, and sent
    before metrics. Each is tried again until it arrives or is refused for good,
    after delays that double from one second to thirty, or that the downstream asks for.

    Args:
        transport: How to send; see ``connect``.
        telemetry: Counts requests by result: sent, failed, refused, dropped, replaced.
        max_log_bytes: Bound of the alarms that wait; beyond it the oldest are dropped.
        rng: Spreads retries; give a seeded one to a test.
    """

    def __init__(
        self,
        transport: Transport,
        telemetry: Telemetry,
        *,
        max_log_bytes: int = 16 * 1024 * 1024,
        rng: random.Random | None = None,
    ) -> None:
        self._transport = transport
        self._telemetry = telemetry
        self._max_log_bytes = max_log_bytes
        self._changed = threading.Condition()
        rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing
        # In order of rank: alarms first.
        self._lanes = {"logs": _Lane("logs", rng), "metrics": _Lane("metrics", rng)}
        self._closing_at: float | None = None
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="barograph-export", daemon=True)
        self._thread.start()

    def metrics(self, payload: bytes) -> None:
        """Send an ExportMetricsServiceRequest in place of the one that still waits, if any."""
        with self._changed:
            waiting = self._lanes["metrics"].waiting
            if waiting:
                self._count("metrics", "replaced")
            waiting.clear()
            waiting.append(payload)
            self._changed.notify_all()

    def logs(self, payload: bytes) -> None:
        """Send an ExportLogsServiceRequest after those that wait."""
        with self._changed:
            waiting = self._lanes["logs"].waiting
            waiting.append(payload)
            while len(waiting) > 1 and sum(map(len, waiting)) > self._max_log_bytes:
                waiting.popleft()
                self._count("logs", "dropped")
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
            lane, payload = job
            self._settle(lane, payload, self._transport.send(lane.signal, payload))
        with self._changed:
            for lane in self._lanes.values():
                for _ in lane.waiting:
                    self._count(lane.signal, "dropped")
        self._transport.close()

    def _next(self) -> "tuple[_Lane, bytes] | None":
        """Wait for a request whose time has come; None when closed and done or out of time."""
        with self._changed:
            while True:
                now = time.monotonic()
                waiting = [lane for lane in self._lanes.values() if lane.waiting]
                if self._closing_at is not None and (not waiting or now >= self._closing_at):
                    return None
                for lane in waiting:
                    if now >= lane.not_before:
                        return lane, lane.waiting[0]
                times = [lane.not_before for lane in waiting]
                if self._closing_at is not None:
                    times.append(self._closing_at)
                self._changed.wait(min(times) - now if times else None)

    def _settle(self, lane: "_Lane", payload: bytes, outcome: Outcome) -> None:
        with self._changed:
            self._count(lane.signal, outcome.result)
            if outcome.result == "failed":
                lane.delay(outcome.retry_after)
            else:
                # It may have been replaced or dropped while it was being sent.
                if lane.waiting and lane.waiting[0] is payload:
                    lane.waiting.popleft()
                lane.proceed()
        self._log(lane.signal, outcome)

    def _log(self, signal: ExportSignal, outcome: Outcome) -> None:
        """Log changes, not repetitions: a downstream may be away for hours."""
        if outcome.result == "sent" and not outcome.message:
            if self._failing:
                _LOG.info("export of %s works again", signal)
            self._failing = False
        elif not self._failing:
            _LOG.warning("export of %s: %s (%s)", signal, outcome.result, outcome.message)
            self._failing = True

    def _count(self, signal: ExportSignal, result: str) -> None:
        self._telemetry.add(_METRIC, signal=signal, result=result)


class _Lane:
    """What waits of one signal, and when it may be tried. Under the exporter's lock."""

    def __init__(self, signal: ExportSignal, rng: random.Random) -> None:
        self.signal: ExportSignal = signal
        self.waiting: deque[bytes] = deque()
        self.not_before = 0.0
        self._attempts = 0
        self._rng = rng

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
        self.not_before = 0.0
