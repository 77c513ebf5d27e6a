"""Models and alarms as the API shows them: plain values, times in ISO 8601."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from barograph_processor.signal import Alarm, Incident
from barograph_processor.state.model import ModelState
from barograph_processor.state.watch.figures import plain_estimates
from barograph_processor.state.window.record import WindowRecord

__all__ = [
    "alarm_view",
    "calibration_view",
    "incident_view",
    "iso",
    "model_view",
    "reference_view",
    "summary_view",
    "trace_link",
    "window_view",
]


def iso(time_ns: int | None) -> str | None:
    """Write a time as ISO 8601 in UTC, to the millisecond; None stays None.

    >>> iso(1_357_034_460_250_000_000)
    '2013-01-01T10:01:00.250Z'
    """
    if time_ns is None:
        return None
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    text = moment.replace(microsecond=time_ns // 1000 % 1_000_000).isoformat(
        timespec="milliseconds"
    )
    return text.replace("+00:00", "Z")


def trace_link(template: str | None, trace_id: str) -> str | None:
    """Return a link to a trace of 32 hex digits; None without a template, or without a trace.

    >>> trace_link("https://t.example/{trace_id}", "0af7651916cd43dd8448eb211c80319c")
    'https://t.example/0af7651916cd43dd8448eb211c80319c'
    """
    if template is None or not trace_id.strip("0"):
        return None
    return template.replace("{trace_id}", trace_id)


def incident_view(incident: Incident) -> dict[str, Any]:
    """Return an incident's fields."""
    return {
        "id": incident.id,
        "raised": iso(incident.raised_ns),
        "openings": incident.openings,
    }


def alarm_view(alarm: Alarm, *, trace_url: str | None = None) -> dict[str, Any]:
    """Return an alarm's fields.

    Args:
        alarm: The alarm.
        trace_url: Template of a link to a trace, with ``{trace_id}``.
    """
    return {
        "id": alarm.id,
        "model": alarm.model,
        "version": alarm.version,
        "signal": alarm.signal,
        "feature": alarm.feature,
        "slice": None if alarm.slice is None else dict(alarm.slice),
        "severity": alarm.severity,
        "state": alarm.state,
        "since": iso(alarm.since_ns),
        "raised": iso(alarm.raised_ns),
        "resolved": iso(alarm.resolved_ns),
        "since_window": alarm.since_window,
        "raised_window": alarm.raised_window,
        "sentence": alarm.sentence,
        "incident": incident_view(alarm.incident),
        "before": alarm.before,
        "now": alarm.now,
        "interval": None if alarm.interval is None else list(alarm.interval),
        "evidence": alarm.evidence,
        "threshold": alarm.threshold,
        "trace_ids": list(alarm.trace_ids),
        "trace_links": [
            link for trace in alarm.trace_ids if (link := trace_link(trace_url, trace)) is not None
        ],
        "operational": dict(alarm.operational),
        "advice": alarm.advice,
        "apart": [
            {
                # Pairs, because the names of dimensions come from spans.
                "slice": [list(pair) for pair in apart.slice.items()],
                "now": apart.now,
                "rest": apart.rest,
                "came": iso(apart.came_ns),
            }
            for apart in alarm.apart
        ],
    }


def window_view(record: WindowRecord) -> dict[str, Any]:
    """Return a closed window's fields."""
    return {
        "window": record.window,
        "start": iso(record.start_ns),
        "end": iso(record.end_ns),
        "rows": record.rows,
        "partial": record.partial,
        "state": record.condition,
        "signals": record.signals,
    }


def summary_view(model: ModelState) -> dict[str, Any]:
    """Return how a model stands, for a list of models."""
    last: Mapping[str, Any] = model.history[-1].signals if model.history else {}
    return {
        "name": model.key.name,
        "version": model.key.version,
        "state": model.condition.state,
        "since": iso(model.condition_since_ns),
        "reasons": list(model.condition.reasons),
        "signals": dict(last),
        "predictions": model.counters.predictions,
        "labels": model.counters.labels,
        "windows": model.counters.windows,
        "open_alarms": len(model.verdicts.book.open),
        "last_event": iso(model.watermark_ns),
    }


def reference_view(model: ModelState) -> dict[str, Any]:
    """Return what later windows are held against."""
    reference = model.reference
    quality = model.quality
    return {
        "rows": model.reference_rows,
        "complete": reference is not None,
        "end": None if reference is None else iso(reference.end_ns),
        "latency_p95_s": None if reference is None else reference.operations.p95,
        "error_rate": None if reference is None else reference.operations.error_rate,
        "risk": quality.baseline_risk,
        "tolerated_risk": quality.tolerated,
        "loss": {"task": quality.unit.task, "scale": quality.unit.scale},
        "performance": plain_estimates(quality.baseline.estimates()),
        "offline": quality.offline,
    }


def calibration_view(model: ModelState) -> dict[str, Any]:
    """Return how often scores came true, lowest first, in the reference and of late."""
    scores, recent = model.quality.scores, model.quality.recent.performance
    sides = {"reference": scores.reference_bins, "now": scores.bins_of(recent)}
    return {
        side: [
            {
                "score": bin_.score,
                "rate": bin_.rate,
                "lower": bin_.lower,
                "upper": bin_.upper,
                "rows": bin_.rows,
            }
            for bin_ in bins
        ]
        for side, bins in sides.items()
    }


def model_view(model: ModelState, *, trace_url: str | None = None) -> dict[str, Any]:
    """Return all that is known of a model: how it stands, its reference, its windows, alarms."""
    book = model.verdicts.book
    return {
        **summary_view(model),
        "task": model.judge.task,
        "operational": dict(model.operations),
        "warnings": list(model.warnings),
        "reference": reference_view(model),
        "calibration": calibration_view(model),
        "history": [window_view(record) for record in model.history],
        "alarms": [alarm_view(a, trace_url=trace_url) for a in (*book.open, *book.resolved)],
    }
