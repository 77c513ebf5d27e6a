"""A sink for tests: what it has taken, in order, as a chain of hashes."""

import hashlib

from barograph_processor import codec
from barograph_processor.observation import EventBatch, ObservationBatch

__all__ = ["Ledger"]


class Ledger:
    """Equal ledgers took the same rows and events in the same order."""

    schema = 1

    def __init__(self) -> None:
        self.rows = 0
        self.events = 0
        self.chain = b""

    def observe(self, batch: ObservationBatch) -> None:
        self.rows += len(batch)
        self._link(batch.ids.tobytes() + repr(batch.prediction_ids).encode())

    def attach(self, events: EventBatch) -> None:
        self.events += len(events)
        self._link(repr((events.kind, events.prediction_ids, events.text)).encode())

    def advance(self, now_ns: int) -> None:
        """What is taken does not hang on when it came."""

    def look(self, now_ns: int, *, since_ns: int) -> None:
        self._link(repr((now_ns, since_ns)).encode())

    def _link(self, content: bytes) -> None:
        self.chain = hashlib.blake2b(self.chain + content, digest_size=16).digest()

    def snapshot(self) -> bytes:
        return codec.dumps({"rows": self.rows, "events": self.events, "chain": self.chain})

    def restore(self, blob: bytes) -> None:
        tree = codec.loads(blob)
        assert isinstance(tree, dict)
        rows, events, chain = tree["rows"], tree["events"], tree["chain"]
        assert isinstance(rows, int)
        assert isinstance(events, int)
        assert isinstance(chain, bytes)
        self.rows, self.events, self.chain = rows, events, chain
