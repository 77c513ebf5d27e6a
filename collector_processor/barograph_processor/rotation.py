"""Files that are replaced while the service runs: tokens and certificates."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.telemetry import Telemetry

__all__ = ["Rotation"]

_LOG: Final = logging.getLogger(__name__)


class Rotation:
    """Reads files anew when what they hold has changed, however they were replaced.

    By content and not by time or inode, since secrets of Kubernetes and of cert-manager
    are links to links that are swapped. What cannot be used changes nothing, and is told
    once. Used by one thread.

    Args:
        what: Is in the files, for the log and the counter.
        files: Which; read whole, so they are small.
        renew: Uses what they hold now; raises ConfigurationError, and keeps what it had.
        telemetry: Counts what came of changes.
    """

    def __init__(
        self,
        what: str,
        files: Sequence[Path],
        renew: Callable[[], None],
        telemetry: Telemetry,
    ) -> None:
        self._what = what
        self._files = files
        self._renew = renew
        self._telemetry = telemetry
        self._seen = _content(files)
        for result in ("taken", "failed") if files else ():
            self._count(result, 0)

    def look(self) -> None:
        """Take what has changed."""
        content = _content(self._files)
        if content == self._seen:
            return
        # First: a swap while they are read is a change once more at the next look.
        self._seen = content
        try:
            self._renew()
        except ConfigurationError as error:
            self._count("failed", 1)
            _LOG.error("new %s cannot be used, those before stay: %s", self._what, error)
        else:
            self._count("taken", 1)
            _LOG.info("new %s are used", self._what)

    def _count(self, result: str, amount: int) -> None:
        self._telemetry.add("barograph.monitor.reloads", amount, what=self._what, result=result)


def _content(files: Sequence[Path]) -> list[bytes]:
    return [_digest(file) for file in files]


def _digest(file: Path) -> bytes:
    """Return what tells contents apart; empty if there is none."""
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError:
        return b""
