"""The journal's tables in SQLite: statements, no threads."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from barograph_processor.disk_faults import unusable
from barograph_processor.exceptions import ConfigurationError, StateError
from barograph_processor.journal.record import Checkpoint, Record, checksum
from barograph_processor.journal.room import Usage

__all__ = ["FORMAT", "OVERHEAD_BYTES", "Store"]

FORMAT: Final = 3
"""Version of the tables; since 3 a checkpoint is in blocks. Others are refused."""

OVERHEAD_BYTES: Final = 64
"""What a record takes beside its payload, about."""

_NEW: Final = 0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY, signal TEXT NOT NULL, time_ns INTEGER NOT NULL,
    checksum INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, schema INTEGER NOT NULL,
    generation INTEGER NOT NULL, blocks INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS block (
    id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, number INTEGER NOT NULL,
    checksum INTEGER NOT NULL, content BLOB NOT NULL
);
"""
# Payloads are large: large pages mean short overflow chains to write and to free.
_PAGE_BYTES: Final = 16_384


class Store:
    """One connection; whoever calls sees to it that calls do not overlap.

    A commit has reached the disk when it returns: WAL with ``synchronous=FULL``
    syncs the log once a transaction, https://www.sqlite.org/pragma.html#pragma_synchronous.

    Raises:
        ConfigurationError: The file cannot be created or written.
        OverloadedError: The disk is full, or fails.
        StateError: The file is no journal, is damaged, or is of an unknown format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise ConfigurationError(f"the journal {path} cannot be opened: {error}") from error
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        try:
            self._db.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            # Some builds overwrite what is deleted; every checkpoint would then write the
            # whole journal once more. Its bytes stay until new ones take their place.
            self._db.execute("PRAGMA secure_delete=0")
            # On macOS a plain fsync does not reach the platter.
            self._db.execute("PRAGMA fullfsync=1")
            (found,) = self._db.execute("PRAGMA user_version").fetchone()
            if found not in (_NEW, FORMAT):
                raise StateError(
                    f"the journal {self._path} has format {found}, this version reads "
                    f"{FORMAT}: start the version that wrote it, or start anew in another "
                    "--state-dir"
                )
            self._db.executescript(_SCHEMA)
            (self._page_bytes,) = self._db.execute("PRAGMA page_size").fetchone()
            self._db.execute(f"PRAGMA user_version={FORMAT}")
        except sqlite3.OperationalError as error:
            raise unusable(f"the journal {self._path} cannot be written", error) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> StateError:
        return StateError(
            f"the journal {self._path} is damaged ({error}): move it away to start anew, "
            "and keep it, what it holds may be recoverable"
        )

    def last_seq(self) -> int:
        """Return the last number given to a record, 0 if none was."""
        (seq,) = self._db.execute(
            "SELECT max((SELECT ifnull(max(seq), 0) FROM record),"
            " (SELECT ifnull(max(seq), 0) FROM checkpoint))"
        ).fetchone()
        return int(seq)

    def generation(self) -> int:
        """Return by what number the checkpoint goes, 0 if there is none."""
        row = self._db.execute("SELECT generation FROM checkpoint").fetchone()
        return 0 if row is None else int(row[0])

    def payload_bytes(self) -> int:
        """Return what all records take, about."""
        (size, count) = self._db.execute(
            "SELECT ifnull(sum(length(payload)), 0), count(*) FROM record"
        ).fetchone()
        return int(size) + OVERHEAD_BYTES * int(count)

    def checkpoint_bytes(self) -> int:
        """Return what the blocks of checkpoints take."""
        (size,) = self._db.execute("SELECT ifnull(sum(length(content)), 0) FROM block").fetchone()
        return int(size)

    def usage(self, checkpoint: int) -> Usage:
        """Return how it lies on its disk, where a checkpoint takes so much."""
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        try:
            log = self._log.stat().st_size
        except FileNotFoundError:
            log = 0
        return Usage(
            checkpoint=checkpoint,
            spare=free * self._page_bytes,
            owed=max(0, pages * self._page_bytes - self._path.stat().st_size),
            log=log,
        )

    def fold(self) -> None:
        """Bring the log into the file, and give its bytes back; where they are short."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def append(self, records: Sequence[Record]) -> None:
        """Write records in one transaction; all of them, or none and an sqlite3.Error."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO record VALUES (?, ?, ?, ?, ?)",
                (
                    (r.seq, r.signal, r.time_ns, checksum(r.payload, r.seq, r.time_ns), r.payload)
                    for r in records
                ),
            )

    def read(self, after: int) -> Iterator[Record | None]:
        """Yield the records behind ``after`` in order, None for each damaged one.

        Raises:
            StateError: So much is damaged that reading cannot go on.
        """
        try:
            for seq, signal, time_ns, crc, payload in self._db.execute(
                "SELECT seq, signal, time_ns, checksum, payload FROM record"
                " WHERE seq > ? ORDER BY seq",
                (after,),
            ):
                sound = isinstance(payload, bytes) and crc == checksum(payload, seq, time_ns)
                sound = sound and signal in ("traces", "logs", "clock")
                yield Record(seq, signal, payload, time_ns) if sound else None
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def forget_after(self, seq: int) -> None:
        """Delete the records behind one: of a commit that failed, and was done all the same."""
        with self._db:
            self._db.execute("DELETE FROM record WHERE seq > ?", (seq,))

    def add_block(self, generation: int, number: int, content: bytes) -> None:
        """Write a block of the checkpoint to come, from number 0 on, in a transaction.

        It need not have reached the disk: ``save_checkpoint`` sees to that.
        """
        # All blocks reach the disk with the commit that makes a checkpoint of them.
        self._db.execute("PRAGMA synchronous=NORMAL")
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                if number == 0:
                    # What is left of one that was begun and never saved.
                    self._db.execute(
                        "DELETE FROM block WHERE generation NOT IN"
                        " (SELECT generation FROM checkpoint)"
                    )
                self._db.execute(
                    "INSERT INTO block (generation, number, checksum, content) VALUES (?, ?, ?, ?)",
                    (generation, number, checksum(content, generation, number), content),
                )
        finally:
            self._db.execute("PRAGMA synchronous=FULL")

    def save_checkpoint(self, generation: int, seq: int, schema: int, blocks: int) -> None:
        """Replace the checkpoint by the blocks added, and forget the records in it, at once.

        Raises:
            sqlite3.Error: It was not done; some of so many blocks are not there, for instance.
        """
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            (there,) = self._db.execute(
                "SELECT count(*) FROM block WHERE generation = ?", (generation,)
            ).fetchone()
            if there != blocks:
                raise sqlite3.IntegrityError(f"{there} of {blocks} blocks are there")
            self._db.execute(
                "INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?, ?, ?)",
                (seq, schema, generation, blocks),
            )
            self._db.execute("DELETE FROM block WHERE generation <> ?", (generation,))
            self._db.execute("DELETE FROM record WHERE seq <= ?", (seq,))

    def load_checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint, or None if there never was one.

        Raises:
            StateError: It is damaged; also while its blocks are read.
        """
        try:
            row = self._db.execute(
                "SELECT seq, schema, generation, blocks FROM checkpoint"
            ).fetchone()
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error
        if row is None:
            return None
        seq, schema, generation, count = row
        return Checkpoint(seq, schema, self._blocks(generation, count))

    def _blocks(self, generation: int, count: int) -> Iterator[bytes]:
        expected = 0
        try:
            for number, crc, content in self._db.execute(
                "SELECT number, checksum, content FROM block WHERE generation = ? ORDER BY id",
                (generation,),
            ):
                if number != expected or crc != checksum(content, generation, number):
                    raise self._damaged(ValueError("a checksum of the checkpoint is wrong"))
                expected += 1
                yield content
        except (sqlite3.DatabaseError, TypeError) as error:
            raise self._damaged(error) from error
        if expected != count:
            raise self._damaged(ValueError("a part of the checkpoint is missing"))

    def close(self) -> None:
        """Fold the log into the database file and close it."""
        self._db.close()
