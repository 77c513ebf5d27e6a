"""The log: an object a line, five of a kind a minute, and what was held back is told."""

import io
import json
import logging
import threading
import warnings
from collections.abc import Iterator

import pytest

from barograph_processor.log import RateLimit, configure_logging

_LOG = logging.getLogger("barograph_processor.test")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, threading.excepthook
    logging.captureWarnings(capture=False)
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    threading.excepthook = hook


def test_json_is_an_object_a_line() -> None:
    stream = io.StringIO()
    configure_logging("json", stream=stream)
    _LOG.info("ready", extra={"fields": {"web": "127.0.0.1:1"}})
    try:
        int("two\nlines")
    except ValueError:
        _LOG.exception("it failed: %s", "ä\n")
    logging.getLogger("others").info("not ours, and no warning")
    ready, failed = map(json.loads, stream.getvalue().splitlines())
    assert (ready["level"], ready["message"], ready["web"]) == ("info", "ready", "127.0.0.1:1")
    assert ready["time"].endswith("+00:00")
    assert failed["message"] == "it failed: ä\n"
    assert "ValueError: invalid literal" in failed["exception"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_death_of_a_thread_is_an_object_too() -> None:
    stream = io.StringIO()
    configure_logging("json", stream=stream)
    thread = threading.Thread(target=int, args=("two",), name="barograph-worker")
    thread.start()
    thread.join()
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert (line["level"], line["message"]) == ("critical", "barograph-worker has died of an error")
    assert "ValueError: invalid literal" in line["exception"]


@pytest.mark.filterwarnings("always")
def test_warnings_of_python_are_objects_too() -> None:
    stream = io.StringIO()
    configure_logging("json", stream=stream)
    warnings.warn("overflow encountered in cast", RuntimeWarning, stacklevel=1)
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line["level"] == "warning"
    assert "overflow encountered in cast" in line["message"]


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_flood_is_five_lines_whatever_its_arguments(kind: str) -> None:
    stream = io.StringIO()
    configure_logging("json" if kind == "json" else "text", stream=stream)
    for number in range(1000):
        _LOG.warning("item %d is odd", number)
    _LOG.warning("something else")
    assert len(stream.getvalue().splitlines()) == 6


def test_next_minute_tells_what_was_held_back() -> None:
    now = [0.0]
    limit = RateLimit(clock=lambda: now[0])

    def passes() -> logging.LogRecord | None:
        record = logging.LogRecord("n", logging.WARNING, "f", 1, "m %s", ("x",), None)
        return record if limit.filter(record) else None

    assert sum(passes() is not None for _ in range(12)) == 5
    now[0] = 61.0
    record = passes()
    assert record is not None
    assert record.__dict__["suppressed"] == 7
    record = passes()
    assert record is not None
    assert "suppressed" not in record.__dict__
