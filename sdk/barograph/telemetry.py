"""What the SDK says about itself: counters, and one log line per kind of failure.

A failure inside the SDK must never reach the call it watches. It is counted here
under the place where it happened, and logged once, without the values involved.
"""

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["QueueCounts", "Stats", "count", "failed", "stats"]

_logger = logging.getLogger("barograph")


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """What became of the items offered to an export queue."""

    accepted: int = 0
    exported: int = 0
    dropped: int = 0
    """Refused because the queue was full, or had been shut down."""
    failed: int = 0
    """Given up on by the exporter, after its own retries."""

    def __add__(self, other: "QueueCounts") -> "QueueCounts":
        return QueueCounts(
            self.accepted + other.accepted,
            self.exported + other.exported,
            self.dropped + other.dropped,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class Stats:
    """The SDK's own counters since the process started.

    `spans` and `facts` count what passed the queues that `barograph.configure` built;
    with a provider of your own, its own processors count.
    """

    spans: QueueCounts
    facts: QueueCounts
    facts_withheld: int
    """Late facts not sent because their prediction is known to have been sampled out."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """Failures inside the SDK, or in a mask or selector it called, by place."""


_lock = threading.Lock()
_counts: Counter[str] = Counter()
_failures: Counter[str] = Counter()
_logged: set[tuple[str, str]] = set()
_MAX_LOGGED = 256  # distinct (place, type) pairs: an error type made per call must not grow it
_queues: dict[str, list[Callable[[], QueueCounts]]] = {"spans": [], "facts": []}
_retired: dict[str, QueueCounts] = {"spans": QueueCounts(), "facts": QueueCounts()}


def register_queue(signal: str, counts: Callable[[], QueueCounts]) -> None:
    """Include a queue of `signal` ("spans" or "facts") in `stats`."""
    with _lock:
        _queues[signal].append(counts)


def retire_queue(signal: str, counts: Callable[[], QueueCounts]) -> None:
    """Fold the counts of a queue that was shut down into the totals. Idempotent."""
    with _lock:
        if counts in _queues[signal]:
            _queues[signal].remove(counts)
            _retired[signal] = _retired[signal] + counts()


def count(name: str, amount: int = 1) -> None:
    """Add `amount` to the counter `name`."""
    with _lock:
        _counts[name] += amount


def failed(place: str, error: BaseException) -> None:
    """Count a failure at `place`, and log the first of its type there.

    Only the error's type is logged: its message may quote what a user wants kept private.
    """
    kind = type(error).__name__
    with _lock:
        _failures[place] += 1
        first = (place, kind) not in _logged and len(_logged) < _MAX_LOGGED
        if first:
            _logged.add((place, kind))
    if first:
        _logger.warning("barograph: %s failed with %s; the call goes on (logged once)", place, kind)


def _renew_lock() -> None:
    """In a forked child: the lock may have been held by a thread that did not come along."""
    global _lock  # noqa: PLW0603  # the one place that holds it
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def stats() -> Stats:
    """Return a snapshot of the SDK's own counters."""
    with _lock:
        return Stats(
            spans=sum((counts() for counts in _queues["spans"]), _retired["spans"]),
            facts=sum((counts() for counts in _queues["facts"]), _retired["facts"]),
            facts_withheld=_counts["facts_withheld"],
            failures=dict(_failures),
        )
