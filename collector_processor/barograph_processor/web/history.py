"""A model's windows by column, as the page's plots read them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.aftermath import aftermath_view
from barograph_processor.web.slices import slices_view
from barograph_processor.web.trend import parted, shorten

__all__ = ["series_view"]

_STREAMS: Final = ("prediction.drift", "confidence.drift", "input.drift")
_POINTS: Final = 120


def series_view(history: Sequence[WindowRecord]) -> dict[str, Any]:
    """Return the figures of all windows by column, drift by what drifts, and the worst slices.

    A column is as long as there are windows, None where a window has no such
    figure. What drifts comes with its last figures and in at most 120 points.
    Needs no lock: records never change.

    Args:
        history: Closed windows, oldest first.
    """
    return {
        "window": [record.window for record in history],
        "start": [record.start_ns // 1_000_000 for record in history],
        "end": [record.end_ns // 1_000_000 for record in history],
        "rows": [record.rows for record in history],
        "state": [record.condition for record in history],
        "latency_p50_s": _column(history, "latency", "p50_s"),
        "latency_p95_s": _column(history, "latency", "p95_s"),
        "error_rate": _column(history, "errors", "rate"),
        "rows_per_second": _column(history, "traffic", "rows_per_second"),
        "labels": [r.signals.get("performance", {}).get("labels", 0) for r in history],
        "coverage": _coverage(history),
        "performance": _estimates(history, "performance"),
        "estimated": _estimates(history, "estimated"),
        "drift": _drift(history),
        "slices": slices_view(history),
        "aftermath": aftermath_view(history),
    }


def _column(history: Sequence[WindowRecord], signal: str, figure: str) -> list[float | None]:
    return [shorten(record.signals.get(signal, {}).get(figure)) for record in history]


def _coverage(history: Sequence[WindowRecord]) -> dict[str, Any] | None:
    """Return which predictions had their label as of the last window, by age; None if unknown."""
    found = history[-1].signals.get("labels") if history else None
    if found is None:
        return None
    return {name: found[name] for name in ("window_s", "coverage", "uneven")}


def _estimates(history: Sequence[WindowRecord], signal: str) -> list[dict[str, Any]]:
    """Return each metric of ``performance`` or ``estimated``, in order of appearance."""
    names: dict[str, None] = {}
    for record in history:
        names.update(dict.fromkeys(record.signals.get(signal) or {}))
    return [
        _metric(history, signal, name)
        for name in names
        if name not in ("labels", "rows", "assumption")
    ]


def _metric(history: Sequence[WindowRecord], signal: str, name: str) -> dict[str, Any]:
    estimates = [(record.signals.get(signal) or {}).get(name, {}) for record in history]

    def figure(part: str) -> list[float | None]:
        return [shorten(estimate.get(part)) for estimate in estimates]

    found: dict[str, Any] = {"name": name, "value": figure("value")}
    if any(estimate.get("lower") is not None for estimate in estimates):
        found |= {"lower": figure("lower"), "upper": figure("upper")}
    return found


def _drift(history: Sequence[WindowRecord]) -> list[dict[str, Any]]:
    """Return what is watched for drift, as of the last judged window; strongest evidence first."""
    judged = [r for r in history if any(signal in r.signals for signal in _STREAMS)]
    if not judged:
        return []
    parts = parted(judged, _POINTS)
    time = [part[-1].end_ns // 1_000_000 for part in parts]
    found = []
    for signal in _STREAMS:
        for feature, last in judged[-1].signals.get(signal, {}).items():
            found.append(
                {
                    "signal": signal,
                    "feature": feature or None,
                    "alarm": last["alarm"],
                    "distance": shorten(last["distance"]),
                    "missing": shorten(last["missing"]),
                    "unseen": shorten(last["unseen"]),
                    "out_of_range": shorten(last["out_of_range"]),
                    "evidence": shorten(_evidence(last)),
                    "trend": {
                        "time": time,
                        "distance": _peaks(parts, signal, feature, lambda s: s["distance"]),
                        "evidence": _peaks(parts, signal, feature, _evidence),
                    },
                }
            )
    found.sort(key=lambda stream: (not stream["alarm"], -(stream["evidence"] or 0.0)))
    return found


def _evidence(status: Mapping[str, Any]) -> float | None:
    """Return log10 of the evidence over its threshold: 0 and above is an alarm."""
    if status["evidence"] is None:
        return None
    relative: float = status["evidence"] - status["threshold"]
    return relative


def _peaks(
    parts: Sequence[Sequence[WindowRecord]],
    signal: str,
    feature: str,
    figure: Callable[[Mapping[str, Any]], float | None],
) -> list[float | None]:
    """Return the highest figure of each part, so that no alarm is smoothed away."""
    found: list[float | None] = []
    for part in parts:
        values = [
            value
            for record in part
            if (status := record.signals.get(signal, {}).get(feature)) is not None
            and (value := figure(status)) is not None
        ]
        found.append(shorten(max(values)) if values else None)
    return found
