"""What an alarm says: one sentence first, then the figures behind it."""

from collections.abc import Callable, Mapping

from barograph_processor.drift.alarm import DriftAlarm, Effect
from barograph_processor.drift.stream import StreamKey
from barograph_processor.observation import ModelKey
from barograph_processor.quality.slices import SliceTransition
from barograph_processor.signal import Alarm, Severity, SignalName
from barograph_processor.state.alarm.alarms import alarm_id
from barograph_processor.state.alarm.phrases import (
    clean,
    model_title,
    moment,
    operational_clause,
    quoted,
)
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.label.realized import Share
from barograph_processor.state.shown_rows import showing
from barograph_processor.state.watch.open_window import Sample

__all__ = ["Cost", "Narrator"]

Cost = Callable[[Share | None, float | None, int], str]
"""Says what harm has cost, by the risk now, that before, and the first window under it."""

_SUBJECT: Mapping[str, str] = {
    "input.drift": "input",
    "prediction.drift": "output",
    "confidence.drift": "confidence",
}
_SEVERITY: Mapping[str, Severity] = {
    "input.drift": "note",
    "prediction.drift": "ticket",
    "confidence.drift": "ticket",
}
_ADVICE: Mapping[str, str] = {
    "input.drift": (
        "Compare the feature's source with the reference. Nothing has to be done while "
        "quality holds; if the new mix is here to stay, promote a new reference."
    ),
    "prediction.drift": (
        "Look for a change of inputs at the same time. Without one, look for a changed model, "
        "prompt or post-processing; get labels for the predictions since then."
    ),
    "confidence.drift": (
        "Open the least confident traces. Check the inputs that moved, and get labels for "
        "these predictions: confidence alone does not say that they are wrong."
    ),
    "slice": (
        "Open the traces: they are wrong predictions of this slice. Look for what only this "
        "slice depends on: a data source, a rule, a client version; route it to people or to a "
        "fallback while the cause is open."
    ),
    "risk": (
        "Open the traces: they are predictions that turned out wrong. Compare what sets them "
        "apart with good ones; roll back, or route to people, while the cause is open."
    ),
}


