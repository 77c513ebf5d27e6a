"""Checks of the state directory, without touching what a running processor holds there."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from barograph_processor.config import Config
from barograph_processor.doctor.finding import Finding, error, fine, warning
from barograph_processor.exceptions import ConfigurationError, OverloadedError
from barograph_processor.journal.lock import FileLock
from barograph_processor.journal.store import FORMAT
from barograph_processor.state.registry import ModelRegistry

__all__ = ["state"]

_CHECK: Final = "state"
_MIB: Final = 1024 * 1024
_LEAST_BYTES: Final = 256 * _MIB
_CHECKPOINT: Final = (
    "SELECT schema, sum(length(content)) FROM checkpoint LEFT JOIN block USING (generation)"
    " GROUP BY schema"
)
_ANEW: Final = "start the version that wrote it, or choose another state_dir"


def state(config: Config) -> Iterator[Finding]:
    """Look whether it can be written, has room, and is of this version."""
    directory = Path(config.serve.state_dir)
    parent = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        yield error(_CHECK, f"{parent} cannot be written", "change its owner, or state_dir")
        return
    yield from _room(config, parent)
    journal = directory / "journal.sqlite"
    if not journal.exists():
        yield fine(_CHECK, f"{directory} holds no state yet")
        return
    try:
        # Where the disk is too full for it, that was said already.
        with suppress(OverloadedError):
            FileLock(journal.with_name(journal.name + ".lock")).release()
    except ConfigurationError:
        yield fine(_CHECK, f"{directory} is in use by a processor that runs")
    yield _schema(journal)


def _room(config: Config, directory: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(directory).free
    queues = config.exporter.queue_bytes + sum(each.queue_bytes for each in config.webhooks)
    needed = config.limits.journal_bytes + queues
    message = f"{free // _MIB:,} MiB are free; journal and queues may take {needed // _MIB:,} MiB"
    if free < _LEAST_BYTES:
        yield error(_CHECK, message, "make room: requests will be refused")
    elif free < needed:
        yield warning(_CHECK, message, "make room, or lower limits.journal_bytes")
    else:
        yield fine(_CHECK, message)


def _schema(journal: Path) -> Finding:
    try:
        database = sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            row = database.execute(_CHECKPOINT).fetchone() if version == FORMAT else None
        finally:
            database.close()
    except sqlite3.Error as mistake:
        return error(_CHECK, f"{journal} cannot be read: {mistake}", "move it away, and keep it")
    if version != FORMAT:
        return error(_CHECK, f"{journal} has format {version}, this version reads {FORMAT}", _ANEW)
    if row is None:
        return fine(_CHECK, f"{journal} holds no checkpoint yet")
    schema, size = row
    if schema != ModelRegistry.schema:
        message = f"the checkpoint has schema {schema}, this version reads {ModelRegistry.schema}"
        return error(_CHECK, message, _ANEW)
    return fine(_CHECK, f"the checkpoint has schema {schema} and {size / _MIB:,.1f} MiB")
