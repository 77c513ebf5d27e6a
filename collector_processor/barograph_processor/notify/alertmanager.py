"""The form that Prometheus' Alertmanager takes: ``POST /api/v2/alerts``."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

__all__ = ["alertmanager_body", "alertmanager_url"]

_PATH: Final = "/api/v2/alerts"
# Alertmanager takes an alert that is not sent again for resolved. Ours are sent each minute;
# an hour lets the processor be restarted, or be updated, without a false all-clear.
_STANDS: Final = timedelta(hours=1)


def alertmanager_url(url: str) -> str:
    """Return the address of the API under a base; one that ends in it stays.

    >>> alertmanager_url("http://alertmanager:9093/")
    'http://alertmanager:9093/api/v2/alerts'
    """
    base = url.rstrip("/")
    return base if base.endswith(_PATH) else base + _PATH


def alertmanager_body(notices: Iterable[Mapping[str, Any]], *, now: datetime) -> bytes:
    """Return alerts. What is open ends an hour from now, what is resolved ends now.

    The labels say what an alarm is about, so that its resolution has the same, and are
    called as those of the generated rules; everything else is an annotation.
    """
    return orjson.dumps([_alert(notice, now) for notice in notices])


def _alert(notice: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    alarm = notice["alarm"]
    labels = {
        "alertname": "BarographAlarm",
        "severity": alarm["severity"],
        "signal": alarm["signal"],
        "barograph_model_name": alarm["model"],
        "barograph_model_version": alarm["version"],
        "feature": alarm["feature"],
        "slice": ", ".join(f"{key}={level}" for key, level in (alarm["slice"] or {}).items()),
    }
    annotations = {
        "summary": alarm["sentence"],
        "description": alarm["advice"],
        "since": alarm["since"],
        "raised": alarm["raised"],
        "alarm_id": alarm["id"],
        "openings": str(alarm["incident"]["openings"]),
        "evidence_log10": _number(alarm["evidence"]),
        "threshold_log10": _number(alarm["threshold"]),
        "traces": " ".join(alarm["trace_links"] or alarm["trace_ids"]),
    }
    since = datetime.fromisoformat(alarm["since"])
    ends = now if notice["change"] == "resolved" else now + _STANDS
    alert = {
        # To Alertmanager an empty label is none.
        "labels": {key: value for key, value in labels.items() if value},
        "annotations": {key: value for key, value in annotations.items() if value},
        # Event time may be ahead of the clock.
        "startsAt": _time(min(since, now)),
        "endsAt": _time(ends),
    }
    return alert if notice["url"] is None else {**alert, "generatorURL": notice["url"]}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
