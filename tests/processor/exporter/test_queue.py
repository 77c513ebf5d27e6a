"""Alarms on disk: in order, each once, bounded, and there after a crash or a full disk."""

import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from barograph_processor.exceptions import ConfigurationError, StateError
from barograph_processor.exporter import AlarmQueue, OtlpTally, QueuedAlarm
from barograph_processor.telemetry import Telemetry
from tests.processor.disk import Disk, mounted_disk


def alarms(*payloads: bytes) -> list[QueuedAlarm]:
    return [QueuedAlarm(payload[:8], payload) for payload in payloads]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alarms.sqlite"


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


def opened(path: Path, telemetry: Telemetry, max_bytes: int = 1000) -> AlarmQueue:
    return AlarmQueue(path, max_bytes=max_bytes, tally=OtlpTally(telemetry))


@pytest.fixture
def queue(path: Path, telemetry: Telemetry) -> AlarmQueue:
    return opened(path, telemetry)


def dropped(telemetry: Telemetry) -> float:
    key = ("barograph.monitor.exports", (("result", "dropped"), ("signal", "logs")))
    return telemetry.counters().get(key, 0)


def waiting(telemetry: Telemetry) -> float:
    return telemetry.gauges()["barograph.monitor.alarms.waiting", ()]


def test_empty(queue: AlarmQueue, telemetry: Telemetry) -> None:
    assert queue.first() is None
    queue.put([])
    assert queue.first() is None
    assert waiting(telemetry) == 0


def test_comes_back_in_order_after_a_crash(
    queue: AlarmQueue, path: Path, telemetry: Telemetry
) -> None:
    """Another connection reads what the first one wrote and never closed."""
    queue.put(alarms(b"a", b"b"))
    queue.put(alarms(b"c"))
    again = opened(path, telemetry)
    first = again.first()
    assert first is not None
    assert first[1] == b"abc"
    again.remove(first[0])
    assert again.first() is None


def test_same_change_is_taken_once_sent_or_not(
    queue: AlarmQueue, path: Path, telemetry: Telemetry
) -> None:
    queue.put(alarms(b"a"))
    queue.put(alarms(b"a", b"b"))
    first = queue.first()
    assert first is not None
    assert first[1] == b"ab"
    queue.remove(first[0])
    again = opened(path, telemetry)
    again.put(alarms(b"b", b"a"))
    assert again.first() is None


def test_what_has_arrived_is_not_sent_again_though_it_could_not_be_removed(
    queue: AlarmQueue, path: Path
) -> None:
    away = path.with_name("away")
    queue.put(alarms(b"a"))
    first = queue.first()
    assert first is not None
    path.rename(away)
    queue.remove(first[0])
    away.rename(path)
    assert queue.first() is None
    queue.put(alarms(b"b"))
    following = queue.first()
    assert following is not None
    assert following[1] == b"b"


def test_what_is_sent_at_once_is_bounded(
    queue: AlarmQueue, path: Path, telemetry: Telemetry
) -> None:
    large = opened(path, telemetry, 10_000_000)
    large.put(alarms(*(bytes([n]) * 400_000 for n in range(5))))
    sizes = []
    while (first := large.first()) is not None:
        sizes.append(len(first[1]))
        large.remove(first[0])
    assert sizes == [800_000, 800_000, 400_000]


def test_oldest_are_dropped_and_counted_and_one_always_stays(
    queue: AlarmQueue, telemetry: Telemetry
) -> None:
    queue.put(alarms(*(bytes([n]) * 300 for n in range(5))))
    first = queue.first()
    assert first is not None
    assert first[1] == b"".join(bytes([n]) * 300 for n in (2, 3, 4))
    assert (dropped(telemetry), waiting(telemetry)) == (2, 900)
    queue.put(alarms(b"large" * 1000))
    first = queue.first()
    assert first is not None
    assert first[1] == b"large" * 1000
    assert dropped(telemetry) == 5


def test_full_disk_keeps_them_in_memory_until_there_is_room(
    queue: AlarmQueue, path: Path, telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once; a file size limit stands for the disk."""
    queue.put(alarms(b"before"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
    try:
        queue.put(alarms(b"1" * 600))
        queue.put(alarms(b"2" * 600))
        queue.put(alarms(b"3" * 100))
        first = queue.first()
        assert first is not None
        assert first[1] == b"before"
        queue.remove(first[0])
        # It has arrived, so it is not sent again and again until there is room.
        assert queue.first() is None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert dropped(telemetry) == 1
    queue.put([])
    first = queue.first()
    assert first is not None
    assert first[1] == b"2" * 600 + b"3" * 100
    assert len([r for r in caplog.records if "alarm queue" in r.getMessage()]) == 1


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_file_that_is_none(tmp_path: Path, telemetry: Telemetry, content: bytes) -> None:
    path = tmp_path / "other.sqlite"
    path.write_bytes(content)
    if not content:
        opened(path, telemetry)
        return
    with pytest.raises(StateError, match="damaged"):
        opened(path, telemetry)


def test_file_of_a_later_format(queue: AlarmQueue, path: Path, telemetry: Telemetry) -> None:
    assert queue.first() is None
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(StateError, match="format 99"):
        opened(path, telemetry)


def test_directory_that_is_none(tmp_path: Path, telemetry: Telemetry) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        opened(tmp_path / "absent" / "alarms.sqlite", telemetry)


@pytest.mark.parametrize("fault", [Disk.turn_read_only, Disk.break_off])
def test_disk_that_goes_and_comes_back(
    tmp_path: Path, telemetry: Telemetry, fault: Callable[[Disk], None]
) -> None:
    """What waits is there again, what came meanwhile is behind it, and no file is made anew."""
    with mounted_disk(tmp_path) as disk:
        queue = opened(disk.path / "alarms.sqlite", telemetry)
        queue.put(alarms(b"before"))
        fault(disk)
        queue.put(alarms(b"meanwhile"))
        disk.unmount()
        assert queue.first() is None
        queue.put([])
        assert list(disk.path.iterdir()) == []
        disk.mount()
        queue.put([])
        first = queue.first()
        assert first is not None
        assert first[1] == b"beforemeanwhile"
        queue.remove(first[0])
        assert opened(disk.path / "alarms.sqlite", telemetry).first() is None
