"""What the alarms about quality and drift say: one sentence first, then the figures behind it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from barograph_processor.drift.alarm import DriftAlarm, Effect
from barograph_processor.drift.sentence import range_title
from barograph_processor.drift.stream import StreamKey
from barograph_processor.quality.loss_unit import LossUnit
from barograph_processor.quality.slice.status import SliceTransition
from barograph_processor.signal import Apart, Severity, SignalName
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.phrases import moment, quoted, slice_title
from barograph_processor.state.alarm.slice_phrases import also, found_title, slice_before
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.label.realized import Share
from barograph_processor.state.shown_rows import showing
from barograph_processor.state.watch.open_window import Sample
from barograph_processor.stats.written import to_interval

__all__ = ["drift_finding", "harm_finding", "slice_finding", "stands"]


class _Kind(NamedTuple):
    """How a drift of some signal is told."""

    signal: SignalName
    subject: str
    severity: Severity
    advice: str


_DRIFT: Mapping[str, _Kind] = {
    "input.drift": _Kind(
        "input.drift",
        "input",
        "note",
        "Compare the feature's source with the reference. Nothing has to be done while "
        "quality holds; if the new mix is here to stay, promote a new reference.",
    ),
    "prediction.drift": _Kind(
        "prediction.drift",
        "output",
        "ticket",
        "Look for a change of inputs at the same time. Without one, look for a changed model, "
        "prompt or post-processing; get labels for the predictions since then.",
    ),
    "confidence.drift": _Kind(
        "confidence.drift",
        "confidence",
        "ticket",
        "Open the least confident traces. Check the inputs that moved, and get labels for "
        "these predictions: confidence alone does not say that they are wrong.",
    ),
}
_POOLED: Final[Mapping[str, str]] = {
    "__new__": "names that the reference did not hold",
    "__other__": "rare names",
    "rare levels": "rare names",
}
"""Levels that stand for several, which no application has named."""

_SLICE_ADVICE = (
    "Open the traces: they are bad predictions of this slice. Look for what only this "
    "slice depends on: a data source, a rule, a client version; route it to people or to a "
    "fallback while the cause is open."
)
_HARM_ADVICE = (
    "Open the traces: they are predictions that turned out bad. Compare what sets them "
    "apart with good ones; roll back, or route to people, while the cause is open."
)


def harm_finding(
    quality: LabelledQuality,
    share: Share | None,
    *,
    cost: str,
    since_ns: int,
    since_window: int,
    evidence: tuple[float, float],
    apart: tuple[Apart, ...],
) -> Finding:
    """Say that the risk exceeds what is tolerated.

    Args:
        quality: Baseline and tolerance.
        share: Share of wrong predictions now with its interval, or None.
        cost: What it has cost, as a sentence with a space before it, or nothing.
        since_ns: Event time of the change.
        since_window: Window of the change.
        evidence: log10 of the evidence, and of what it had to reach.
        apart: What sets the wrong predictions apart. What does better than all of them now is
            not told: its figures are of before.
    """
    if share is not None:
        apart = tuple(each for each in apart if each.rest is None or each.now >= share[1])
    risk = quality.baseline_risk
    unit = quality.unit
    figures = "" if share is None else f" {unit.interval(share)},"
    tolerated = (
        "" if quality.tolerated is None else f" {unit.figure(quality.tolerated)} is tolerated"
    )
    before = "" if risk is None else f", the reference had {unit.figure(risk)}"
    accuracy = quality.promised.get("accuracy")
    offline = "" if accuracy is None else f", the offline figure is {1 - accuracy:.1%}"
    sentence = (
        f"{unit.too_much} since {moment(since_ns)}:{figures}{tolerated}{before}{offline}.{cost}"
    )
    return Finding(
        signal="risk",
        severity="page",
        sentence=sentence.removesuffix("."),
        advice=_HARM_ADVICE,
        since_ns=since_ns,
        since_window=since_window,
        before=risk,
        now=None if share is None else share[0],
        interval=None if share is None else share[1:],
        evidence=evidence[0],
        threshold=evidence[1],
        trace_ids=quality.wrong.traces(since_ns),
        apart=apart,
        unit=unit,
    )


def stands(unit: LossUnit, share: Share | None, tolerated: float | None) -> str:
    """Say how predictions do of late, and what is tolerated; nothing where that is not known.

    Nor where it is more than that: of late still holds windows from before the end then.

    >>> stands(LossUnit(), (0.08, 0.06, 0.1), 0.12)
    '8.0% wrong (6.0% to 10.0%), 12.0% is tolerated'
    >>> stands(LossUnit(), (0.13, 0.11, 0.15), 0.12)
    ''
    """
    if share is None or tolerated is None or share[0] > tolerated:
        return ""
    return f"{unit.loss(share)}, {unit.figure(tolerated)} is tolerated"


def slice_finding(step: SliceTransition, quality: LabelledQuality, *, since_ns: int) -> Finding:
    """Say that a slice does worse than the rest explains."""
    status, unit = step.status, quality.unit
    named = found_title(status.key) if status.proposed else slice_title(status.key)
    return Finding(
        signal="slice",
        slice=status.key,
        severity="page",
        sentence=(
            f"predictions for {named} are worse than the rest since "
            f"{moment(since_ns)}: {unit.loss((status.risk, status.low, status.high))}, "
            f"{unit.figure(status.tolerated)} is tolerated given how the rest does, "
            f"{slice_before(status, unit)}{also(step.alike)}"
        ),
        advice=_SLICE_ADVICE,
        since_ns=since_ns,
        since_window=step.since_window,
        before=status.reference,
        now=status.risk,
        interval=(status.low, status.high),
        evidence=status.log10_evidence,
        threshold=status.log10_threshold,
        trace_ids=quality.wrong.traces(since_ns, within=quality.slices.within(status.key)),
    )


def drift_finding(key: StreamKey, drift: DriftAlarm, *, sample: Sample, since_ns: int) -> Finding:
    """Say that a stream no longer looks like the reference."""
    kind, effect = _DRIFT[key.signal], drift.effect
    what, verb = kind.subject, "has"
    if key.feature:
        what = f"{kind.subject} {quoted(key.feature)}"
    elif key.signal == "input.drift":
        what, verb = "inputs together", "have"
    column = sample.column(key)
    return Finding(
        signal=kind.signal,
        feature=key.feature,
        severity=kind.severity,
        sentence=f"the {what} {verb} drifted since {moment(since_ns)}: {_effect(effect)}",
        advice=kind.advice,
        since_ns=since_ns,
        since_window=drift.since_window,
        before=float(effect.before),
        now=float(effect.now),
        interval=(float(effect.low), float(effect.high)),
        evidence=float(drift.log10_evidence),
        threshold=float(drift.log10_threshold),
        trace_ids=() if column is None else sample.traces(showing(column, effect)),
    )


def _effect(effect: Effect) -> str:
    """Return what changed, from what to what.

    >>> _effect(Effect("share", "__new__", 0.0, 0.002, 0.001, 0.003))
    'the share of names that the reference did not hold went from 0.0% to 0.2% (0.1% to 0.3%)'
    >>> _effect(Effect("share", "ios", 0.331, 0.0, 0.0, 0.0))
    '“ios” no longer comes, which was 33.1% of all'
    """
    pooled = _POOLED.get(effect.subject or "")
    named = pooled or quoted(effect.subject)
    if effect.gone:
        comes, were = ("come", "were") if pooled else ("comes", "was")
        return f"{named} no longer {comes}, which {were} {effect.before:.1%} of all"
    subject = f" of {named}" if effect.subject else ""
    if effect.kind in ("share", "range", "missing", "outside"):
        words = {
            "share": f"the share{subject}",
            "range": f"the share {range_title(effect)}",
            "missing": "the share without a value",
            "outside": f"the share that is not {effect.subject}, as all of the reference was,",
        }[effect.kind]
        return (
            f"{words} went from {effect.before:.1%} to {effect.now:.1%} "
            f"({effect.low:.1%} to {effect.high:.1%})"
        )
    words = {"mean": "the mean", "spread": "the spread"}.get(
        effect.kind, f"the {effect.kind}{subject}"
    )
    before, now, low, high = to_interval(effect.low, effect.high, effect.before, effect.now)
    return f"{words} went from {before} to {now} ({low} to {high})"
