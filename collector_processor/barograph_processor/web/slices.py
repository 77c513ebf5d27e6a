"""The slices that do worst, as the page shows them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.trend import parted, shorten

__all__ = ["slices_view"]

_POINTS: Final = 120

_Key = tuple[tuple[str, str], ...]


def slices_view(history: Sequence[WindowRecord]) -> list[dict[str, Any]]:
    """Return the slices of the last window that names any, and how their risk went.

    Behind them come those without traffic, with ``gone_since`` in ms since the epoch and no
    figures.

    A window names its worst slices alone, so a trend has None where a slice was
    not among them. At most 120 points, each the highest of its windows. Needs no
    lock: records never change.

    Args:
        history: Closed windows, oldest first.
    """
    judged = [record for record in history if record.signals.get("slice")]
    gone = {_key(part): part["since"] for part in _last(history, "gone")}
    if not judged:
        return [_unjudged(key, since) for key, since in gone.items()]
    parts = parted(judged, _POINTS)
    time = [part[-1].end_ns // 1_000_000 for part in parts]
    risks = [_highest(part) for part in parts]
    found = []
    for status in judged[-1].signals["slice"]:
        key = _key(status)
        if key in gone:
            continue
        relative = status["evidence"] - status["threshold"]
        found.append(
            {
                # A list, because names of dimensions come from spans.
                "slice": [list(pair) for pair in key],
                "risk": shorten(status["risk"]),
                "lower": shorten(status["lower"]),
                "upper": shorten(status["upper"]),
                "reference": shorten(status["reference"]),
                "tolerated": shorten(status["tolerated"]),
                "labels": status["labels"],
                "new_since": status["new_since"],
                "gone_since": None,
                "proposed": status["proposed"],
                "evidence": shorten(relative),
                "alarm": status["alarm"],
                "trend": {"time": time, "risk": [shorten(part.get(key)) for part in risks]},
            }
        )
    found.sort(key=lambda entry: (not entry["alarm"], -entry["evidence"]))
    return found + [_unjudged(key, since) for key, since in gone.items()]


def _last(history: Sequence[WindowRecord], signal: str) -> Sequence[Mapping[str, Any]]:
    """Return what the last window says of a signal."""
    found: Sequence[Mapping[str, Any]] = history[-1].signals.get(signal, ()) if history else ()
    return found


def _unjudged(key: _Key, since: int) -> dict[str, Any]:
    """Return a slice that is gone, of which nothing else is to be said now."""
    unknown = ("risk", "lower", "upper", "reference", "tolerated", "labels", "evidence")
    return {
        "slice": [list(pair) for pair in key],
        **dict.fromkeys(unknown),
        "new_since": None,
        "gone_since": since,
        "proposed": False,
        "alarm": False,
        "trend": {"time": [], "risk": []},
    }


def _key(status: Mapping[str, Any]) -> _Key:
    return tuple(sorted(status["slice"].items()))


def _highest(part: Sequence[WindowRecord]) -> dict[_Key, float]:
    highest: dict[_Key, float] = {}
    for record in part:
        for status in record.signals["slice"]:
            key = _key(status)
            highest[key] = max(highest.get(key, 0.0), status["risk"])
    return highest
