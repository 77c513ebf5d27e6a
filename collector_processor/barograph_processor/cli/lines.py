"""What happened, as lines of JSON: the output of ``replay`` and ``demo``."""

import os
import sys
from typing import Any

import orjson

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.views import incident_view, iso

__all__ = ["alarm_line", "print_line", "window_line"]


def window_line(record: WindowRecord) -> dict[str, Any]:
    """Return the line of a closed window."""
    line: dict[str, Any] = {
        "type": "window",
        "window": record.window,
        "start": iso(record.start_ns),
        "end": iso(record.end_ns),
        "rows": record.rows,
        "state": record.condition,
        "signals": record.signals,
    }
    return {**line, "partial": True} if record.partial else line


def alarm_line(change: AlarmChange) -> dict[str, Any]:
    """Return the line of a step in an alarm's life: ``open``, ``updated`` or ``resolved``."""
    alarm = change.alarm
    return {
        "type": "alarm",
        "window": change.window,
        "signal": alarm.signal,
        "feature": alarm.feature,
        "slice": None if alarm.slice is None else dict(alarm.slice),
        "severity": alarm.severity,
        "state": change.change,
        "evidence": alarm.evidence,
        "threshold": alarm.threshold,
        "since_window": alarm.since_window,
        "since": iso(alarm.since_ns),
        "before": alarm.before,
        "now": alarm.now,
        "interval": None if alarm.interval is None else list(alarm.interval),
        "sentence": alarm.sentence,
        "trace_ids": list(alarm.trace_ids),
        "incident": incident_view(alarm.incident),
        "id": alarm.id,
    }


def print_line(line: dict[str, Any]) -> None:
    """Write one line to stdout and flush it, so that a reader sees it as it happens.

    Raises:
        ConfigurationError: It cannot be written, for want of space, say.
    """
    try:
        sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # So that the interpreter does not try, and fail, once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ConfigurationError(f"standard output: {error.strerror}") from error
