"""Alarms on disk until the downstream has them: SQLite, since a file with a log is enough."""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from barograph_processor.disk_faults import unusable
from barograph_processor.exceptions import StateError
from barograph_processor.exporter.tally import Tally

__all__ = ["AlarmQueue", "QueuedAlarm"]

_LOG: Final = logging.getLogger(__name__)
_FORMAT: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS waiting (seq INTEGER PRIMARY KEY AUTOINCREMENT, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS known (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS known_number ON known (number);
"""
_KNOWN: Final = 100_000
_REQUEST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class QueuedAlarm:
    """One change of an alarm, ready to be sent.

    Attributes:
        key: The same for the same change, also when a replay finds it again.
        payload: A request with this alone.
    """

    key: bytes
    payload: bytes


class AlarmQueue:
    """A bounded first-in first-out queue in which each change of an alarm is once.

    A crash after a change was queued and before the checkpoint that knows so lets a
    replay find the change again; the queue knows the keys of the last hundred
    thousand and does not take it twice, sent or not. Any thread; the lock is held
    for one transaction.

    Args:
        path: The database file; the journal's lock guards its directory.
        max_bytes: Bound of what waits; the oldest are dropped beyond it, and counted.
        tally: Counts what is dropped, and shows what waits.
        request_bytes: Changes go into one request up to this size, behind one another as
            protobuf allows; 0 gives each a request of its own.

    Raises:
        ConfigurationError: The file cannot be created or written.
        OverloadedError: The disk is full, or fails.
        StateError: It is damaged, or of an unknown format.
    """

    def __init__(
        self, path: Path, *, max_bytes: int, tally: Tally, request_bytes: int = _REQUEST_BYTES
    ) -> None:
        self._max_bytes = max_bytes
        self._tally = tally
        self._request_bytes = request_bytes
        self._lock = threading.Lock()
        # What could not be written yet: the disk is full.
        self._unwritten: deque[QueuedAlarm] = deque()
        self._failing = False
        # What has arrived and could not be taken off the disk.
        self._done = 0
        self._bytes = 0
        self._path = path
        try:
            with self._opened(mode="rwc") as db:
                self._prepare(db)
                self._measure(db)
        except sqlite3.OperationalError as error:
            raise unusable(f"the alarm queue {path} cannot be written", error) from error
        except sqlite3.DatabaseError as error:
            raise StateError(
                f"the alarm queue {path} is damaged ({error}): move it away; "
                "alarms that were not sent yet are lost with it"
            ) from error

    @contextmanager
    def _opened(self, mode: str = "rw") -> Iterator[sqlite3.Connection]:
        """Open the file for one use; held open it would outlive the disk that it was on."""
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        db = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            # With a rollback journal, whose end is synced too: where the disk is full, what
            # waits can be read without another file.
            db.execute("PRAGMA synchronous=EXTRA")
            db.execute("PRAGMA fullfsync=1")
            yield db
        finally:
            db.close()

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode=DELETE")
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found not in (0, _FORMAT):
            raise StateError(
                f"the alarm queue {self._path} has format {found}, this version reads {_FORMAT}: "
                "start the version that wrote it, or move the file away"
            )
        db.executescript(_SCHEMA)
        db.execute(f"PRAGMA user_version={_FORMAT}")
        (self._number,) = db.execute("SELECT ifnull(max(number), 0) FROM known").fetchone()

    def put(self, alarms: Sequence[QueuedAlarm]) -> None:
        """Add changes that are new; once this returns they are durable.

        If the disk takes nothing they stay in memory, and every later call tries again.
        """
        with self._lock:
            self._unwritten.extend(alarms)
            if not self._unwritten:
                return
            try:
                with self._opened() as db:
                    self._write(db)
                    self._measure(db)
            except sqlite3.Error as error:
                self._note_failure(error)

    def first(self) -> tuple[int, bytes] | None:
        """Return a request with the oldest changes, and the number that ``remove`` takes.

        None if there is none, or none that can be read now.
        """
        with self._lock:
            if not self._bytes:
                return None
            try:
                with self._opened() as db:
                    return self._first(db)
            except sqlite3.Error as error:
                self._note_failure(error)
                return None

    def _first(self, db: sqlite3.Connection) -> tuple[int, bytes] | None:
        last, size = 0, 0
        parts: list[bytes] = []
        for seq, payload in db.execute(
            "SELECT seq, payload FROM waiting WHERE seq > ? ORDER BY seq", (self._done,)
        ):
            size += len(payload)
            if parts and size > self._request_bytes:
                break
            last = seq
            parts.append(payload)
        # Messages of one kind behind one another are one message with all their parts:
        # https://protobuf.dev/programming-guides/encoding/#last-one-wins
        return (last, b"".join(parts)) if parts else None

    def remove(self, number: int) -> None:
        """Forget what ``first`` gave with this number: it has arrived, or never will."""
        with self._lock:
            self._done = max(self._done, number)
            try:
                with self._opened() as db:
                    db.execute("DELETE FROM waiting WHERE seq <= ?", (self._done,))
                    self._measure(db)
            except sqlite3.Error as error:
                # A restart sends it once more, which does no harm: it says the same.
                self._note_failure(error)

    def _write(self, db: sqlite3.Connection) -> None:
        number = self._number
        with db:
            db.execute("BEGIN IMMEDIATE")
            for alarm in self._unwritten:
                number += 1
                if db.execute(
                    "INSERT OR IGNORE INTO known VALUES (?, ?)", (alarm.key, number)
                ).rowcount:
                    db.execute("INSERT INTO waiting (payload) VALUES (?)", (alarm.payload,))
            db.execute("DELETE FROM known WHERE number <= ?", (number - _KNOWN,))
            dropped = self._make_room(db)
        self._number = number
        self._unwritten.clear()
        self._failing = False
        self._count_dropped(dropped)

    def _make_room(self, db: sqlite3.Connection) -> int:
        """Drop the oldest beyond the bound, never the newest; return how many."""
        kept = db.execute(
            "SELECT seq FROM (SELECT seq, sum(length(payload)) OVER (ORDER BY seq DESC) AS size"
            " FROM waiting) WHERE size <= ? OR seq = (SELECT max(seq) FROM waiting)"
            " ORDER BY seq LIMIT 1",
            (self._max_bytes,),
        ).fetchone()
        if kept is None:
            return 0
        return db.execute("DELETE FROM waiting WHERE seq < ?", kept).rowcount

    def _note_failure(self, error: sqlite3.Error) -> None:
        while len(self._unwritten) > 1 and self._unwritten_bytes() > self._max_bytes:
            self._unwritten.popleft()
            self._count_dropped(1)
        if not self._failing:
            self._failing = True
            _LOG.warning("the alarm queue cannot be written: %s; alarms wait in memory", error)

    def _unwritten_bytes(self) -> int:
        return sum(len(alarm.payload) for alarm in self._unwritten)

    def _count_dropped(self, count: int) -> None:
        if count:
            self._tally.count("logs", "dropped", count)

    def _measure(self, db: sqlite3.Connection) -> None:
        (self._bytes,) = db.execute(
            "SELECT ifnull(sum(length(payload)), 0) FROM waiting WHERE seq > ?", (self._done,)
        ).fetchone()
        self._tally.waiting(self._bytes)
