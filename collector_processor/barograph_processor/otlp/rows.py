"""Rows: what one span says about predictions, before it becomes columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from barograph_processor.observation import ModelKey
from barograph_processor.otlp.tally import RejectedItemError
from barograph_processor.otlp.values import Cell, Value

__all__ = [
    "SPAN_ID_BYTES",
    "TRACE_ID_BYTES",
    "Field",
    "GroupKey",
    "Ids",
    "Role",
    "SpanFacts",
    "SpanRows",
]

TRACE_ID_BYTES: Final = 16
SPAN_ID_BYTES: Final = 8


class Role(Enum):
    """What a column of cells is for; the value is how it becomes a column."""

    INPUT = "feature"
    OUTPUT = "summary"
    SLICE = "slice"
    TRACE = "trace"
    VALUE = "value"
    LABEL = "label"
    CONFIDENCE = "confidence"
    PROPENSITY = "propensity"

    # By identity, as they are compared: that of Enum runs in the interpreter, for each column
    # of each request many times.
    __hash__ = object.__hash__


class Field(NamedTuple):
    """A column's place in a batch; roles that have one column leave the name empty."""

    role: Role
    name: str = ""


class Ids(NamedTuple):
    """A span's identity as unsigned 64-bit words; zeros mean unknown."""

    trace_high: int
    trace_low: int
    span: int

    @classmethod
    def of(cls, trace_id: bytes, span_id: bytes) -> "Ids":
        """Return ids as words; absent ones, of no bytes, are zeros.

        Raises:
            RejectedItemError: One is of a wrong length.
        """
        if len(trace_id) not in (0, TRACE_ID_BYTES) or len(span_id) not in (0, SPAN_ID_BYTES):
            raise RejectedItemError("invalid_id")
        return cls(
            int.from_bytes(trace_id[:SPAN_ID_BYTES]),
            int.from_bytes(trace_id[SPAN_ID_BYTES:]),
            int.from_bytes(span_id),
        )


class GroupKey(NamedTuple):
    """What rows of one batch share."""

    model: ModelKey
    task: str | None
    positive: str | None
    threshold: float | None


@dataclass(frozen=True, slots=True)
class SpanFacts:
    """A span as the conventions read it.

    Attributes:
        ids: Its identity, not zero.
        start_ns: Start, ns since the epoch, within 63 bits.
        end_ns: End, not before the start, within 63 bits.
        failed: Its status is an error.
        attributes: By key.
    """

    ids: Ids
    start_ns: int
    end_ns: int
    failed: bool
    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class SpanRows:
    """The rows of one span.

    Attributes:
        group: What they share with the rows of other spans.
        ids: The span's identity.
        prediction_ids: One a row.
        event_time: One a row, ns since the epoch.
        latency: Seconds of the whole call.
        failed: The call raised.
        weight: Rows that each row stands for; 1 unless sampled.
        cells: Columns, each of as many cells as there are rows.
        trace: Levels of dimensions that come from the trace, each for all rows.
        response_id: What the provider calls the response; None for several rows.
    """

    group: GroupKey
    ids: Ids
    prediction_ids: Sequence[str]
    event_time: Sequence[int]
    latency: float
    failed: bool
    weight: float = 1.0
    cells: Mapping[Field, Sequence[Cell]] = field(default_factory=dict)
    trace: Mapping[str, str] = field(default_factory=dict)
    response_id: str | None = None

    def __len__(self) -> int:
        return len(self.prediction_ids)
