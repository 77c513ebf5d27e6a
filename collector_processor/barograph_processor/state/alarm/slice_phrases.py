"""Parts of the sentences that alarms about slices say."""

from collections.abc import Sequence

from barograph_processor.quality.slice_layout import SliceKey
from barograph_processor.quality.slice_status import SliceStatus
from barograph_processor.state.alarm.phrases import moment, slice_title

__all__ = ["also", "slice_before"]

_NAMED = 3


def slice_before(status: SliceStatus) -> str:
    """Say how a slice was in the reference, or that it is new."""
    if status.reference is not None:
        return f"the reference had {status.reference:.1%}"
    came = "" if status.came_ns is None else f"; it came at {moment(status.came_ns)}"
    return f"the reference had none of it{came}"


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
