"""What was appended is there after a crash; what is damaged or does not fit is said."""

import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph_processor.exceptions import ConfigurationError, OverloadedError, StateError
from barograph_processor.journal import Journal, Record
from barograph_processor.telemetry import Telemetry

_MIB = 1024 * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
def journal(path: Path, telemetry: Telemetry) -> Iterator[Journal]:
    journal = Journal(path, max_bytes=_MIB, telemetry=telemetry)
    yield journal
    journal.close()


def reopened(path: Path, telemetry: Telemetry | None = None) -> Journal:
    return Journal(path, max_bytes=_MIB, telemetry=telemetry or Telemetry())


def test_records_come_back_in_order(journal: Journal, path: Path) -> None:
    assert journal.append("traces", b"a", time_ns=5) == 1
    assert journal.append("logs", b"", time_ns=6) == 2
    assert journal.last_seq == 2
    journal.close()
    again = reopened(path)
    assert list(again.read(0)) == [Record(1, "traces", b"a", 5), Record(2, "logs", b"", 6)]
    assert list(again.read(1)) == [Record(2, "logs", b"", 6)]
    assert again.append("logs", b"c") == 3
    again.close()


def test_threads_share_syncs_and_numbers_have_no_gaps(journal: Journal, path: Path) -> None:
    seen: dict[int, bytes] = {}

    def work(worker: int) -> None:
        for n in range(50):
            payload = f"{worker}:{n}".encode()
            seen[journal.append("traces", payload)] = payload

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert sorted(seen) == list(range(1, 401))
    again = reopened(path)
    assert {record.seq: record.payload for record in again.read(0)} == seen
    again.close()


def test_checkpoint_replaces_the_one_before_and_trims(journal: Journal, path: Path) -> None:
    assert journal.load_checkpoint() is None
    for n in range(4):
        journal.append("traces", bytes([n]))
    full = journal.size_bytes
    journal.save_checkpoint(1, 1, [b"old", b"er"])
    journal.save_checkpoint(3, 2, [b"new", b"er", b""])
    assert 0 < journal.size_bytes < full
    journal.close()
    again = reopened(path)
    checkpoint = again.load_checkpoint()
    assert checkpoint is not None
    assert (checkpoint.seq, checkpoint.schema) == (3, 2)
    assert list(checkpoint.blocks) == [b"new", b"er", b""]
    assert [record.seq for record in again.read(0)] == [4]
    again.save_checkpoint(4, 2, [])
    assert again.size_bytes == 0
    again.close()
    last = reopened(path)
    assert last.append("traces", b"") == 5
    last.close()


def test_full_journal_refuses_until_a_checkpoint_makes_room(journal: Journal) -> None:
    for _ in range(10):
        journal.append("traces", bytes(100_000))
    with pytest.raises(OverloadedError, match="full"):
        journal.append("traces", bytes(100_000))
    journal.append("traces", b"small ones still fit")
    journal.save_checkpoint(journal.last_seq, 1, [b""])
    journal.append("traces", bytes(100_000))


def test_mistake_refuses_one_request_and_the_next_is_written(journal: Journal) -> None:
    """All wait for one thread: nothing that is handed to it may end it."""
    with pytest.raises(OverloadedError, match="out of range"):
        journal.append("traces", b"", time_ns=2**63)
    assert journal.append("traces", b"") == 1
    assert journal.alive


def test_closed_journal_refuses(journal: Journal) -> None:
    journal.close()
    journal.close()
    with pytest.raises(OverloadedError):
        journal.append("traces", b"")
    with pytest.raises(OverloadedError):
        journal.save_checkpoint(0, 1, [b""])


