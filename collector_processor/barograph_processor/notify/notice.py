"""What is told of an alarm: one step in its life, before it takes a receiver's form."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

import orjson

from barograph_processor.exporter import QueuedAlarm
from barograph_processor.signal import Alarm
from barograph_processor.web.views import alarm_view

__all__ = ["Links", "NoticeChange", "notice", "queued"]

NoticeChange = Literal["open", "updated", "resolved"]

# Names and sentences are bounded, and with them what is posted: at most some 50 kB.
_TEXT: Final = 2000


class Links:
    """Where a person looks further.

    Args:
        public_url: Under which people reach the page; None if nobody said.
        trace_url: Template of a link to a trace, with ``{trace_id}``.
    """

    def __init__(self, public_url: str | None, trace_url: str | None) -> None:
        self._page = None if public_url is None else public_url.rstrip("/")
        self.trace_url = trace_url

    def alarm(self, alarm_id: str) -> str | None:
        """Return the address of an alarm on the page."""
        return None if self._page is None else f"{self._page}/#/alarm?{urlencode({'id': alarm_id})}"


def notice(change: NoticeChange, alarm: Alarm, links: Links) -> dict[str, Any]:
    """Return plain values: ``change``, ``url`` and ``alarm``, as the API shows it.

    Args:
        change: Of the incident.
        alarm: The last one of it, as it is since then.
        links: To its page and its traces.
    """
    view = _clipped(alarm_view(alarm, trace_url=links.trace_url))
    return {"change": change, "url": links.alarm(alarm.id), "alarm": view}


def queued(found: Mapping[str, Any]) -> QueuedAlarm:
    """Return what waits on disk; the key is the same if a replay finds the change again.

    Links are left out of it: they are configured anew, perhaps, before the replay.
    """
    alarm = {key: value for key, value in found["alarm"].items() if key != "trace_links"}
    content = orjson.dumps([found["change"], alarm])
    return QueuedAlarm(hashlib.blake2b(content, digest_size=16).digest(), orjson.dumps(found))


def _clipped(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _TEXT else f"{value[: _TEXT - 1]}…"
    if isinstance(value, Mapping):
        return {_clipped(key): _clipped(inner) for key, inner in value.items()}
    return [_clipped(inner) for inner in value] if isinstance(value, list) else value
