"""A sink for tests: what it has taken, in order, as chains of hashes."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from barograph_processor.observation import EventBatch, ModelKey, ObservationBatch, SpanBatch

__all__ = ["Ledger"]


class Ledger:
    """Equal ledgers took the same rows of each model and the same events, in the same order.

    And the events between the same rows; how rows came in batches makes no difference.
    """

    schema = 1

    def __init__(self) -> None:
        self.rows = 0
        self.events = 0
        self.settled = 0
        self._chains: dict[str, bytes] = {}

    @property
    def chain(self) -> bytes:
        """One hash for all that was taken."""
        return hashlib.blake2b(repr(sorted(self._chains.items())).encode()).digest()

    def observe(self, batch: ObservationBatch) -> None:
        self.rows += len(batch)
        for row, name in enumerate(batch.prediction_ids):
            self._link(batch.model.name, batch.ids[row].tobytes() + name.encode())

    def stretch(self, key: ModelKey, most: int) -> int:
        del key
        return most

    def admit(self, key: ModelKey) -> bool:
        del key
        return True

    def awaits(self, prediction_ids: Callable[[], Sequence[str]]) -> bool:
        del prediction_ids
        return False

    def relate(self, spans: Sequence[SpanBatch]) -> None:
        for batch in spans:
            for row in range(len(batch)):
                content = (*batch.ids[row].tolist(), int(batch.parent[row]), int(batch.rows[row]))
                self._link("spans", repr(content).encode())

    def attach(self, events: EventBatch) -> None:
        self.events += len(events)
        content = (self.rows, events.kind, events.prediction_ids, events.text)
        self._link("events", repr(content).encode())

    def look(self, now_ns: int, *, since_ns: int) -> None:
        self._link("events", repr((now_ns, since_ns)).encode())

    def settle(self) -> None:
        self.settled += 1
        self._link("events", repr(("settled", self.rows, self.events)).encode())

    def _link(self, name: str, content: bytes) -> None:
        before = self._chains.get(name, b"")
        self._chains[name] = hashlib.blake2b(before + content, digest_size=16).digest()

    def snapshot(self) -> Iterator[Any]:
        yield {"rows": self.rows, "events": self.events, "chains": self._chains}

    def restore(self, trees: Iterator[Any]) -> None:
        [tree] = trees
        self.rows, self.events = tree["rows"], tree["events"]
        self._chains = dict(tree["chains"])
