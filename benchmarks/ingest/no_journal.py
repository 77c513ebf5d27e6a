"""A processor that keeps nothing on disk: ``barograph`` as ever, run by ``serve``."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future

from barograph_processor import service
from barograph_processor.cli import main
from barograph_processor.journal import Checkpoint, Journal, Record, SignalKind

__all__ = ["NoJournal"]


class NoJournal(Journal):
    """Acknowledges at once, and packs no checkpoint: what durability costs is the difference."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        self._counting = threading.Lock()
        self._last_seq = 0
        self._bytes = 0

    @property
    def alive(self) -> bool:
        return True

    def begin(self, signal: SignalKind, payload: bytes, *, time_ns: int) -> "Future[int]":
        del signal, payload, time_ns
        written = Future[int]()
        with self._counting:
            self._last_seq += 1
            written.set_result(self._last_seq)
        return written

    def read(self, after: int) -> Iterator[Record]:
        del after
        return iter(())

    def save_checkpoint(self, seq: int, schema: int, blocks: Iterable[bytes]) -> None:
        del seq, schema, blocks

    def load_checkpoint(self) -> Checkpoint | None:
        return None

    def close(self) -> None:
        pass


if __name__ == "__main__":
    # The one thing that is other than ever.
    vars(service)["Journal"] = NoJournal
    main()
