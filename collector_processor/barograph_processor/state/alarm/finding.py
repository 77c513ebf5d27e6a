"""What a monitor holds to be wrong now, before it is an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from barograph_processor.observation import ModelKey
from barograph_processor.quality.loss_unit import LossUnit
from barograph_processor.signal import Alarm, Apart, Severity, SignalName
from barograph_processor.state.alarm.alarms import AlarmKey, alarm_id, alarm_key
from barograph_processor.state.alarm.phrases import model_title, operational_clause, plain
from barograph_processor.state.alarm.slice_phrases import apart_clause

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, as of a window; ``Alarm`` says what the fields mean.

    Attributes:
        signal: Together with ``feature`` and ``slice`` it is what the alarm is about.
        sentence: Without the model's name in front, and without a full stop.
        unit: How the figures of ``apart`` are told.
    """

    signal: SignalName
    severity: Severity
    sentence: str
    advice: str
    since_ns: int
    since_window: int
    feature: str | None = None
    slice: tuple[tuple[str, str], ...] = ()
    before: float | None = None
    now: float | None = None
    interval: tuple[float, float] | None = None
    evidence: float = 0.0
    threshold: float = 0.0
    trace_ids: tuple[str, ...] = ()
    apart: tuple[Apart, ...] = ()
    unit: LossUnit = field(default_factory=LossUnit)

    @property
    def key(self) -> AlarmKey:
        """Under which there is at most one open alarm."""
        return alarm_key(self.signal, self.feature, self.slice)

    def alarm(
        self, model: ModelKey, *, operations: Mapping[str, str], raised_ns: int, window: int
    ) -> Alarm:
        """Return it as an alarm that is raised now.

        Args:
            model: Whose it is.
            operations: Whether latency, errors and traffic look normal.
            raised_ns: Event time now.
            window: The window now.
        """
        # Scores are no shares of anything.
        clause = apart_clause(
            self.apart, plain if self.signal == "evaluation" else self.unit.figure
        )
        return Alarm(
            id=alarm_id(*model, self.key, window),
            model=model.name,
            version=model.version,
            signal=self.signal,
            feature=self.feature,
            slice=dict(self.slice) or None,
            severity=self.severity,
            state="open",
            since_ns=self.since_ns,
            raised_ns=raised_ns,
            resolved_ns=None,
            since_window=min(self.since_window, window),
            raised_window=window,
            sentence=(
                f"{model_title(model)}: {self.sentence}.{clause} {operational_clause(operations)}"
            ),
            before=self.before,
            now=self.now,
            interval=self.interval,
            evidence=self.evidence,
            threshold=self.threshold,
            trace_ids=self.trace_ids,
            operational=dict(operations),
            advice=self.advice,
            apart=self.apart,
        )
