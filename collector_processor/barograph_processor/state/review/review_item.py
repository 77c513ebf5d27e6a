"""One prediction that people are asked about."""

import hashlib
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ObservationBatch, named_slices, span_hex, trace_hex
from barograph_processor.state.label.prediction_id import short_ids
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["Answer", "ReviewItem", "lot", "shown_of"]

_MOST_SHOWN = 64
_LONGEST_TEXT = 500


class Answer(msgspec.Struct, frozen=True):
    """What one person said of one prediction.

    Attributes:
        reviewer: Who; None if unsaid.
        verdict: The true class or value in canonical spelling, or a score.
    """

    reviewer: str | None
    verdict: str


class ReviewItem(msgspec.Struct):
    """A prediction with the chance that it had of being reviewed, and its answers.

    Attributes:
        id: Its prediction id; empty in a history without ids.
        time_ns: Its event time, ns.
        trace_id: 32 hex digits.
        span_id: 16 hex digits.
        label: The chosen class in canonical spelling, if it has one.
        value: Its value or probability; NaN if it has none.
        confidence: In [0, 1]; NaN if it has none.
        shown: Inputs, outputs and slices by name, as JSON; empty if nobody is asked here.
        propensity: The chance that it had, in (0, 1].
        weight: The least chance that any prediction had then, over its own.
        surprise: Its own guess of its loss minus the mean guess; None if it gave none.
        wanted: How many people are asked here.
        answers: What they said, in order.
    """

    id: str
    time_ns: int
    trace_id: str
    span_id: str
    label: str | None
    value: float
    confidence: float
    shown: bytes
    propensity: float
    weight: float
    surprise: float | None
    wanted: int
    answers: list[Answer] = msgspec.field(default_factory=list)

    @classmethod
    def of(
        cls,
        batch: ObservationBatch,
        row: int,
        *,
        predicted: tuple[CategoricalColumn | None, npt.NDArray[np.float64] | None],
        propensity: float,
        weight: float,
        surprise: float | None,
        wanted: int,
    ) -> "ReviewItem":
        """Return a row of a batch; ``predicted`` is its classes and values."""
        classes, value = predicted
        code = -1 if classes is None else int(classes.codes[row])
        confidence = batch.confidence
        names = batch.prediction_ids[row : row + 1]
        return cls(
            id=short_ids(names)[0] if names else "",
            time_ns=int(batch.event_time[row]),
            trace_id=trace_hex(batch.ids, row),
            span_id=span_hex(batch.ids, row),
            label=None if classes is None or code < 0 else classes.levels[code],
            value=float("nan") if value is None else float(value[row]),
            confidence=float("nan") if confidence is None else float(confidence[row]),
            shown=shown_of(batch, row) if wanted else b"",
            propensity=propensity,
            weight=weight,
            surprise=surprise,
            wanted=wanted,
        )

    @property
    def open(self) -> bool:
        """Whether somebody is still to be asked."""
        return len(self.answers) < self.wanted

    def details(self) -> dict[str, Any]:
        """Return ``inputs``, ``outputs`` and ``slices`` by name."""
        found: dict[str, Any] = msgspec.json.decode(self.shown) if self.shown else {}
        return found


def shown_of(batch: ObservationBatch, row: int) -> bytes:
    """Return what a reviewer sees of a row, as JSON: at most 64 fields of 500 characters."""
    groups = {
        "inputs": batch.inputs,
        "outputs": batch.outputs,
        "slices": named_slices(batch.slices),
    }
    return msgspec.json.encode(
        {
            group: {
                name[:_LONGEST_TEXT]: _cell(column, row)
                for name, column in list(columns.items())[:_MOST_SHOWN]
            }
            for group, columns in groups.items()
        }
    )


def _cell(column: Column, row: int) -> str | float | None:
    if isinstance(column, CategoricalColumn):
        code = int(column.codes[row])
        return None if code < 0 else column.levels[code][:_LONGEST_TEXT]
    value = float(column.values[row])
    return value if np.isfinite(value) else None


def lot(purpose: str, name: str) -> float:
    """Return the number in [0, 1) that an id draws for a purpose, the same on every machine."""
    digest = hashlib.blake2b(f"{purpose} {name}".encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest()) / 2.0**64
