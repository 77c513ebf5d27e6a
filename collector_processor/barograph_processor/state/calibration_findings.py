"""What is wrong with the scores of a model, as an alarm would say it."""

from collections.abc import Callable

from barograph_processor.quality.calibration import ReliabilityBin
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.phrases import moment
from barograph_processor.state.label.labelled import LabelledQuality

__all__ = ["calibration_findings"]

_ALIKE = 0.03
_ADVICE = (
    "Do not act on the scores as probabilities: thresholds and expected values that were set by "
    "them are off. Open the traces; recalibrate on labels since then, or set the thresholds anew."
)


def calibration_findings(
    quality: LabelledQuality, number_at: Callable[[int], int]
) -> list[Finding]:
    """Return that scores no longer mean what they say, if the monitor says so.

    Args:
        quality: The reference's scores and the latest labels.
        number_at: The window that an event time falls into.
    """
    scores, step = quality.scores, quality.scores.step
    if scores.monitor is None or not scores.monitor.broken or step is None:
        return []
    worst = max(scores.bins_of(quality.recent.performance), key=_distance, default=None)
    before = _nearest(scores.reference_bins, worst)
    shown = "" if worst is None else f": {_shown(worst, before)}"
    since_ns = quality.since(step.since)
    finding = Finding(
        signal="calibration",
        severity="page",
        sentence=f"scores no longer mean what they say since {moment(since_ns)}{shown}",
        advice=_ADVICE,
        since_ns=since_ns,
        since_window=number_at(since_ns),
        before=None if before is None else before.rate,
        now=None if worst is None else worst.rate,
        interval=None if worst is None else (worst.lower, worst.upper),
        evidence=step.log10_evidence,
        threshold=step.log10_threshold,
        trace_ids=quality.wrong.traces(since_ns),
        apart=quality.slices.apart(),
    )
    return [finding]


def _distance(bin_: ReliabilityBin) -> float:
    """Return how far the score is from what came true, in the interval's own widths."""
    return abs(bin_.rate - bin_.score) / max(bin_.upper - bin_.lower, 1e-9)


def _nearest(bins: list[ReliabilityBin], other: ReliabilityBin | None) -> ReliabilityBin | None:
    """Return the bin of about the same score; None if the reference held no such scores."""
    if other is None or not bins:
        return None
    nearest = min(bins, key=lambda bin_: abs(bin_.score - other.score))
    return nearest if abs(nearest.score - other.score) <= _ALIKE else None


def _shown(worst: ReliabilityBin, before: ReliabilityBin | None) -> str:
    then = "" if before is None else f", {before.rate:.1%} in the reference"
    return (
        f"of predictions scored about {worst.score:.1%}, {worst.rate:.1%} come true "
        f"({worst.lower:.1%} to {worst.upper:.1%}{then})"
    )
