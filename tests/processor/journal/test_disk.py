"""A disk that fails under the journal: refused while it does, and written again by itself."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from barograph_processor.exceptions import OverloadedError
from barograph_processor.exporter import AlarmQueue, OtlpTally
from barograph_processor.instance import instance_id, state_directory
from barograph_processor.journal import Journal
from barograph_processor.journal.lock import FileLock
from barograph_processor.journal.store import Store
from barograph_processor.telemetry import Telemetry
from tests.processor.disk import Disk, mounted_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with mounted_disk(tmp_path) as disk:
        yield disk


def opened(path: Path) -> Journal:
    return Journal(path, max_bytes=1 << 30, telemetry=Telemetry())


def refused(journal: Journal) -> None:
    with pytest.raises(OverloadedError, match="cannot be written"):
        journal.append("traces", b"lost")
    with pytest.raises(OverloadedError, match="cannot be written"):
        journal.save_checkpoint(journal.last_seq, 1, [b"lost"])


@pytest.mark.parametrize("fault", [Disk.turn_read_only, Disk.break_off])
def test_disk_that_goes_and_comes_back(disk: Disk, fault: Callable[[Disk], None]) -> None:
    """Twice, with a checkpoint between; while it is away its place is an empty directory."""
    path = disk.path / "state" / "journal.sqlite"
    journal = opened(path)
    journal.save_checkpoint(0, 1, [b"empty"])
    taken = []
    for life in range(2):
        taken.append(journal.append("traces", b"%d before" % life))
        fault(disk)
        refused(journal)
        refused(journal)
        disk.unmount()
        refused(journal)
        assert list(disk.path.iterdir()) == []
        disk.mount()
        taken.append(journal.append("traces", b"%d after" % life))
        journal.save_checkpoint(1, 1, [b"state ", b"of %d" % life])
    journal.close()
    assert taken == [1, 2, 3, 4]
    again = opened(path)
    checkpoint = again.load_checkpoint()
    assert checkpoint is not None
    assert b"".join(checkpoint.blocks) == b"state of 1"
    held = [record.payload for record in again.read(1)]
    assert held == [b"0 after", b"1 before", b"1 after"]
    again.close()


def test_full_disk(disk: Disk) -> None:
    path = disk.path / "journal.sqlite"
    journal = opened(path)
    journal.save_checkpoint(0, 1, [b"empty"])
    journal.append("traces", b"before")
    with disk.full(), suppress(OverloadedError):
        for _ in range(1000):
            journal.append("traces", bytes(1 << 20))
    last = journal.last_seq
    assert last < 1001
    assert journal.append("traces", b"after") == last + 1
    journal.close()
    again = opened(path)
    assert [record.seq for record in again.read(0)] == list(range(1, last + 2))
    again.close()


def test_small_disk_keeps_room_for_a_checkpoint(disk: Disk) -> None:
    """Many times what it holds goes over it: it is never so full that no checkpoint fits."""
    journal = opened(disk.path / "journal.sqlite")
    state = bytes(2 << 20)
    for number in range(150):
        try:
            journal.append("traces", bytes(1 << 20))
        except OverloadedError:
            assert journal.short
            journal.save_checkpoint(journal.last_seq, 1, [state])
            journal.append("traces", bytes(1 << 20))
        assert journal.last_seq == number + 1
        assert not journal.short
    journal.close()


def test_full_disk_at_the_start(disk: Disk) -> None:
    """What room alone mends is no mistake of whoever configured it: systemd tries again."""
    path = disk.path / "journal.sqlite"
    opened(path).close()
    with disk.full(), pytest.raises(OverloadedError, match="cannot be written"):
        opened(path)
    opened(path).close()


def test_full_disk_at_the_very_first_start(disk: Disk) -> None:
    there, new = disk.path / "there", disk.path / "new"
    there.mkdir()
    with disk.full():
        for start in (state_directory, FileLock):
            with pytest.raises(OverloadedError, match="No space left"):
                start(new / "below")
        with pytest.raises(OverloadedError, match="No space left"):
            instance_id(there)
        with pytest.raises(OverloadedError, match="full"):
            AlarmQueue(there / "alarms.sqlite", max_bytes=1 << 20, tally=OtlpTally(Telemetry()))
    assert instance_id(there) == instance_id(there)


def fail_once(journal: Journal, path: Path) -> None:
    """Let the journal lose its file, as a fault would: its connection ends in the middle."""
    journal._held.store.close()
    with pytest.raises(OverloadedError):
        journal.append("traces", b"lost")
    assert path.exists()


def test_disk_whose_place_cannot_be_looked_at(tmp_path: Path) -> None:
    """The name of its directory, too long here, stands for a mount that is broken."""
    place, link = tmp_path / "place", tmp_path / "link"
    place.mkdir()
    link.symlink_to(place)
    journal = opened(link / "journal.sqlite")
    fail_once(journal, link / "journal.sqlite")
    link.unlink()
    link.symlink_to("x" * 300)
    refused(journal)
    link.unlink()
    link.symlink_to(place)
    assert journal.append("traces", b"after") == 1
    journal.close()


def test_file_of_another_process_is_not_taken(tmp_path: Path) -> None:
    """While it runs, and after it has gone on with the state."""
    path = tmp_path / "journal.sqlite"
    journal = opened(path)
    journal.save_checkpoint(0, 1, [b"ours"])
    journal.append("traces", b"ours")
    fail_once(journal, path)
    other = opened(path)
    refused(journal)
    other.save_checkpoint(1, 1, [b"theirs"])
    other.append("traces", b"theirs")
    other.close()
    with pytest.raises(OverloadedError, match="not the file that was in use"):
        journal.append("traces", b"ours")
    journal.close()
    third = opened(path)
    assert [record.payload for record in third.read(0)] == [b"theirs"]
    third.close()


def test_file_as_it_was_before_the_last_checkpoint_is_not_taken(tmp_path: Path) -> None:
    """Of what it has forgotten since, some was acknowledged: a backup, for instance."""
    path, older = tmp_path / "journal.sqlite", tmp_path / "older"
    journal = opened(path)
    journal.save_checkpoint(0, 1, [b"older"])
    fail_once(journal, path)
    shutil.copy(path, older)
    journal.append("traces", b"one")
    journal.save_checkpoint(1, 1, [b"newer"])
    fail_once(journal, path)
    older.replace(path)
    with pytest.raises(OverloadedError, match="not the file that was in use"):
        journal.append("traces", b"two")
    journal.close()


def test_checkpoint_that_was_made_though_it_failed_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit may be done though the disk says that it failed: the file is still ours."""
    done = Store.save_checkpoint

    def done_and_failed(store: Store, *arguments: int) -> None:
        done(store, *arguments)
        raise sqlite3.OperationalError

    journal = opened(tmp_path / "journal.sqlite")
    journal.save_checkpoint(0, 1, [b"older"])
    monkeypatch.setattr(Store, "save_checkpoint", done_and_failed)
    with pytest.raises(OverloadedError):
        journal.save_checkpoint(0, 1, [b"newer"])
    monkeypatch.undo()
    assert journal.append("traces", b"one") == 1
    journal.save_checkpoint(1, 1, [b"newest"])
    journal.close()


def test_record_that_was_refused_and_written_all_the_same_is_gone(tmp_path: Path) -> None:
    """A commit may be done though the disk says that it failed; the sender sends it again."""
    path = tmp_path / "journal.sqlite"
    journal = opened(path)
    journal.append("traces", b"one")
    fail_once(journal, path)
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO record SELECT 2, signal, time_ns, 0, payload FROM record")
    database.close()
    assert journal.append("traces", b"two") == 2
    journal.close()
    again = opened(path)
    assert [record.payload for record in again.read(0)] == [b"one", b"two"]
    again.close()


def test_checkpoint_of_which_a_block_was_lost_is_not_made(tmp_path: Path) -> None:
    """Blocks need not have reached a disk that goes and comes back before the last of them."""
    store = Store(tmp_path / "journal.sqlite")
    store.add_block(7, 0, b"old")
    store.save_checkpoint(7, 0, 1, 1)
    store.add_block(8, 1, b"er")
    with pytest.raises(sqlite3.IntegrityError, match="1 of 2 blocks"):
        store.save_checkpoint(8, 0, 1, 2)
    checkpoint = store.load_checkpoint()
    assert checkpoint is not None
    assert list(checkpoint.blocks) == [b"old"]
    store.close()
