"""What an alarm says: one sentence first, then the figures behind it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.alarm import DriftAlarm, Effect
from barograph_processor.drift.stream import StreamKey
from barograph_processor.observation import ModelKey
from barograph_processor.quality.slices import SliceTransition
from barograph_processor.signal import Alarm, Severity, SignalName
from barograph_processor.state.alarms import alarm_id
from barograph_processor.state.labelled import LabelledQuality
from barograph_processor.state.open_window import Sample
from barograph_processor.state.realized import Share
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["Cost", "Narrator", "clean", "model_title", "moment", "operational_clause"]

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
            f"{subject} {_quoted(key.feature)}"
            if key.feature
            else ("inputs together" if key.signal == "input.drift" else subject)
        )
        verb = "have" if what == "inputs together" else "has"
        sentence = (
            f"{model_title(self._key)}: the {what} {verb} drifted since {moment(since_ns)}: "
            f"{_effect(effect)}. {operational_clause(operations)}"
        )
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
            trace_ids=_examples(sample, key, effect),
            operational=dict(operations),
            advice=_ADVICE[key.signal],
        )


def moment(time_ns: int) -> str:
    """Write a time to the minute, for people.

    >>> moment(1_357_034_460_000_000_000)
    '2013-01-01 10:01 UTC'
    """
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")


def operational_clause(operations: Mapping[str, str]) -> str:
    """Say whether the usual dashboards would have shown it.

    >>> operational_clause({"latency": "normal", "errors": "normal", "traffic": "high"})
    'Latency and errors are normal; traffic is high.'
    """
    normal = [name for name, verdict in operations.items() if verdict == "normal"]
    odd = [
        f"{n} {'are' if n == 'errors' else 'is'} {v}"
        for n, v in operations.items()
        if v in ("high", "low")
    ]
    parts = []
    if normal:
        listed = normal[0] if len(normal) == 1 else f"{', '.join(normal[:-1])} and {normal[-1]}"
        parts.append(f"{listed} {'is' if normal in (['latency'], ['traffic']) else 'are'} normal")
    parts += odd
    text = "; ".join(parts) or "latency, errors and traffic are unknown"
    return text[0].upper() + text[1:] + "."


def model_title(key: ModelKey) -> str:
    """Return a model's name and version as a sentence begins with them."""
    return f"{clean(key.name)} {clean(key.version)}"


def _quoted(name: str | None) -> str:
    return f"“{clean(name or '')}”"


def clean(name: str) -> str:
    """Make a name from a span harmless in a sentence: one line, printable, not endless."""
    text = "".join(c if c.isprintable() else " " for c in name)
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004 - a line's worth


def _effect(effect: Effect) -> str:
    subject = f" of {_quoted(effect.subject)}" if effect.subject else ""
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


def _examples(sample: Sample, key: StreamKey, effect: Effect) -> tuple[str, ...]:
    """Return traces of rows that show the change, the clearest first."""
    column = sample.column(key)
    if column is None:
        return ()
    return sample.traces(_showing(column, effect))


def _showing(column: Column, effect: Effect) -> npt.NDArray[np.intp]:
    """Return the rows that show a change, the clearest first."""
    if isinstance(column, CategoricalColumn):
        return _showing_level(column, effect)
    values = column.values
    if effect.kind == "missing":
        return np.flatnonzero(np.isnan(values))
    if effect.kind == "mean":
        direction = 1.0 if effect.now >= effect.before else -1.0
        score = direction * values
    else:
        centre = float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0
        score = np.abs(values - centre)
    order = np.argsort(-np.where(np.isfinite(score), score, -np.inf), kind="stable")
    return order[np.isfinite(score[order])]


def _showing_level(column: CategoricalColumn, effect: Effect) -> npt.NDArray[np.intp]:
    if effect.kind == "missing":
        return np.flatnonzero(column.codes < 0)
    of_level = np.array([level == effect.subject for level in column.levels] + [False])
    shown = of_level[column.codes]
    if effect.now < effect.before:
        # A level that became rare is shown by the rows that have another one.
        return np.flatnonzero(~shown & (column.codes >= 0))
    # A pooled level, such as `__new__`, has no name of its own among the rows.
    return np.flatnonzero(shown) if shown.any() else np.arange(len(column))[::-1]
