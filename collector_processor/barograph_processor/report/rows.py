"""Row numbers in place of times, where a history has none."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from barograph_processor.state.row_time import SECOND_NS, row_at

__all__ = ["told_by_rows"]

_ALARM: Final = ("since", "raised", "resolved")


def told_by_rows(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a model with the numbers of rows for its times, if these are none.

    Args:
        model: As ``/api/models/{name}/{version}`` answers it.
    """
    reference, history = model["reference"], model["history"]
    some = reference["end"] or (history[0]["end"] if history else None)
    if not isinstance(_row(some), int):
        return model
    return {
        **model,
        "reference": {**reference, "end": _row(reference["end"])},
        "history": [
            {**window, "start": _row(window["start"]), "end": _row(window["end"])}
            for window in history
        ],
        "alarms": [
            {**alarm, **{key: _row(alarm[key]) for key in _ALARM}} for alarm in model["alarms"]
        ],
    }


def _row(time: str | None) -> int | str | None:
    """Return the row of a time of the API; a real time as it is."""
    if time is None:
        return None
    row = row_at(int(datetime.fromisoformat(time).timestamp()) * SECOND_NS)
    return time if row is None else row