class Narrator:
    """Writes the alarms of one model.

    Args:
        key: The model.
        cost: Says what harm costs; see ``Outcomes.cost``.
    """

    def __init__(self, key: ModelKey, *, cost: Cost) -> None:
        self._key = key
        self._cost = cost

    def risk(
        self,
        quality: LabelledQuality,
        share: Share | None,
        *,
        operations: Mapping[str, str],
        since_ns: int,
        since_window: int,
        raised_ns: int,
        window: int,
        evidence: tuple[float, float],
    ) -> Alarm:
        """Say that the risk exceeds what is tolerated.

        Args:
            quality: Baseline and tolerance.
            share: Share of wrong predictions now with its interval, or None.
            operations: Whether latency, errors and traffic look normal.
            since_ns: Event time of the change.
            since_window: Window of the change.
            raised_ns: When the evidence sufficed.
            window: Window in which it did.
            evidence: log10 of the evidence, and of what it had to reach.
        """
        figures = "" if share is None else f" {share[0]:.1%} ({share[1]:.1%} to {share[2]:.1%}),"
        tolerated = "" if quality.tolerated is None else f" {quality.tolerated:.1%} is tolerated"
        before = (
            ""
            if quality.baseline_risk is None
            else f", the reference had {quality.baseline_risk:.1%}"
        )
        cost = self._cost(share, quality.baseline_risk, since_window)
        sentence = (
            f"{model_title(self._key)}: too many predictions are wrong since {moment(since_ns)}:"
            f"{figures}{tolerated}{before}.{cost} {operational_clause(operations)}"
        )
        return Alarm(
            id=alarm_id(*self._key, ("risk", None, ()), window),
            model=self._key.name,
            version=self._key.version,
            signal="risk",
            feature=None,
            slice=None,
            severity="page",
            state="open",
            since_ns=since_ns,
            raised_ns=raised_ns,
            resolved_ns=None,
            since_window=since_window,
            raised_window=window,
            sentence=sentence,
            before=quality.baseline_risk,
            now=None if share is None else share[0],
            interval=None if share is None else (share[1], share[2]),
            evidence=evidence[0],
            threshold=evidence[1],
            trace_ids=quality.wrong.traces(since_ns),
            operational=dict(operations),
            advice=_ADVICE["risk"],
        )

    def slice(
        self,
        step: SliceTransition,
        quality: LabelledQuality,
        *,
        operations: Mapping[str, str],
        since_ns: int,
        raised_ns: int,
        window: int,
    ) -> Alarm:
        """Say that a slice does worse than the rest explains."""
        status = step.status
        where = dict(status.key)
        named = ", ".join(f"{clean(name)}={clean(level)}" for name, level in status.key)
        sentence = (
            f"{model_title(self._key)}: predictions for {named} are worse than the rest since "
            f"{moment(since_ns)}: {status.risk:.1%} wrong ({status.low:.1%} to "
            f"{status.high:.1%}), {status.tolerated:.1%} is tolerated as the rest does, the "
            f"reference had {status.reference:.1%}. {operational_clause(operations)}"
        )
        return Alarm(
            id=alarm_id(*self._key, ("slice", None, status.key), window),
            model=self._key.name,
            version=self._key.version,
            signal="slice",
            feature=None,
            slice=where,
            severity="page",
            state="open",
            since_ns=since_ns,
            raised_ns=raised_ns,
            resolved_ns=None,
            since_window=step.since_window,
            raised_window=window,
            sentence=sentence,
            before=status.reference,
            now=status.risk,
            interval=(status.low, status.high),
            evidence=status.log10_evidence,
            threshold=status.log10_threshold,
            trace_ids=quality.wrong.traces(since_ns, within=where),
            operational=dict(operations),
            advice=_ADVICE["slice"],
        )

    def drift(
        self,
        key: StreamKey,
        drift: DriftAlarm,
        *,
        sample: Sample,
        operations: Mapping[str, str],
        since_ns: int,
        raised_ns: int,
        window: int,
    ) -> Alarm:
        """Say that a stream no longer looks like the reference."""
        signal: SignalName = key.signal  # type: ignore[assignment] # the three drift signals
        effect = drift.effect
        subject = _SUBJECT[key.signal]
        what = (
            f"{subject} {quoted(key.feature)}"
            if key.feature
            else ("inputs together" if key.signal == "input.drift" else subject)
        )
        verb = "have" if what == "inputs together" else "has"
        sentence = (
            f"{model_title(self._key)}: the {what} {verb} drifted since {moment(since_ns)}: "
            f"{_effect(effect)}. {operational_clause(operations)}"
        )
        column = sample.column(key)
        return Alarm(
            id=alarm_id(*self._key, (key.signal, key.feature, ()), drift.raised_window),
            model=self._key.name,
            version=self._key.version,
            signal=signal,
            feature=key.feature,
            slice=None,
            severity=_SEVERITY[key.signal],
            state="open",
            since_ns=since_ns,
            raised_ns=raised_ns,
            resolved_ns=None,
            since_window=drift.since_window,
            raised_window=window,
            sentence=sentence,
            before=float(effect.before),
            now=float(effect.now),
            interval=(float(effect.low), float(effect.high)),
            evidence=float(drift.log10_evidence),
            threshold=float(drift.log10_threshold),
            trace_ids=() if column is None else sample.traces(showing(column, effect)),
            operational=dict(operations),
            advice=_ADVICE[key.signal],
        )


def _effect(effect: Effect) -> str:
    subject = f" of {quoted(effect.subject)}" if effect.subject else ""
    if effect.kind in ("share", "missing", "outside"):
        words = {
            "share": f"the share{subject}",
            "missing": "the share without a value",
            "outside": "the share outside of the reference's range",
        }[effect.kind]
        return (
            f"{words} went from {effect.before:.1%} to {effect.now:.1%} "
            f"({effect.low:.1%} to {effect.high:.1%})"
        )
    words = {"mean": "the mean", "spread": "the spread"}.get(
        effect.kind, f"the {effect.kind}{subject}"
    )
    return (
        f"{words} went from {effect.before:.4g} to {effect.now:.4g} "
        f"({effect.low:.4g} to {effect.high:.4g})"
    )
