"""What came after the predictions, over time: trust, outcomes, loops, reviews, promises kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.trend import mean, parted, shorten

__all__ = ["aftermath_view"]

_POINTS: Final = 120

_Estimate = tuple[float, float | None, float | None]
"""A figure, and the ends of its interval."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One figure, and where a window's signals have it.

    Attributes:
        key: Its name on the page.
        value: Keys that lead to the figure, or to an estimate of ``value``, ``lower``, ``upper``.
        held: Keys that lead to what it is held against, if to anything.
        alarm: Keys that lead to whether it is under an alarm.
        name: What the line is of, where there are several: a unit, a kind.
        total: It adds up, so a point shows the end of its windows and not their mean.
    """

    key: str
    value: tuple[str, ...]
    held: tuple[str, ...] = ()
    alarm: tuple[str, ...] = ()
    name: str | None = None
    total: bool = False


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


def aftermath_view(history: Sequence[WindowRecord]) -> dict[str, Any]:
    """Return a line for each figure that any window has; those under an alarm first.

    Needs no lock: records never change.

    Args:
        history: Closed windows, oldest first.

    Returns:
        ``time`` of at most 120 points, ms since the epoch, and ``lines``: for each its
        ``key``, ``name`` (a unit or a kind, or None), the last ``value`` with ``lower`` and
        ``upper`` where there are such, what it is ``held`` against or None, ``alarm``, and a
        ``trend`` of these three by point, None where no window has them.
    """
    parts = parted(history, _POINTS)
    lines = [*_LINES, *_named(history)]
    found = [view for line in lines if (view := _view(line, parts)) is not None]
    found.sort(key=lambda view: not view["alarm"])
    return {"time": [part[-1].end_ns // 1_000_000 for part in parts], "lines": found}


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
        *(_Line("cost", ("outcome", unit, "cost"), name=unit, total=True) for unit in units),
    ]


def _view(line: _Line, parts: Sequence[Sequence[WindowRecord]]) -> dict[str, Any] | None:
    by_part = [[_estimate(_at(record.signals, line.value)) for record in part] for part in parts]
    known = [
        (record, found)
        for part, estimates in zip(parts, by_part, strict=True)
        for record, found in zip(part, estimates, strict=True)
        if found is not None
    ]
    if not known:
        return None
    last, (value, lower, upper) = known[-1]
    held = _at(last.signals, line.held) if line.held else None
    points = [_point([e for e in part if e is not None], total=line.total) for part in by_part]
    return {
        "key": line.key,
        "name": line.name,
        "value": shorten(value),
        "lower": shorten(lower),
        "upper": shorten(upper),
        "held": shorten(held) if isinstance(held, int | float) else None,
        "alarm": bool(line.alarm and _at(last.signals, line.alarm)),
        "trend": {
            name: [point[place] for point in points]
            for place, name in enumerate(("value", "lower", "upper"))
        },
    }


def _point(known: Sequence[_Estimate], *, total: bool) -> tuple[float | None, ...]:
    """Return what stands for some windows: the end of what adds up, else means."""
    if total:
        known = known[-1:]
    return tuple(mean([estimate[place] for estimate in known]) for place in range(3))


def _at(tree: Any, path: Sequence[str]) -> Any:
    for key in path:
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(key)
    return tree


def _estimate(found: Any) -> _Estimate | None:
    """Return value, lower and upper of a figure; None if it is not known."""
    if isinstance(found, Mapping):
        value = found.get("value", found.get("mean"))
        if not isinstance(value, int | float):
            return None
        return value, found.get("lower"), found.get("upper")
    return (found, None, None) if isinstance(found, int | float) else None
