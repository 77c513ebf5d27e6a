"""What breaks is defined: the disk, the clock, the state of another version; nothing is misread."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from barograph_processor.exceptions import ConfigurationError, StateError
from barograph_processor.journal.store import FORMAT
from barograph_processor.service import Service
from tests.processor.disk import Disk, mounted_disk
from tests.processor.otlp.build import prediction, traces
from tests.processor.test_service import config, counted, eventually, post, web

_TESTDATA = Path(__file__).parents[1] / "testdata"
_CORRUPT = 'barograph_monitor_dropped_total{reason="corrupt_record"}'
_DEAF = (
    'barograph_alarms_open{barograph_model_name="m",barograph_model_version="1",'
    'signal="blind",severity="ticket"}'
)
_LOST = 'barograph_monitor_dropped_total{reason="lost_record"}'
_DAY = 86_400 * 1_000_000_000


def batch(number: int, size: int = 100) -> bytes:
    first = number * size
    return traces(*(prediction(n, {"input.x": float(n)}) for n in range(first, first + size)))


def metric(service: Service, series: str) -> float | None:
    for line in web(service, "/metrics").text.splitlines():
        if line.startswith(f"{series} "):
            return float(line.rpartition(" ")[2])
    return None


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Let no file grow beyond ``size``: SQLite sees a failing write, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def crashed(path: Path, *batches: int) -> Path:
    """Return the state as a power cut leaves it behind these acknowledged requests."""
    with Service(config(path / "before", limits={"checkpoint_seconds": 1000})) as service:
        for number in batches:
            assert post(service, "traces", batch(number)).status_code == 200
        eventually(lambda: counted(service).get("m") == 100 * len(batches))
        shutil.copytree(path / "before" / "state", path / "state")
    return path / "state"


def test_full_disk_refuses_so_that_the_sender_keeps_it(tmp_path: Path) -> None:
    """503 with Retry-After, counted; what is shown goes on; with room again all is taken."""
    with Service(config(tmp_path)) as service:
        assert post(service, "traces", batch(0)).status_code == 200
        with disk_of(1000):
            answer = post(service, "traces", batch(1))
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert web(service, "/healthz").status_code == 200
            eventually(lambda: counted(service) == {"m": 100})
        assert post(service, "traces", batch(1)).status_code == 200
        eventually(lambda: counted(service) == {"m": 200})
        assert metric(service, 'barograph_monitor_refused_total{reason="overloaded"}') == 1
    with Service(config(tmp_path)) as again:
        assert counted(again) == {"m": 200}


def test_disk_full_at_the_end_loses_nothing(tmp_path: Path) -> None:
    """The last checkpoint cannot be written; the journal has what is missing from it."""
    with Service(config(tmp_path, limits={"checkpoint_seconds": 1000})) as service:
        assert post(service, "traces", batch(0)).status_code == 200
        eventually(lambda: counted(service) == {"m": 100})
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with Service(config(tmp_path)) as again:
        assert counted(again) == {"m": 100}


def test_corrupt_record_is_left_out_and_counted(tmp_path: Path) -> None:
    state = crashed(tmp_path, 0, 1, 2)
    database = sqlite3.connect(state / "journal.sqlite")
    with database:
        database.execute("UPDATE record SET payload = substr(payload, 2) WHERE seq = 2")
    database.close()
    with Service(config(tmp_path)) as service:
        assert counted(service) == {"m": 200}
        assert metric(service, _CORRUPT) == 1
        # The Collector never hears of that; whoever still has it may send it again.
        assert post(service, "traces", batch(1)).status_code == 200
        eventually(lambda: counted(service) == {"m": 300})


@pytest.mark.parametrize("fault", ["cut", "changed"])
def test_lost_tail_is_as_if_it_had_not_come(tmp_path: Path, fault: str) -> None:
    """The log is cut in the middle of the last write, or a byte of it is another one.

    SQLite takes that for a write that never ended; what is missing is told once all the same.
    """
    state = crashed(tmp_path, 0, 1, 2)
    log = state / "journal.sqlite-wal"
    place = log.stat().st_size - 5000
    if fault == "cut":
        os.truncate(log, place)
    else:
        with log.open("r+b") as file:
            file.seek(place)
            (byte,) = file.read(1)
            file.seek(place)
            file.write(bytes([byte ^ 1]))
    for expected in (200, 300):
        with Service(config(tmp_path)) as service:
            assert counted(service) == {"m": expected}
            assert metric(service, _LOST) == 1
            for number in (1, 2):
                assert post(service, "traces", batch(number)).status_code == 200
            eventually(lambda: counted(service) == {"m": 300})


def test_journal_that_was_moved_away_has_lost_nothing(tmp_path: Path) -> None:
    state = crashed(tmp_path, 0, 1)
    for file in state.glob("journal.sqlite*"):
        if not file.name.endswith(".mark"):
            file.unlink()
    with Service(config(tmp_path)) as service:
        assert post(service, "traces", batch(1)).status_code == 200
        eventually(lambda: counted(service) == {"m": 100})
        assert metric(service, _LOST) is None


@pytest.mark.parametrize("content", [b"", b"\xff" * 12, b"\0" * 12, b"0"])
def test_mark_that_is_damaged_says_nothing(tmp_path: Path, content: bytes) -> None:
    state = crashed(tmp_path, 0, 1)
    (state / "journal.sqlite.mark").write_bytes(content)
    with Service(config(tmp_path)) as service:
        assert counted(service) == {"m": 200}
        assert metric(service, _LOST) is None


@pytest.mark.parametrize("days", [-400, 400])
def test_clock_that_jumps_changes_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """While it runs, and over a restart: counts go on, lag is not negative, points are in order."""
    real, shift = time.time_ns, [0]
    monkeypatch.setattr(time, "time_ns", lambda: real() + shift[0])
    with Service(config(tmp_path)) as service:
        assert post(service, "traces", batch(0)).status_code == 200
        eventually(lambda: counted(service) == {"m": 100})
        before = service.now_ns()
        shift[0] = days * _DAY
        assert post(service, "traces", batch(1)).status_code == 200
        eventually(lambda: counted(service) == {"m": 200})
        assert service.now_ns() >= before
        # That the clock went on without us is no silence of anybody.
        service.evaluate()
        assert metric(service, _DEAF) is None
        assert metric(service, "barograph_monitor_lag_seconds") == 0
        starts = {s.start_ns for s in service.signals() if s.start_ns}
    with Service(config(tmp_path)) as again:
        assert counted(again) == {"m": 200}
        assert {s.start_ns for s in again.signals() if s.start_ns} == starts
        assert again.now_ns(again.signals()) >= max(starts)
        assert post(again, "traces", batch(1)).status_code == 200
        eventually(lambda: metric(again, 'barograph_monitor_duplicates_total{signal="traces"}'))
        assert counted(again) == {"m": 200}


def test_state_of_an_older_version_is_refused_and_kept(tmp_path: Path) -> None:
    """Written by schema 1. What is on disk stays as it was, for the version that reads it."""
    journal = tmp_path / "state" / "journal.sqlite"
    journal.parent.mkdir()
    shutil.copy(_TESTDATA / "state-of-schema-1.sqlite", journal)
    held = _held(journal)
    with (
        pytest.raises(
            StateError, match=rf"has format 1, this version reads {FORMAT}: start the version"
        ),
        Service(config(tmp_path)),
    ):
        pass
    assert _held(journal) == held


def _held(journal: Path) -> list[object]:
    database = sqlite3.connect(journal)
    try:
        return database.execute("SELECT * FROM checkpoint").fetchall()
    finally:
        database.close()


def test_older_state_is_told_in_one_line_and_by_the_exit_code(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    shutil.copy(_TESTDATA / "state-of-schema-1.sqlite", state / "journal.sqlite")
    done = _serve("--state-dir", str(state))
    assert done.returncode == 2
    [line] = done.stderr.strip().splitlines()
    assert "start the version that wrote it" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
@pytest.mark.parametrize("state", ["read-only", "read-only/new", "closed", "closed/new", "foreign"])
def test_directory_of_another_user_is_told(state: str) -> None:
    """One that cannot be written, one that cannot be entered, and one with a foreign journal."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        (top / "read-only").mkdir(mode=0o755)
        (top / "closed").mkdir(mode=0o700)
        (top / "foreign").mkdir()
        shutil.copy(_TESTDATA / "state-of-schema-1.sqlite", top / "foreign" / "journal.sqlite")
        (top / "foreign" / "journal.sqlite").chmod(0o600)
        (top / "foreign").chmod(0o777)
        settings = config(top, serve={"state_dir": str(top / state)})
        os.seteuid(65534)
        try:
            with pytest.raises(ConfigurationError, match=str(top / state.partition("/")[0])):
                Service(settings)
        finally:
            os.seteuid(0)


