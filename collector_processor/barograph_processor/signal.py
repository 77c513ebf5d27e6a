"""What the processor says: metric points and alarms, independent of any encoding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = [
    "URGENCY",
    "Alarm",
    "AlarmState",
    "Apart",
    "Exemplar",
    "HistogramValue",
    "Incident",
    "Severity",
    "Signal",
    "SignalName",
]

Severity = Literal["page", "ticket", "note"]
URGENCY: Final[Mapping[str, int]] = {"page": 0, "ticket": 1, "note": 2}
"""The rank of each severity, the most urgent first."""
AlarmState = Literal["open", "resolved"]
SignalName = Literal[
    "input.drift",
    "prediction.drift",
    "confidence.drift",
    "risk",
    "slice",
    "calibration",
    "trust",
    "outcome",
    "evaluation",
    "loop",
    "blind",
]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One prediction that stands for a point: how a person gets from a metric to a trace.

    Attributes:
        value: What was measured, in the metric's unit.
        time_ns: When, ns since the epoch.
        trace_id: 32 hex digits.
        span_id: 16 hex digits.
    """

    value: float
    time_ns: int
    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True)
class HistogramValue:
    """A cumulative explicit-bucket histogram.

    Attributes:
        bounds: Upper bounds, inclusive, rising; the last bucket has none.
        counts: Rows per bucket, one more than bounds.
        total: Sum of the values.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float

    @property
    def count(self) -> int:
        """Rows in all buckets."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Signal:
    """One point of a metric of the catalog.

    Attributes:
        metric: The catalog's name.
        value: A gauge's or cumulative counter's value, or a histogram.
        attributes: Bounded labels of the point.
        start_ns: Since when a cumulative value counts; 0 for gauges.
        exemplars: Predictions that stand for the point, at most a handful.
    """

    metric: str
    value: float | HistogramValue
    attributes: Mapping[str, str] = field(default_factory=dict)
    start_ns: int = 0
    exemplars: Sequence[Exemplar] = ()


@dataclass(frozen=True, slots=True)
class Apart:
    """A slice that sets the bad predictions apart from the good ones.

    Attributes:
        slice: As ``{dimension: level}``.
        now: Its figure now.
        rest: That of all other predictions; None if there are next to none, since all traffic
            moved to the slice: then it is told that it came, and not that it does worse.
        came_ns: Event time of its first labelled prediction, if the reference did not hold it.
    """

    slice: Mapping[str, str]
    now: float
    rest: float | None
    came_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Alarms about the same thing, each soon after the end of the one before.

    People are told of it as of one.

    Attributes:
        id: That of its first alarm.
        raised_ns: When that was raised, in event time.
        openings: Its alarms so far.
    """

    id: str
    raised_ns: int
    openings: int = 1


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something changed and a person should know.

    Attributes:
        id: Stable over the alarm's life; updates and the resolution carry it too.
        model: Model name.
        version: Model version.
        signal: What kind of change.
        feature: The drifting feature, if it is one.
        slice: The failing slice as ``{dimension: level}``, if it is one.
        severity: Whom it concerns: page, ticket, note.
        state: Open, or resolved.
        since_ns: The estimated change point, not the time of the alarm.
        raised_ns: When the evidence sufficed, in event time.
        resolved_ns: When the evidence for recovery sufficed; None while open.
        since_window: Number of the first window under it, from 0 after the reference.
        raised_window: Number of the window that raised it.
        sentence: All of it in one sentence, for a person at night.
        before: The figure in the reference.
        now: The figure now.
        interval: Of the figure now, lower and upper; None if unknown.
        evidence: log10 of the e-detector's statistic.
        threshold: log10 of the value at which it alarms.
        trace_ids: Up to five traces of predictions that show it, 32 hex digits.
        operational: Whether latency, errors and traffic are within their bounds.
        advice: What to do next.
        apart: What sets the predictions that show it apart, at most a handful.
        back_in: The incident that goes on with it; None if it is the first of its own.
    """

    id: str
    model: str
    version: str
    signal: SignalName
    feature: str | None
    slice: Mapping[str, str] | None
    severity: Severity
    state: AlarmState
    since_ns: int
    raised_ns: int
    resolved_ns: int | None
    since_window: int
    raised_window: int
    sentence: str
    before: float | None
    now: float | None
    interval: tuple[float, float] | None
    evidence: float
    threshold: float
    trace_ids: tuple[str, ...]
    operational: Mapping[str, str]
    advice: str
    apart: tuple[Apart, ...] = ()
    back_in: Incident | None = None

    @property
    def incident(self) -> Incident:
        """The incident that it belongs to."""
        return self.back_in or Incident(self.id, self.raised_ns)
