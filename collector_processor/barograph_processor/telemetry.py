"""The processor's own counters: what came in, what went out, what was dropped and why."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

__all__ = ["Telemetry"]

_Key = tuple[str, tuple[tuple[str, str], ...]]


class Telemetry:
    """Cumulative counters and last-value gauges by metric and attributes.

    Safe to call from any thread; the lock is held for one dictionary update.
    State size: one number for each metric and combination of attributes, all of
    which are chosen by the code, never by what came in.

    >>> telemetry = Telemetry()
    >>> telemetry.add("barograph.monitor.refused", 2, reason="too_large")
    >>> telemetry.counters()
    {('barograph.monitor.refused', (('reason', 'too_large'),)): 2.0}
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[_Key, float] = {}
        self._gauges: dict[_Key, float] = {}

    def add(self, metric: str, amount: float = 1, **attributes: str) -> None:
        """Add to a counter. ``amount`` is not negative; zero makes the counter exist."""
        key = (metric, tuple(sorted(attributes.items())))
        with self._lock:
            self._counters[key] = self._counters.get(key, 0.0) + amount

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what this thread works for the length of the context to a stage."""
        start = time.thread_time()
        try:
            yield
        finally:
            self.add("barograph.monitor.stage.seconds", time.thread_time() - start, stage=name)

    def set(self, metric: str, value: float, **attributes: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._gauges[metric, tuple(sorted(attributes.items()))] = value

    def counters(self) -> Mapping[_Key, float]:
        """Return a copy of all counters."""
        with self._lock:
            return dict(self._counters)

    def gauges(self) -> Mapping[_Key, float]:
        """Return a copy of all gauges."""
        with self._lock:
            return dict(self._gauges)

    def restore(self, counters: Mapping[_Key, float]) -> None:
        """Continue counters of an earlier process; gauges start anew."""
        with self._lock:
            self._counters = dict(counters)
