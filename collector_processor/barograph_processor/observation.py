"""Predictions and late facts as columns: the only currency between the stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from barograph_processor.span_hexes import SpanHexes
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = [
    "TRACE_PREFIX",
    "EventBatch",
    "EventKind",
    "ModelKey",
    "ObservationBatch",
    "SpanBatch",
    "SpanIds",
    "named_slices",
    "names_at",
    "span_hex",
    "span_hexes",
    "span_keys",
    "trace_hex",
    "trace_keys",
]

SpanIds = npt.NDArray[np.uint64]
"""Shape ``(n, 3)``: the trace id's high and low 64 bits, then the span id; zeros mean unknown."""

EventKind = Literal["label", "reaction", "evaluation", "outcome"]

TRACE_PREFIX: Final = "trace."
"""Begins the names of slice dimensions that come from a prediction's trace: its resource,
its latency, its child spans. The others are those that the application named."""


class ModelKey(NamedTuple):
    """What state is kept for: one version of one model."""

    name: str
    version: str


def named_slices(slices: Mapping[str, CategoricalColumn]) -> dict[str, CategoricalColumn]:
    """Return the dimensions that the application named, without those from the trace."""
    return {name: it for name, it in slices.items() if not name.startswith(TRACE_PREFIX)}


def trace_hex(ids: SpanIds, row: int) -> str:
    """Return the trace id of a row as 32 lower-case hex digits."""
    return f"{int(ids[row, 0]):016x}{int(ids[row, 1]):016x}"


def span_hex(ids: SpanIds, row: int) -> str:
    """Return the span id of a row as 16 lower-case hex digits."""
    return f"{int(ids[row, 2]):016x}"


def span_hexes(ids: SpanIds) -> SpanHexes:
    """Return the span id of each row as 16 lower-case hex digits."""
    return SpanHexes(ids[:, 2])


_Rows = npt.NDArray[np.intp] | slice


@overload
def names_at(names: Sequence[str], rows: _Rows) -> Sequence[str]: ...
@overload
def names_at(names: Sequence[str | None], rows: _Rows) -> Sequence[str | None]: ...
def names_at(names: Sequence[str | None], rows: _Rows) -> Sequence[str | None]:
    """Return the names of the given rows, in the given order; none where there are none."""
    if isinstance(names, SpanHexes):
        return names.take(rows)
    if isinstance(rows, slice):
        return names[rows]
    return tuple(names[row] for row in rows.tolist()) if names else ()


def trace_keys(ids: SpanIds) -> npt.NDArray[np.uint64]:
    """Return a 64-bit hash of each trace id, shape ``(n,)``."""
    return _mix(_mix(ids[:, 0]) ^ ids[:, 1])


def span_keys(
    traces: npt.NDArray[np.uint64], spans: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint64]:
    """Return a 64-bit hash of each span id in a trace of a hash, both of shape ``(n,)``."""
    return _mix(traces ^ spans)