def test_damaged_record_is_counted_and_left_out(
    journal: Journal, path: Path, telemetry: Telemetry
) -> None:
    for n in range(3):
        journal.append("traces", b"payload" + bytes([n]))
    journal.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE record SET payload = X'00' WHERE seq = 2")
    database.close()
    again = reopened(path, telemetry)
    assert [record.seq for record in again.read(0)] == [1, 3]
    key = ("barograph.monitor.dropped", (("reason", "corrupt_record"),))
    assert telemetry.counters()[key] == 1
    again.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE block SET content = X'00' WHERE number = 1",
        "UPDATE block SET number = 1 - number",
        "UPDATE block SET id = -id",
        "DELETE FROM block WHERE number = 0",
        "DELETE FROM block WHERE number = 1",
        "DELETE FROM block",
    ],
)
def test_damaged_checkpoint_is_refused(journal: Journal, path: Path, damage: str) -> None:
    journal.save_checkpoint(0, 1, [b"state", b"and more"])
    journal.close()
    with sqlite3.connect(path) as database:
        database.execute(damage)
    database.close()
    again = reopened(path)
    checkpoint = again.load_checkpoint()
    assert checkpoint is not None
    with pytest.raises(StateError, match="damaged"):
        list(checkpoint.blocks)
    again.close()


class _CrashError(Exception):
    pass


def _begun() -> Iterator[bytes]:
    yield from (b"new", b"er", b"but")
    raise _CrashError


def test_checkpoint_that_is_not_finished_leaves_the_one_before(
    journal: Journal, path: Path
) -> None:
    """And what there is of it goes with the next."""
    journal.append("traces", b"a")
    journal.append("traces", b"b")
    journal.save_checkpoint(1, 1, [b"old"])
    with pytest.raises(_CrashError):
        journal.save_checkpoint(2, 1, _begun())
    journal.close()
    again = reopened(path)
    checkpoint = again.load_checkpoint()
    assert checkpoint is not None
    assert (checkpoint.seq, list(checkpoint.blocks)) == (1, [b"old"])
    assert [record.seq for record in again.read(1)] == [2]
    again.save_checkpoint(2, 1, [b"whole"])
    found = again.load_checkpoint()
    assert found is not None
    assert list(found.blocks) == [b"whole"]
    again.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT content FROM block").fetchall() == [(b"whole",)]
    database.close()


def test_requests_are_written_between_the_blocks_of_a_checkpoint(journal: Journal) -> None:
    def blocks() -> Iterator[bytes]:
        for number in range(4):
            yield b"block"
            assert journal.append("traces", b"meanwhile") == number + 1

    journal.save_checkpoint(0, 1, blocks())
    assert journal.last_seq == 4


@pytest.mark.parametrize("version", [1, 2, 99])
def test_journal_of_another_format_is_refused_and_kept(path: Path, version: int) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE checkpoint (blob BLOB)")
        database.execute(f"PRAGMA user_version={version}")
    database.close()
    with pytest.raises(StateError, match=f"format {version}, this version reads 3: start the"):
        reopened(path)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (version,)
        assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
    database.close()


def test_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(StateError, match="damaged"):
        reopened(path)


def test_two_processes_cannot_share_a_directory(journal: Journal, path: Path) -> None:
    assert journal.size_bytes == 0
    code = (
        "import sys, pathlib\n"
        "from barograph_processor.journal import Journal\n"
        "from barograph_processor.telemetry import Telemetry\n"
        "Journal(pathlib.Path(sys.argv[1]), max_bytes=1, telemetry=Telemetry())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "another process uses the state directory" in done.stderr


def test_directory_that_cannot_be_written(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("no directory")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        reopened(occupied / "journal.db")


def test_full_disk_refuses_and_goes_on_when_there_is_room(journal: Journal, path: Path) -> None:
    """A file size limit stands for the disk: SQLite sees a failing write in both."""
    journal.append("traces", b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(OverloadedError, match="cannot be written"):
            journal.append("traces", bytes(500_000))
        with pytest.raises(OverloadedError, match="cannot be written"):
            journal.save_checkpoint(1, 1, [b"small", bytes(500_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.append("traces", b"after") == 2
    journal.close()
    again = reopened(path)
    assert [record.payload for record in again.read(0)] == [b"before", b"after"]
    assert again.size_bytes == sum(len(p) + 64 for p in (b"before", b"after"))
    again.close()