def _serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    ports = ["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--web", "127.0.0.1:0"]
    return subprocess.run(
        [sys.executable, "-m", "barograph_processor", "serve", *ports, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("fault", [Disk.turn_read_only, Disk.break_off])
def test_disk_that_goes_and_comes_back_while_it_runs(
    tmp_path: Path, fault: Callable[[Disk], None]
) -> None:
    """503 until it is back, then all goes on by itself; what was acknowledged is there."""
    with mounted_disk(tmp_path) as disk:
        settings = config(
            tmp_path,
            serve={"state_dir": str(disk.path / "state"), "evaluation_seconds": 0.1},
            limits={"checkpoint_seconds": 0.2},
            # Nobody answers: its queue is on the disk too.
            webhooks=[{"name": "ops", "url": "http://127.0.0.1:1"}],
        )
        with Service(settings) as service:
            assert post(service, "traces", batch(0)).status_code == 200
            eventually(lambda: counted(service) == {"m": 100})
            fault(disk)
            for _ in range(2):
                assert post(service, "traces", batch(1)).status_code == 503
            assert web(service, "/healthz").status_code == 200
            assert counted(service) == {"m": 100}
            disk.unmount()
            assert post(service, "traces", batch(1)).status_code == 503
            disk.mount()
            assert post(service, "traces", batch(1)).status_code == 200
            eventually(lambda: counted(service) == {"m": 200})
            assert metric(service, 'barograph_monitor_refused_total{reason="overloaded"}') == 3
            # As a power cut would leave it.
            shutil.copytree(disk.path / "state", tmp_path / "state")
    with Service(config(tmp_path)) as again:
        assert counted(again) == {"m": 200}