def _mix(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread bits, one to one: the finalizer of SplitMix64.

    https://prng.di.unimi.it/splitmix64.c
    """
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words ^= words >> np.uint64(30)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words


@dataclass(frozen=True, slots=True, eq=False)
class ObservationBatch:
    """Rows that one version of one model predicted, in order of arrival.

    A row is a prediction. A span of a batch call has several rows; they share
    its ids, and the first of them carries the call's latency.

    Attributes:
        model: Whose predictions these are.
        ids: Trace and span ids, shape ``(n, 3)``.
        prediction_ids: The id that late facts will name, one a row: the
            application's key, else the span id in hex, with ``:row`` behind it
            in a batch call. Empty where no late fact can come; ``SpanHexes`` where
            all are ids of spans.
        event_time: When it took place, shape ``(n,)``, ns since the epoch.
        latency: Shape ``(n,)``, seconds; NaN in all but the first row of a span.
        failed: Shape ``(n,)``: the call raised, so there is no prediction.
        task: As the span says, or None.
        inputs: Features by name, each of ``n`` rows.
        value: Regression value, or probability of the positive class, or None.
        label: The chosen class, or None.
        confidence: Shape ``(n,)``, in [0, 1], NaN where absent; or None.
        outputs: Summaries of outputs by name, each of ``n`` rows.
        slices: What quality is broken down by, each of ``n`` rows; see ``TRACE_PREFIX``.
        weight: Shape ``(n,)``: rows that each row stands for, the inverse of
            its sample rate; or None for one each.
        propensity: Shape ``(n,)``: probability of being sent to review, NaN
            where absent; or None.
        positive: The positive class of a binary task, where a user states it.
        threshold: Probability from which a row counts as positive, where stated.
        truth: The true labels, where they came with the rows, as in a history; not
            on the wire.
        response_ids: What the provider calls each row's response, None where it does not;
            empty if it does nowhere.
        received_ns: When the last of them came, by the wall clock, ns since the
            epoch; None where there is none, as in a history.
        cells: The slot of each row in each column by which errors are told, shape
            ``(S, n)``; None until they are looked up.
    """

    model: ModelKey
    ids: SpanIds
    prediction_ids: Sequence[str]
    event_time: npt.NDArray[np.int64]
    latency: npt.NDArray[np.float64]
    failed: npt.NDArray[np.bool_]
    task: str | None = None
    inputs: Mapping[str, Column] = field(default_factory=dict)
    value: npt.NDArray[np.float64] | None = None
    label: CategoricalColumn | None = None
    confidence: npt.NDArray[np.float64] | None = None
    outputs: Mapping[str, Column] = field(default_factory=dict)
    slices: Mapping[str, CategoricalColumn] = field(default_factory=dict)
    weight: npt.NDArray[np.float64] | None = None
    propensity: npt.NDArray[np.float64] | None = None
    positive: str | None = None
    threshold: float | None = None
    truth: Column | None = None
    response_ids: Sequence[str | None] = ()
    received_ns: int | None = None
    cells: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.event_time)

    def take(self, rows: _Rows) -> "ObservationBatch":
        """Return the given rows, in the given order, as a batch; of a stretch it is a view."""
        value = _taken(self.value, rows)
        # A probability that is its own confidence stays one array.
        confidence = value if self.confidence is self.value else _taken(self.confidence, rows)
        return ObservationBatch(
            model=self.model,
            ids=self.ids[rows],
            prediction_ids=names_at(self.prediction_ids, rows),
            event_time=self.event_time[rows],
            latency=self.latency[rows],
            failed=self.failed[rows],
            task=self.task,
            inputs={name: column.take(rows) for name, column in self.inputs.items()},
            value=value,
            label=None if self.label is None else self.label.take(rows),
            confidence=confidence,
            outputs={name: column.take(rows) for name, column in self.outputs.items()},
            slices={name: column.take(rows) for name, column in self.slices.items()},
            weight=_taken(self.weight, rows),
            propensity=_taken(self.propensity, rows),
            positive=self.positive,
            threshold=self.threshold,
            truth=None if self.truth is None else self.truth.take(rows),
            response_ids=names_at(self.response_ids, rows),
            received_ns=self.received_ns,
            cells=None if self.cells is None else self.cells[:, rows],
        )


def _taken(values: npt.NDArray[np.float64] | None, rows: _Rows) -> npt.NDArray[np.float64] | None:
    return None if values is None else values[rows]


@dataclass(frozen=True, slots=True, eq=False)
class EventBatch:
    """Late facts of one kind, in order of arrival.

    Attributes:
        kind: What they are.
        prediction_ids: Whose they are, one each; None where only its span or response is known.
        ids: Trace and span ids of the prediction, shape ``(n, 3)``, zeros if unknown.
        time: When each became true, shape ``(n,)``, ns since the epoch.
        number: Shape ``(n,)``: the label or outcome if it is a number, the
            score, the magnitude of a reaction; NaN if there is none.
        text: The label as text, the kind of a reaction, the score's label, the
            outcome's unit; None if there is none.
        name: The evaluation's name; None for the other kinds.
        source: Who says so: human, system, model; None if unsaid.
        model_names: Where the event says which model is meant; else None.
        model_versions: The same for its version.
        reviewer: Which person says so, in a review; empty if nobody did.
        response_ids: What the provider calls the response that each is about, where that is
            said and no prediction id is; else None. Empty if it is nowhere.
    """

    kind: EventKind
    prediction_ids: tuple[str | None, ...]
    ids: SpanIds
    time: npt.NDArray[np.int64]
    number: npt.NDArray[np.float64]
    text: tuple[str | None, ...]
    name: tuple[str | None, ...]
    source: tuple[str | None, ...]
    model_names: tuple[str | None, ...]
    model_versions: tuple[str | None, ...]
    reviewer: tuple[str | None, ...] = ()
    response_ids: Sequence[str | None] = ()

    def __len__(self) -> int:
        return len(self.prediction_ids)


@dataclass(frozen=True, slots=True, eq=False)
class SpanBatch:
    """Who was called by whom: predictions and other spans, in order of arrival.

    Spans without a parent are there only if they are predictions.

    Attributes:
        ids: Trace and span ids, shape ``(n, 3)``.
        parent: Span id of each one's parent, zero for none, shape ``(n,)``.
        model: Index into ``models`` of a prediction, -1 for other spans, shape ``(n,)``.
        rows: Rows of a prediction that can be judged, none of a failed one, shape ``(n,)``.
        micros: Duration, us, below ``2**31``, shape ``(n,)``.
        failed: The span's status is an error, shape ``(n,)``.
        name: Of each span.
        models: Whose predictions these are.
    """

    ids: SpanIds
    parent: npt.NDArray[np.uint64]
    model: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]
    micros: npt.NDArray[np.int32]
    failed: npt.NDArray[np.bool_]
    name: CategoricalColumn
    models: tuple[ModelKey, ...]

    def __len__(self) -> int:
        return len(self.parent)

    def between(self, start: int, stop: int) -> "SpanBatch":
        """Return the spans from one to before another, over the same names and models."""
        span = slice(start, stop)
        return SpanBatch(
            ids=self.ids[span],
            parent=self.parent[span],
            model=self.model[span],
            rows=self.rows[span],
            micros=self.micros[span],
            failed=self.failed[span],
            name=CategoricalColumn(self.name.codes[span], self.name.levels),
            models=self.models,
        )
