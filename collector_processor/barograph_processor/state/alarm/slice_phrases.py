"""Parts of the sentences that alarms about slices say."""

from collections.abc import Callable, Sequence

from barograph_processor.quality.loss_unit import LossUnit
from barograph_processor.quality.slice.layout import SliceKey
from barograph_processor.quality.slice.status import SliceStatus
from barograph_processor.signal import Apart
from barograph_processor.state.alarm.phrases import clean, moment, slice_title

__all__ = ["also", "apart_clause", "found_title", "slice_before"]

_NAMED = 3
_SHARES = LossUnit()


def slice_before(status: SliceStatus, unit: LossUnit = _SHARES) -> str:
    """Say how a slice was in the reference, or that it is new."""
    if status.reference is not None:
        return f"the reference had {unit.figure(status.reference)}"
    came = "" if status.came_ns is None else f"; it came at {moment(status.came_ns)}"
    return f"the reference had none of it{came}"


def apart_clause(apart: Sequence[Apart], told: Callable[[float], str] = _SHARES.figure) -> str:
    """Say where it is worst, and what all traffic has moved to, in sentences.

    Args:
        apart: Where that is.
        told: Says a figure of it.

    >>> retriever = Apart({"trace.span.retrieve": "1-4 s"}, 0.41, 0.08)
    >>> apart_clause([retriever])
    ' Worst where trace.span.retrieve=1-4 s: 41.0% against 8.0% elsewhere.'
    >>> apart_clause([Apart({"trace.service.version": "2.1"}, 0.3, None, 1_357_034_460 * 10**9)])
    ' All traffic has trace.service.version=2.1, which came at 2013-01-01 10:01 UTC.'
    """
    worst = [
        f"{slice_title(a.slice.items())}: {told(a.now)} against {told(a.rest)} elsewhere"
        for a in apart
        if a.rest is not None
    ]
    came = [
        f" All traffic has {slice_title(a.slice.items())}, which came at {moment(a.came_ns)}."
        for a in apart
        if a.rest is None and a.came_ns is not None
    ]
    return (f" Worst where {'; '.join(worst)}." if worst else "") + "".join(came)


def found_title(key: SliceKey) -> str:
    """Name a slice that was found in the inputs, in plain words.

    >>> found_title((("age", "18 to 25"), ("device", "old phone")))
    'age 18 to 25 and device old phone (found in the inputs)'
    """
    named = " and ".join(f"{clean(name)} {clean(level)}" for name, level in key)
    return f"{named} (found in the inputs)"


def also(slices: Sequence[SliceKey]) -> str:
    """Name slices that hold the same predictions, three at most.

    >>> also([(("trace.host.name", "h3"),)])
    ' (also: trace.host.name=h3)'
    >>> also([])
    ''
    """
    if not slices:
        return ""
    more = f" and {len(slices) - _NAMED} more" if len(slices) > _NAMED else ""
    return f" (also: {', '.join(map(slice_title, slices[:_NAMED]))}{more})"
