"""Alarms arrive, in order and before metrics; of metrics the newest arrives; nothing blocks."""

import queue
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.exporter import (
    AlarmQueue,
    Endpoint,
    Exporter,
    ExportSignal,
    OtlpTally,
    Outcome,
    QueuedAlarm,
    connect,
    exporter,
)
from barograph_processor.telemetry import Telemetry

_SENT = Outcome("sent")


class Script:
    """A transport that answers as it is told, one answer for each request."""

    def __init__(self) -> None:
        self.requests: queue.Queue[tuple[ExportSignal, bytes]] = queue.Queue()
        self.answers: queue.Queue[Outcome] = queue.Queue()
        self.closed = False

    def send(self, signal: ExportSignal, payload: bytes) -> Outcome:
        self.requests.put((signal, payload))
        return self.answers.get(timeout=30)

    def close(self) -> None:
        self.closed = True

    def request(self) -> tuple[ExportSignal, bytes]:
        return self.requests.get(timeout=30)


@pytest.fixture(autouse=True)
def _no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "_FIRST_DELAY", 0.001)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
def start(script: Script, telemetry: Telemetry, tmp_path: Path) -> Callable[[], Exporter]:
    """Start an exporter on the same queue; the bound of the queue is four bytes."""

    def start() -> Exporter:
        waiting = AlarmQueue(tmp_path / "alarms.sqlite", max_bytes=4, tally=OtlpTally(telemetry))
        return Exporter(script, waiting, OtlpTally(telemetry), rng=random.Random(0))  # noqa: S311 - a seed, not a secret

    return start


@pytest.fixture
def started(script: Script, start: Callable[[], Exporter]) -> Iterator[Exporter]:
    started = start()
    yield started
    for _ in range(100):
        script.answers.put(_SENT)
    started.close()
    assert script.closed


def alarm(payload: bytes) -> list[QueuedAlarm]:
    return [QueuedAlarm(payload, payload)]


@pytest.fixture
def count(telemetry: Telemetry) -> Callable[[str, str], float]:
    def count(signal: str, result: str) -> float:
        key = ("barograph.monitor.exports", (("result", result), ("signal", signal)))
        return telemetry.counters().get(key, 0.0)

    return count


def test_alarms_go_first_and_in_order(script: Script, started: Exporter) -> None:
    started.metrics(b"first")
    assert script.request() == ("metrics", b"first")
    # While that is under way the others gather.
    started.metrics(b"second")
    started.alarms(alarm(b"a"))
    started.alarms(alarm(b"b"))
    for _ in range(3):
        script.answers.put(_SENT)
    assert [script.request() for _ in range(2)] == [("logs", b"ab"), ("metrics", b"second")]


def test_only_the_newest_metrics_are_kept(
    script: Script, started: Exporter, count: Callable[[str, str], float]
) -> None:
    started.metrics(b"1")
    script.request()
    for payload in (b"2", b"3", b"4"):
        started.metrics(payload)
    script.answers.put(_SENT)
    assert script.request() == ("metrics", b"4")
    script.answers.put(_SENT)
    started.close()
    assert (count("metrics", "sent"), count("metrics", "replaced")) == (2, 3)


def test_failed_alarm_is_tried_again_and_metrics_do_not_wait_for_it(
    script: Script, started: Exporter, count: Callable[[str, str], float]
) -> None:
    started.alarms(alarm(b"a"))
    assert script.request() == ("logs", b"a")
    started.metrics(b"m")
    script.answers.put(Outcome("failed", "away", retry_after=0.2))
    assert script.request() == ("metrics", b"m")
    script.answers.put(_SENT)
    assert script.request() == ("logs", b"a")
    script.answers.put(Outcome("failed", "still away"))
    assert script.request() == ("logs", b"a")
    script.answers.put(_SENT)
    started.close()
    assert (count("logs", "failed"), count("logs", "sent")) == (2, 1)


def test_refused_for_good_is_dropped_and_the_next_one_goes(
    script: Script, started: Exporter, count: Callable[[str, str], float]
) -> None:
    started.alarms(alarm(b"a"))
    assert script.request()[1] == b"a"
    started.alarms(alarm(b"b"))
    script.answers.put(Outcome("refused", "never"))
    script.answers.put(_SENT)
    assert script.request()[1] == b"b"
    started.close()
    assert (count("logs", "refused"), count("logs", "sent")) == (1, 1)


def test_close_does_not_wait_for_ever_and_the_next_process_sends_what_is_left(
    script: Script, start: Callable[[], Exporter], count: Callable[[str, str], float]
) -> None:
    first = start()
    first.alarms(alarm(b"a"))
    script.request()
    first.alarms(alarm(b"b"))
    script.answers.put(Outcome("failed", "away", retry_after=60.0))
    first.close(timeout=0.05)
    first.close()
    assert script.closed
    assert count("logs", "dropped") == 0
    second = start()
    # Known as it is, what was queued before is not queued again.
    second.alarms(alarm(b"a"))
    assert script.request() == ("logs", b"ab")
    script.answers.put(_SENT)
    second.close()
    assert count("logs", "sent") == 1


def test_changes_are_logged_and_repetitions_are_not(
    script: Script, started: Exporter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for _ in range(5):
        script.answers.put(Outcome("failed", "away"))
    script.answers.put(_SENT)
    started.alarms(alarm(b"a"))
    for _ in range(6):
        script.request()
    started.close()
    assert [record.getMessage() for record in caplog.records] == [
        "export of logs: failed (away)",
        "export of logs works again",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost:4317", Endpoint("grpc", "localhost:4317", secure=False)),
        ("grpc://[::1]:4317", Endpoint("grpc", "[::1]:4317", secure=False)),
        ("grpcs://otel.example:443", Endpoint("grpc", "otel.example:443", secure=True)),
        ("http://localhost:4318/", Endpoint("http", "http://localhost:4318", secure=False)),
        ("https://x.example/a/", Endpoint("http", "https://x.example/a", secure=True)),
    ],
)
def test_endpoints(text: str, expected: Endpoint) -> None:
    assert Endpoint.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "localhost", "ftp://x:1", "grpc://x:1/path", "x:notaport", "http://", "http://x?a"]
)
def test_what_is_no_endpoint(text: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot export to"):
        connect(text)
