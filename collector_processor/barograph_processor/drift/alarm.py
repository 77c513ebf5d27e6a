"""What a drift monitor reports of a stream."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from barograph_processor.drift.stream import StreamKey

__all__ = ["DriftAlarm", "DriftUpdate", "Effect", "StreamStatus", "Transition"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed, and by how much.

    Attributes:
        kind: ``mean`` of numbers, ``spread`` (their standard deviation), ``range`` (share of
            rows in a range of numbers), ``share`` of rows in a level (or ``__new__``,
            ``__other__``), ``missing`` (share of rows), ``outside`` (share that is not
            the one value of the reference), ``correlation`` of two inputs.
        subject: The level, the one value, or ``a, b`` for two inputs; None otherwise.
        before: In the reference.
        now: Over the last few windows, the latest weighing most; in the newest alone where
            something stopped, or where the change was at most two windows old when it was raised.
        low: Lower end of a 95% interval of ``now``, widened by what dependence there was
            inside windows of the reference.
        high: Its upper end.
        above: Of a range: what its numbers are more than; None if it has no lower end.
        up_to: What they are at most; None if it has no upper end.
    """

    kind: str
    subject: str | None
    before: float
    now: float
    low: float
    high: float
    above: float | None = None
    up_to: float | None = None

    @property
    def what(self) -> tuple[str, str | None, float | None, float | None]:
        """What changed, without by how much."""
        return self.kind, self.subject, self.above, self.up_to

    def tells(self, other: "Effect") -> bool:
        """Whether another is of the same, and within the interval of this one."""
        return self.what == other.what and self.low <= other.now <= self.high

    @property
    def gone(self) -> bool:
        """Whether it is a level that came and no longer does."""
        return self.kind == "share" and self.now == 0 < self.before

    @property
    def clear(self) -> bool:
        """Whether the interval of now leaves out what it was before."""
        return not self.low <= self.before <= self.high


@dataclass(frozen=True, slots=True)
class DriftAlarm:
    """A latched alarm: it stays until there is evidence that the drift is over.

    Attributes:
        key: The stream.
        since_window: The window in which the change probably began.
        since_low: It began in this window or later, with probability 95%.
        since_high: It began in this window or earlier, with probability 95%.
        raised_window: The window in which the evidence reached the threshold.
        log10_evidence: Then.
        log10_threshold: Of the stream, from the model's budget.
        distance: Effect size over the last few windows, see `StreamStatus`; None unknown.
        effect: What changed most.
        description: The same as a sentence without a full stop.
    """

    key: StreamKey
    since_window: int
    since_low: int
    since_high: int
    raised_window: int
    log10_evidence: float
    log10_threshold: float
    distance: float | None
    effect: Effect
    description: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, without the key."""
        effect = self.effect
        return {
            "since_window": self.since_window,
            "since_low": self.since_low,
            "since_high": self.since_high,
            "raised_window": self.raised_window,
            "log10_evidence": self.log10_evidence,
            "log10_threshold": self.log10_threshold,
            "distance": self.distance,
            "effect": [
                effect.kind, effect.subject, effect.before, effect.now, effect.low, effect.high,
                effect.above, effect.up_to,
            ],
            "description": self.description,
        }  # fmt: skip

    @classmethod
    def from_json(cls, key: StreamKey, data: dict[str, Any]) -> "DriftAlarm":
        """Return what `to_json` wrote."""
        return cls(key=key, **{**data, "effect": Effect(*data["effect"])})


class StreamStatus(NamedTuple):
    """One stream after its latest window: a tuple, for there is one of each stream and window.

    Attributes:
        key: The stream.
        distance: Of the window from the reference: Wasserstein-1 in reference standard
            deviations for numbers, Jensen-Shannon in ``[0, 1]`` for categories, root mean
            square of the differences of correlations for the inputs together. None if the
            window had no value.
        missing: Share of missing or unparsable values.
        unseen: Share of values whose level the reference did not have.
        out_of_range: Share of numbers beyond the reference's range.
        log10_evidence: Evidence for a change, decimal logarithm, at least -300.
        log10_threshold: At which an alarm is raised.
        alarm: While it is latched.
    """

    key: StreamKey
    distance: float | None
    missing: float
    unseen: float
    out_of_range: float
    log10_evidence: float
    log10_threshold: float
    alarm: DriftAlarm | None


Transition = tuple[StreamKey, str, DriftAlarm]
"""A stream, ``open``, ``updated`` or ``resolved``, and the alarm."""


@dataclass(frozen=True, slots=True)
class DriftUpdate:
    """All streams after a window, and what changed in it."""

    streams: tuple[StreamStatus, ...]
    transitions: tuple[Transition, ...]
