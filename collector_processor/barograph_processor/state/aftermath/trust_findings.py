"""What the alarms about trust say."""

from typing import Final

from barograph_processor.quality.rate import RateMonitor
from barograph_processor.quality.slice.status import SliceStatus
from barograph_processor.signal import Apart
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.phrases import moment, percent, slice_title
from barograph_processor.state.alarm.slice_phrases import slice_before

__all__ = ["ADAPTING_ADVICE", "rate_finding", "slice_finding"]

_ADVICE: Final = {
    "trust": (
        "Open the traces: users had no use for these predictions. Ask some of them why, before "
        "labels say so; compare with the slices and with what was released since then."
    ),
    "edited": (
        "Open the traces and compare what was given with what users made of it. Look for a "
        "changed prompt, model or source since then."
    ),
}
ADAPTING_ADVICE: Final = (
    "Ask users what they no longer rely on, and check the quality of what they check: labels "
    "and reviews may not cover it."
)
_VERBS: Final = {"verified": "verify more by hand", "abandoned": "abandon more"}


def rate_finding(
    name: str,
    monitor: RateMonitor,
    now: tuple[float, float, float],
    *,
    since_ns: int,
    trace_ids: tuple[str, ...],
    apart: tuple[Apart, ...],
) -> Finding:
    """Say that a rate of reactions has risen.

    Args:
        name: A key of ``MONITORED``.
        monitor: That found it.
        now: The rate now with its interval.
        since_ns: Event time of the change.
        trace_ids: Of predictions that really had such a reaction.
        apart: What sets these predictions apart.
    """
    before, since = monitor.reference.rate, moment(since_ns)
    limits = f"{monitor.tolerated:.1%} is tolerated, the reference had {before:.1%}"
    if name == "trust":
        sentence = (
            f"users trust it less since {since}: of those who reacted, {percent(now)} overrode, "
            f"rejected, retried or escalated, {limits}"
        )
    elif name == "edited":
        sentence = (
            f"users edit more of what it gives since {since}: of what those who reacted were "
            f"given, {percent(now)} was changed, {limits}"
        )
    else:
        sentence = (
            f"users adapt: they {_VERBS[name]} since {since}, while the quality figures show no "
            f"harm: {percent(now)} of the predictions, {limits}"
        )
    trust = name == "trust"
    return Finding(
        signal="trust",
        feature=None if trust else name,
        severity="page" if name in ("trust", "edited") else "ticket",
        sentence=sentence,
        advice=_ADVICE.get(name, ADAPTING_ADVICE),
        since_ns=since_ns,
        since_window=monitor.since_window,
        before=1 - before if trust else before,
        now=1 - now[0] if trust else now[0],
        interval=(1 - now[2], 1 - now[1]) if trust else (now[1], now[2]),
        evidence=monitor.decision[0],
        threshold=monitor.decision[1],
        trace_ids=trace_ids,
        apart=apart,
    )


def slice_finding(
    status: SliceStatus, *, since_ns: int, since_window: int, trace_ids: tuple[str, ...]
) -> Finding:
    """Say that the users of a slice trust less than the others."""
    return Finding(
        signal="trust",
        slice=status.key,
        severity="page",
        sentence=(
            f"users for {slice_title(status.key)} trust it less than the others since "
            f"{moment(since_ns)}: {percent((status.risk, status.low, status.high))} overrode, "
            f"rejected, retried or escalated, {status.tolerated:.1%} is tolerated as the others "
            f"do, {slice_before(status)}"
        ),
        advice=_ADVICE["trust"],
        since_ns=since_ns,
        since_window=since_window,
        before=None if status.reference is None else 1 - status.reference,
        now=1 - status.risk,
        interval=(1 - status.high, 1 - status.low),
        evidence=status.log10_evidence,
        threshold=status.log10_threshold,
        trace_ids=trace_ids,
    )
