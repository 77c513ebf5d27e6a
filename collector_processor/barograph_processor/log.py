"""The log on stderr: lines for people or JSON for machines, never one for each item."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

__all__ = ["RateLimit", "configure_logging"]

_LOG: Final = logging.getLogger(__name__)
_PER_MINUTE: Final = 5
_MINUTE: Final = 60.0


def configure_logging(kind: Literal["text", "json"], *, stream: TextIO | None = None) -> None:
    """Let all loggers write to stderr, warnings of everybody and notes of ours.

    Args:
        kind: ``json`` writes an object a line with ``time``, ``level``, ``logger``,
            ``message``, ``suppressed`` and ``exception`` where there are such, and
            what the record's ``fields`` hold.
        stream: Where to write instead.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonFormatter() if kind == "json" else _TextFormatter())
    handler.addFilter(RateLimit())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # Those of Python, too: numpy's come with what applications send.
    logging.captureWarnings(capture=True)
    threading.excepthook = _tell_of_thread
    logging.getLogger("barograph_processor").setLevel(logging.INFO)


def _tell_of_thread(died: threading.ExceptHookArgs) -> None:
    """Say that a thread has died of an error, in the log rather than between its lines."""
    if died.exc_value is None or isinstance(died.exc_value, SystemExit):
        return
    name = "a thread" if died.thread is None else died.thread.name
    _LOG.critical("%s has died of an error", name, exc_info=died.exc_value)


class RateLimit(logging.Filter):
    """Lets five records a minute of one kind pass; the next one says how many it held back.

    A kind is a logger and a message before its arguments are filled in, so that
    there are as many as places in the code that log.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        # Start of the minute, records in it, records held back.
        self._kinds: dict[tuple[str, str], tuple[float, int, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written, and note on it what was not."""
        kind, now = (record.name, str(record.msg)), self._clock()
        with self._lock:
            start, count, held_back = self._kinds.get(kind, (now, 0, 0))
            if now - start >= _MINUTE:
                start, count = now, 0
            if count >= _PER_MINUTE:
                self._kinds[kind] = (start, count, held_back + 1)
                return False
            self._kinds[kind] = (start, count + 1, 0)
        if held_back:
            record.suppressed = held_back
        return True


class _TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        suppressed = getattr(record, "suppressed", 0)
        note = f" ({suppressed} more like it were not written)" if suppressed else ""
        return super().format(record) + note


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if suppressed := getattr(record, "suppressed", 0):
            line["suppressed"] = suppressed
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
