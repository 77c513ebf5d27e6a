"""A checkpoint's content: the sink's state, what was seen, and the counters."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Protocol, cast

from barograph_processor import codec
from barograph_processor.codec import Tree
from barograph_processor.exceptions import StateError
from barograph_processor.journal import Checkpoint
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.telemetry import Telemetry

__all__ = ["Envelope"]

_FORMAT: Final = 3


class _State(Protocol):
    def snapshot(self) -> Iterator[Tree]: ...

    def restore(self, trees: Iterator[Tree]) -> None: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """A checkpoint whose beginning was read and checked; the rest is read by ``restore``.

    Nothing is restored from one that is of another version.
    """

    _head: dict[str, Any]
    _rest: Iterator[Any]

    @staticmethod
    def pack(
        sink: _State,
        spans: SeenSet,
        facts: SeenSet,
        telemetry: Telemetry,
        *,
        started_ns: int,
        unsettled: int,
    ) -> Iterator[bytes]:
        """Return all of the state as blocks of bytes, made as they are asked for.

        Under the pipeline's lock, until the last of them is there.
        """
        counters = telemetry.counters()
        head: Tree = {
            "format": _FORMAT,
            "started_ns": started_ns,
            "unsettled": unsettled,
            "counters": [
                [metric, dict(attributes), value]
                for (metric, attributes), value in counters.items()
            ],
        }
        return codec.packed(chain([head], spans.state(), facts.state(), sink.snapshot()))

    @classmethod
    def unpack(cls, checkpoint: Checkpoint, schema: int) -> "Envelope":
        """Read the beginning of a checkpoint.

        Raises:
            StateError: It is damaged, or another version of Barograph wrote it.
        """
        if checkpoint.schema != schema:
            raise StateError(
                f"the checkpoint has schema {checkpoint.schema}, this version reads {schema}: "
                "start the version that wrote it, or start anew in another --state-dir"
            )
        trees = codec.unpacked(checkpoint.blocks)
        head = next(trees, None)
        if not isinstance(head, dict) or head.get("format") != _FORMAT:
            raise StateError("the checkpoint is of an unknown format")
        return cls(cast("dict[str, Any]", head), trees)

    @property
    def started_ns(self) -> int:
        """When the counters began, ns since the epoch."""
        return int(self._head["started_ns"])

    @property
    def unsettled(self) -> int:
        """Spans and records since the sink was told to make room."""
        return int(self._head["unsettled"])

    def restore(self, sink: _State, spans: SeenSet, facts: SeenSet, telemetry: Telemetry) -> None:
        """Put everything back, once.

        Raises:
            StateError: The rest of it is damaged.
        """
        telemetry.restore(
            {
                (metric, tuple(sorted(attributes.items()))): value
                for metric, attributes, value in self._head["counters"]
            }
        )
        spans.load(self._rest)
        facts.load(self._rest)
        sink.restore(self._rest)
