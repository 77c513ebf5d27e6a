"""A model's windows by column, as the page's plots read them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.aftermath import aftermath_view
from barograph_processor.web.slices import slices_view
from barograph_processor.web.trend import mean, parted, shorten

__all__ = ["series_view"]

_STREAMS: Final = ("prediction.drift", "confidence.drift", "input.drift")
_POINTS: Final = 120
_PLACES: Final = 2000

_Places = Sequence[Sequence[WindowRecord]]
"""Windows by the place that shows them."""


def series_view(history: Sequence[WindowRecord]) -> dict[str, Any]:
    """Return the figures of windows by column, drift by what drifts, and the worst slices.

    A column has a place for each window, None where it has no such figure; for as many
    windows as fit into at most 2,000 places where there are more, which is what a screen
    can show. A place then has the sums of ``rows`` and ``labels``, the number and the state
    of its last window, and means. What drifts comes with its last figures and in at most
    120 points. Needs no lock: records never change.

    Args:
        history: Closed windows, oldest first.
    """
    places = parted(history, _PLACES)
    return {
        "window": [place[-1].window for place in places],
        "start": [place[0].start_ns // 1_000_000 for place in places],
        "end": [place[-1].end_ns // 1_000_000 for place in places],
        "rows": [sum(record.rows for record in place) for place in places],
        "state": [place[-1].condition for place in places],
        "latency_p50_s": _column(places, "latency", "p50_s"),
        "latency_p95_s": _column(places, "latency", "p95_s"),
        "error_rate": _column(places, "errors", "rate"),
        "rows_per_second": _column(places, "traffic", "rows_per_second"),
        "labels": [sum(map(_labels, place)) for place in places],
        "coverage": _coverage(history),
        "performance": _estimates(places, "performance"),
        "estimated": _estimates(places, "estimated"),
        "drift": _drift(history),
        "slices": slices_view(history),
        "aftermath": aftermath_view(history),
    }


def _column(places: _Places, signal: str, figure: str) -> list[float | None]:
    return [mean([r.signals.get(signal, {}).get(figure) for r in place]) for place in places]


def _labels(record: WindowRecord) -> int:
    found: int = record.signals.get("performance", {}).get("labels", 0)
    return found


def _coverage(history: Sequence[WindowRecord]) -> dict[str, Any] | None:
    """Return which predictions had their label as of the last window, by age; None if unknown."""
    found = history[-1].signals.get("labels") if history else None
    if found is None:
        return None
    return {name: found[name] for name in ("window_s", "coverage", "uneven")}


def _estimates(places: _Places, signal: str) -> list[dict[str, Any]]:
    """Return each metric of ``performance`` or ``estimated``, in order of appearance."""
    found = [[record.signals.get(signal) or {} for record in place] for place in places]
    names = dict.fromkeys(name for place in found for estimates in place for name in estimates)
    return [
        _metric(name, [[estimates.get(name, {}) for estimates in place] for place in found])
        for name in names
        if name not in ("labels", "rows", "assumption")
    ]


def _metric(name: str, places: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    def figure(part: str) -> list[float | None]:
        return [mean([estimate.get(part) for estimate in place]) for place in places]

    found: dict[str, Any] = {"name": name, "value": figure("value")}
    lower, upper = figure("lower"), figure("upper")
    if any(end is not None for end in lower):
        found |= {"lower": lower, "upper": upper}
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
