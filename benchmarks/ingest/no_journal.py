"""A processor that keeps nothing on disk: ``barograph`` as ever, run by ``serve``."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from barograph_processor import service
from barograph_processor.cli import main
from barograph_processor.journal import Journal, SignalKind

__all__ = ["NoJournal"]


class NoJournal(Journal):
    """Acknowledges at once, and packs no checkpoint: what durability costs is the difference.

    The file is there, and empty; all but these two is as in a journal.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._numbering = threading.Lock()

    def begin(self, signal: SignalKind, payload: bytes, *, time_ns: int) -> "Future[int]":
        del signal, payload, time_ns
        written = Future[int]()
        with self._numbering:
            self._last_seq += 1
            written.set_result(self._last_seq)
        return written

    def begin_checkpoint(
        self, seq: int, schema: int, blocks: Iterable[bytes]
    ) -> Callable[[], None]:
        del seq, schema, blocks
        return lambda: None


if __name__ == "__main__":
    # The one thing that is other than ever.
    vars(service)["Journal"] = NoJournal
    main()
