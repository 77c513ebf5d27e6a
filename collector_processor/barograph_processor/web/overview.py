"""How a model stands at a glance: small enough to be asked for a hundred models at a time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from barograph_processor.signal import URGENCY, Alarm
from barograph_processor.state.model import ModelState
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.trend import mean, parted
from barograph_processor.web.views import iso

__all__ = ["HEADLINES", "RISKLESS", "glance_view", "most_urgent", "trend_view"]

HEADLINES: Final[Mapping[str, bool]] = {"accuracy": True, "ndcg": True, "mae": False}
"""The one figure that stands for quality, by task, and whether more of it is better."""

RISKLESS: Final = frozenset({"accuracy", "ndcg"})
"""Those that are 1 minus the risk, so that what is tolerated of it can be drawn beside them."""

_CHANGES: Final[Mapping[str, str]] = {"drifting": "ticket", "watch": "note"}
"""How severe the alarms are by which a model without harm stands as it does."""

_REASONS: Final = 3
_POINTS: Final = 60


def glance_view(model: ModelState) -> dict[str, Any]:
    """Return how a model stands and why, without any history. Call while holding the pipeline."""
    quality = model.quality
    reference = model.reference
    baseline = quality.baseline.estimates()
    metric = next((name for name in HEADLINES if name in baseline), None)
    higher_is_better = metric is None or HEADLINES[metric]
    share = metric in RISKLESS
    open_alarms = model.verdicts.book.open
    harm = [alarm for alarm in open_alarms if alarm.severity == "page"]
    # Since when the model is in trouble is what its own risk says; a slice may have been before.
    own = [alarm for alarm in harm if alarm.signal == "risk"] or _surest(harm or _changes(model))
    raised_ns = max((alarm.raised_ns for alarm in own), default=None)
    reasons = dict.fromkeys([*(alarm.sentence for alarm in own), *model.condition.reasons])
    return {
        "name": model.key.name,
        "version": model.key.version,
        "state": model.condition.state,
        "since": iso(model.condition_since_ns),
        "change_since": iso(min((alarm.since_ns for alarm in own), default=None)),
        "change_raised": iso(raised_ns),
        # Pairs, because the names of dimensions come from spans.
        "worst_slice": [list(pair) for pair in _worst_slice(harm).items()],
        "only_slices": not any(alarm.slice is None for alarm in harm),
        "reasons": list(reasons)[:_REASONS],
        "more_reasons": max(len(reasons) - _REASONS, 0),
        "alarms": dict(Counter(alarm.severity for alarm in open_alarms)),
        "operational": dict(model.operations),
        "predictions": model.counters.predictions,
        "labels": model.counters.labels,
        "windows": model.counters.windows,
        "last_event": iso(model.watermark_ns),
        "quality": {
            "metric": metric,
            "higher_is_better": higher_is_better,
            "latest": _latest(model) if share else None,
            # Else the labels of the open window are too few to tell anything, and the last
            # closed one is what an alarm speaks of. Where that has no labels either, its scores
            # promise what labels have proven wrong.
            "early": bool(harm) and (not _judged(model) or (raised_ns or 0) > _closed_ns(model)),
            "estimated": None if metric is None else _estimated(model, metric),
            "baseline": None if metric is None else baseline[metric][0],
            # The tolerated risk is a share of wrong predictions; for a regression it is
            # on a scale of its own, which nobody could read off the plot.
            "tolerated": 1 - quality.tolerated if share and quality.tolerated is not None else None,
        },
        "reference": {
            "complete": reference is not None,
            "rows": model.reference_rows,
            "latency_p95_s": None if reference is None else reference.operations.p95,
            "error_rate": None if reference is None else reference.operations.error_rate,
        },
    }


def _worst_slice(harm: Sequence[Alarm]) -> Mapping[str, str]:
    """Return the slice that says most of where a model is wrong; empty if none does.

    A slice can be under an alarm since it is worse than it was, and still do better than the
    others: where all of the model is under one, that one's slices count.
    """
    whole = [alarm for alarm in harm if alarm.signal == "risk"]
    named = [apart.slice for alarm in whole for apart in alarm.apart if apart.rest is not None]
    if named:
        return named[0]
    level = max((alarm.now for alarm in whole if alarm.now is not None), default=0.0)
    worse = [a for a in harm if a.slice is not None and a.now is not None and a.now > level]
    return next((alarm.slice for alarm in _surest(worse) if alarm.slice is not None), {})


def _changes(model: ModelState) -> list[Alarm]:
    """Return the alarms by which a model drifts or is watched."""
    severity = _CHANGES.get(model.condition.state)
    found = model.verdicts.book.open
    return [alarm for alarm in found if alarm.severity == severity and alarm.signal != "blind"]


def _surest(alarms: Sequence[Alarm]) -> list[Alarm]:
    """Return the alarm with the most evidence, if there is any."""
    return sorted(alarms, key=lambda alarm: alarm.threshold - alarm.evidence)[:1]


def _latest(model: ModelState) -> dict[str, float] | None:
    """Return 1 minus the risk of the latest labels, by which alarms judge; the open window too."""
    risk = model.quality.risk_now()
    if risk is None:
        return None
    wrong, low, high = risk
    return {"value": 1 - wrong, "lower": 1 - high, "upper": 1 - low}


def _closed_ns(model: ModelState) -> int:
    """Return the end of the last closed window; 0 if there is none."""
    return model.history[-1].end_ns if model.history else 0


def _judged(model: ModelState) -> bool:
    """Whether the last closed window has labels."""
    return bool(model.history) and "performance" in model.history[-1].signals


def _estimated(model: ModelState, metric: str) -> dict[str, float] | None:
    """Return what the scores of the last window promise, without labels."""
    last: Mapping[str, Any] = model.history[-1].signals if model.history else {}
    found: dict[str, float] | None = (last.get("estimated") or {}).get(metric)
    return found


def trend_view(history: Sequence[WindowRecord], metric: str | None) -> dict[str, Any]:
    """Return quality, latency and errors on one time axis, in at most 60 points.

    Each point is the mean of as many windows as the others. Needs no lock:
    records never change.

    Args:
        history: Closed windows, oldest first.
        metric: The figure of ``performance`` that stands for quality, or None.
    """
    trend: dict[str, list[float | None]] = {
        "time": [],
        "quality": [],
        "latency_p95_s": [],
        "error_rate": [],
    }
    for records in parted(history, _POINTS):
        part = [record.signals for record in records]
        judged = [s["performance"] for s in part if "performance" in s]
        trend["time"].append(records[-1].end_ns // 1_000_000)
        trend["quality"].append(mean([p[metric]["value"] for p in judged if metric in p]))
        trend["latency_p95_s"].append(mean([s["latency"]["p95_s"] for s in part]))
        trend["error_rate"].append(mean([s["errors"]["rate"] for s in part]))
    return trend


def most_urgent(alarms: Iterable[Alarm], limit: int) -> list[Alarm]:
    """Return the alarms that concern people most, and of those the newest."""
    return sorted(alarms, key=lambda a: (URGENCY[a.severity], -a.raised_ns))[:limit]
