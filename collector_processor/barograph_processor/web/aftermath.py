"""What came after the predictions, over time: trust, outcomes, loops, reviews, promises kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.trend import parted, shorten

__all__ = ["aftermath_view"]

_POINTS: Final = 120


@dataclass(frozen=True, slots=True)
class _Line:
    """One figure, and where a window's signals have it.

    Attributes:
        key: Its name on the page.
        value: Keys that lead to the figure, or to an estimate of ``value``, ``lower``, ``upper``.
        held: Keys that lead to what it is held against, if to anything.
        alarm: Keys that lead to whether it is under an alarm.
        name: What the line is of, where there are several: a unit, a kind.
    """

    key: str
    value: tuple[str, ...]
    held: tuple[str, ...] = ()
    alarm: tuple[str, ...] = ()
    name: str | None = None


_LINES: Final = (
    _Line(
        "calibration",
        ("calibration", "error"),
        ("calibration", "reference"),
        ("calibration", "alarm"),
    ),
    _Line("review", ("review", "accuracy")),
    _Line("trust", ("trust",), ("trust", "reference"), ("trust", "alarm")),
    _Line("reacted", ("trust", "coverage")),
    _Line("top_share", ("loop", "concentration", "top_share")),
    _Line("entropy", ("loop", "concentration", "entropy")),
    _Line("self_label_share", ("loop", "self_label_share")),
    _Line("policy_gap", ("loop", "policy_gap")),
)


def aftermath_view(history: Sequence[WindowRecord]) -> list[dict[str, Any]]:
    """Return a line for each figure that any window has; those under an alarm first.

    Needs no lock: records never change.

    Args:
        history: Closed windows, oldest first.

    Returns:
        For each its ``key``, ``name`` (a unit or a kind, or None), the last ``value`` with
        ``lower`` and ``upper`` where there are such, what it is ``held`` against or None,
        ``alarm``, and a ``trend`` of ``time`` and ``value`` in at most 120 points.
    """
    lines = [*_LINES, *_named(history)]
    found = [view for line in lines if (view := _view(line, history)) is not None]
    found.sort(key=lambda view: not view["alarm"])
    return found


def _named(history: Sequence[WindowRecord]) -> list[_Line]:
    """Return the lines whose names come from applications, in order of appearance."""
    kinds: dict[str, None] = {}
    units: dict[str, None] = {}
    gaps: dict[tuple[str, str], None] = {}
    for record in history:
        reactions = record.signals.get("reactions") or {}
        kinds.update(dict.fromkeys(k for k, found in reactions.items() if found["rate"]["value"]))
        units.update(dict.fromkeys(record.signals.get("outcome", {})))
        for against, metrics in (record.signals.get("gap") or {}).items():
            gaps.update(dict.fromkeys((against, metric) for metric in metrics or {}))
    return [
        *(_Line(f"gap.{by}", ("gap", by, metric), name=metric) for by, metric in gaps),
        *(_Line("reaction", ("reactions", kind, "rate"), name=kind) for kind in kinds),
        *(
            _Line(
                "outcome",
                ("outcome", unit),
                ("outcome", unit, "reference"),
                ("outcome", unit, "alarm"),
                unit,
            )
            for unit in units
        ),
    ]


def _view(line: _Line, history: Sequence[WindowRecord]) -> dict[str, Any] | None:
    known = [
        (record, found)
        for record in history
        if (found := _estimate(_at(record.signals, line.value))) is not None
    ]
    if not known:
        return None
    last, (value, lower, upper) = known[-1]
    parts = parted(known, _POINTS)
    held = _at(last.signals, line.held) if line.held else None
    return {
        "key": line.key,
        "name": line.name,
        "value": shorten(value),
        "lower": shorten(lower),
        "upper": shorten(upper),
        "held": shorten(held) if isinstance(held, int | float) else None,
        "alarm": bool(line.alarm and _at(last.signals, line.alarm)),
        "trend": {
            "time": [part[-1][0].end_ns // 1_000_000 for part in parts],
            "value": [shorten(sum(v for _, (v, _, _) in part) / len(part)) for part in parts],
        },
    }


def _at(tree: Any, path: Sequence[str]) -> Any:
    for key in path:
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(key)
    return tree


def _estimate(found: Any) -> tuple[float, float | None, float | None] | None:
    """Return value, lower and upper of a figure; None if it is not known."""
    if isinstance(found, Mapping):
        value = found.get("value", found.get("mean"))
        if not isinstance(value, int | float):
            return None
        return value, found.get("lower"), found.get("upper")
    return (found, None, None) if isinstance(found, int | float) else None
