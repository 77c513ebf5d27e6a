"""Late facts: log records and span events that say how a prediction turned out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from barograph_processor import semconv
from barograph_processor.observation import EventKind
from barograph_processor.otlp.rows import Ids
from barograph_processor.otlp.tally import RejectedItemError, Tally
from barograph_processor.otlp.timestamps import timestamp_ns
from barograph_processor.otlp.values import UNUSABLE, Cell, Value, number_of, text_of

__all__ = ["LateFact", "read_event"]

_KINDS: Final[Mapping[str, EventKind]] = {
    semconv.EVENT_LABEL: "label",
    semconv.EVENT_REACTION: "reaction",
    semconv.EVENT_EVALUATION: "evaluation",
    semconv.EVENT_OUTCOME: "outcome",
}


@dataclass(frozen=True, slots=True)
class LateFact:
    """One event; its fields are a row of ``EventBatch``."""

    kind: EventKind
    prediction_id: str | None
    ids: Ids
    time: int
    number: float
    text: str | None
    name: str | None
    source: str | None
    reviewer: str | None
    model_name: str | None
    model_version: str | None
    response_id: str | None = None


def read_event(
    name: str, attributes: Mapping[str, Value], *, ids: Ids, time_ns: int, tally: Tally
) -> LateFact | None:
    """Read an event by its name and attributes.

    Args:
        name: The event's name.
        attributes: By key.
        ids: Of the record, zeros if it has none.
        time_ns: The record's own time, ns since the epoch.
        tally: Where warnings go.

    Returns:
        The fact, or None if the event is of another kind.

    Raises:
        RejectedItemError: It names no prediction, or has no usable value.
    """
    kind = _KINDS.get(name)
    if kind is None:
        return None
    fields = _Fields(attributes, tally)
    prediction_id = text_of(fields.cell(semconv.PREDICTION_ID))
    response_id = None
    if prediction_id is None:
        response_id = text_of(fields.cell(semconv.RESPONSE_ID))
    if prediction_id is None and response_id is None and not ids.span:
        raise RejectedItemError("no_prediction")
    number, text = _content(kind, fields)
    return LateFact(
        kind=kind,
        prediction_id=prediction_id,
        ids=ids,
        time=_time(kind, fields, time_ns),
        number=number,
        text=text,
        name=_evaluation_name(kind, fields),
        source=_source(kind, fields),
        reviewer=text_of(fields.cell(semconv.REVIEWER)),
        model_name=text_of(fields.cell(semconv.MODEL_NAME)),
        model_version=text_of(fields.cell(semconv.MODEL_VERSION)),
        response_id=response_id,
    )


class _Fields:
    """Scalar attributes of one event; others are warned about and missing."""

    def __init__(self, attributes: Mapping[str, Value], tally: Tally) -> None:
        self._attributes = attributes
        self.tally = tally

    def cell(self, key: str) -> Cell:
        value = self._attributes.get(key)
        if value is UNUSABLE or isinstance(value, list):
            self.tally.warn("unusable_value")
            return None
        return value

    def number(self, key: str) -> float:
        """Return a number; NaN if there is none, with a warning if there is something else."""
        cell = self.cell(key)
        number = number_of(cell)
        if cell is not None and not math.isfinite(number):
            self.tally.warn("unusable_value")
            return math.nan
        return number


def _content(kind: EventKind, fields: _Fields) -> tuple[float, str | None]:
    """Return what the event says as number and as text; one of the two is there."""
    if kind == "label":
        cell = fields.cell(semconv.LABEL_VALUE)
        text = text_of(cell)
        if text is None:
            raise RejectedItemError("no_value")
        return number_of(cell), text
    if kind == "reaction":
        reaction = text_of(fields.cell(semconv.REACTION_KIND))
        if reaction not in semconv.REACTION_KINDS:
            raise RejectedItemError("unknown_kind")
        return fields.number(semconv.REACTION_MAGNITUDE), reaction
    if kind == "outcome":
        amount = fields.number(semconv.OUTCOME_VALUE)
        if math.isnan(amount):
            raise RejectedItemError("no_value")
        return amount, text_of(fields.cell(semconv.OUTCOME_UNIT))
    score = fields.number(semconv.EVALUATION_SCORE_VALUE)
    label = text_of(fields.cell(semconv.EVALUATION_SCORE_LABEL))
    if math.isnan(score) and label is None:
        raise RejectedItemError("no_value")
    return score, label


def _evaluation_name(kind: EventKind, fields: _Fields) -> str | None:
    if kind != "evaluation":
        return None
    name = text_of(fields.cell(semconv.EVALUATION_NAME))
    if not name:
        raise RejectedItemError("no_value")
    return name


def _source(kind: EventKind, fields: _Fields) -> str | None:
    key = {"label": semconv.LABEL_SOURCE, "evaluation": semconv.EVALUATION_SOURCE}.get(kind)
    source = text_of(fields.cell(key)) if key is not None else None
    if source is not None and source not in semconv.LABEL_SOURCES:
        fields.tally.warn("unknown_source")
        return None
    return source


def _time(kind: EventKind, fields: _Fields, time_ns: int) -> int:
    stated = fields.cell(semconv.LABEL_TIME) if kind == "label" else None
    if stated is None:
        return time_ns
    moment = timestamp_ns(stated)
    if moment is None:
        fields.tally.warn("unreadable_time")
        return time_ns
    return moment
