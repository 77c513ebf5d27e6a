"""A checkpoint's content: the sink's state, what was seen, and the counters."""

from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from barograph_processor import codec
from barograph_processor.exceptions import StateError
from barograph_processor.journal import Checkpoint
from barograph_processor.pipeline.seen import SeenSet
from barograph_processor.telemetry import Telemetry

__all__ = ["Envelope"]

_FORMAT: Final = 2


class _State(Protocol):
    def snapshot(self) -> bytes: ...

    def restore(self, blob: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """A checkpoint, unpacked and checked; nothing is restored from one that does not fit."""

    _tree: dict[str, Any]

    @staticmethod
    def pack(
        sink: _State,
        spans: SeenSet,
        facts: SeenSet,
        telemetry: Telemetry,
        *,
        started_ns: int,
        unsettled: int,
    ) -> bytes:
        """Return all of the state as bytes. Under the pipeline's lock."""
        counters = telemetry.counters()
        return codec.dumps(
            {
                "format": _FORMAT,
                "started_ns": started_ns,
                "unsettled": unsettled,
                "spans": spans.generations(),
                "facts": facts.generations(),
                "counters": [
                    [metric, dict(attributes), value]
                    for (metric, attributes), value in counters.items()
                ],
                "sink": sink.snapshot(),
            },
            # The sink compresses its own, and hashes do not shrink.
            compress=False,
        )

    @classmethod
    def unpack(cls, checkpoint: Checkpoint, schema: int) -> "Envelope":
        """Read a checkpoint.

        Raises:
            StateError: It is damaged, or another version of Barograph wrote it.
        """
        if checkpoint.schema != schema:
            raise StateError(
                f"the checkpoint has schema {checkpoint.schema}, this version reads {schema}: "
                "start the version that wrote it, or start anew in another --state-dir"
            )
        tree = codec.loads(checkpoint.blob)
        if not isinstance(tree, dict) or tree.get("format") != _FORMAT:
            raise StateError("the checkpoint is of an unknown format")
        return cls(cast("dict[str, Any]", tree))

    @property
    def started_ns(self) -> int:
        """When the counters began, ns since the epoch."""
        return int(self._tree["started_ns"])

    @property
    def unsettled(self) -> int:
        """Spans and records since the sink was told to make room."""
        return int(self._tree["unsettled"])

    def restore(self, sink: _State, spans: SeenSet, facts: SeenSet, telemetry: Telemetry) -> None:
        """Put everything back."""
        spans.restore(*self._tree["spans"])
        facts.restore(*self._tree["facts"])
        telemetry.restore(
            {
                (metric, tuple(sorted(attributes.items()))): value
                for metric, attributes, value in self._tree["counters"]
            }
        )
        sink.restore(self._tree["sink"])
