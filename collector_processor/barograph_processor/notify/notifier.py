"""Tells webhooks of alarms, each at its own pace."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import orjson

from barograph_processor.config import WebhookConfig
from barograph_processor.exporter import AlarmQueue, Exporter, Transport
from barograph_processor.notify.notice import Links, NoticeChange, notice, queued
from barograph_processor.notify.tally import WebhookTally
from barograph_processor.signal import URGENCY, Alarm
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.telemetry import Telemetry

__all__ = ["Notifier"]

# As often as Prometheus tells Alertmanager again what still fires.
_AGAIN_SECONDS: Final = 60.0
_MOST_AGAIN: Final = 500


class Notifier:
    """One queue on disk and one thread for each webhook: one that fails holds up no other.

    Each webhook goes through the ``Exporter``, as the downstream of OTLP does: a change is
    durable when ``tell`` returns, is tried until it arrives, and is told once, also if
    a replay finds it again. Used by the thread that evaluates.

    Who is told hears of an incident, not of each of its alarms: that it is open at the first,
    that it is resolved once the last stayed away. One that comes back between is an update,
    and counted where updates are not told.

    Args:
        webhooks: Who is told, and the way there, which ``close`` closes.
        directory: Of the queues; the journal's lock guards it.
        links: Where a person looks further.
        telemetry: Counts notifications.
        clock: Monotonic seconds.

    Raises:
        ConfigurationError: A queue cannot be written.
        StateError: A queue is damaged.
    """

    def __init__(
        self,
        webhooks: Sequence[tuple[WebhookConfig, Transport]],
        directory: Path,
        links: Links,
        telemetry: Telemetry,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._links = links
        self._telemetry = telemetry
        self._clock = clock
        self._again_at = clock()
        self._lanes: list[tuple[WebhookConfig, Exporter]] = []
        for config, transport in webhooks:
            tally = WebhookTally(telemetry, config.name)
            queue = AlarmQueue(
                directory / f"webhook-{config.name}.sqlite",
                max_bytes=config.queue_bytes,
                tally=tally,
                request_bytes=0,
            )
            limit = config.give_up_seconds
            self._lanes.append((config, Exporter(transport, queue, tally, give_up_seconds=limit)))

    def tell(self, changes: Sequence[AlarmChange], standing: Callable[[], Iterable[Alarm]]) -> None:
        """Queue what webhooks are to be told; once this returns it is durable.

        Called without changes as well, so that what a full disk kept in memory is tried
        again, and Alertmanagers are told each minute what stands.

        Args:
            changes: Since the last call.
            standing: Is asked for the last alarm of each incident that is not over, only if
                that is told.
        """
        over = any(change.change == "settled" for change in changes)
        # Before the change is queued: what stood open a minute ago and still waits to be
        # told must not arrive behind its resolution.
        if over or self._clock() >= self._again_at:
            self._again_at = self._clock() + _AGAIN_SECONDS
            self._tell_again(standing)
        for webhook, exporter in self._lanes:
            exporter.alarms(
                [
                    queued(notice(told, change.alarm, self._links))
                    for change in changes
                    if _concerns(webhook, change.alarm)
                    and (told := self._told(webhook, change)) is not None
                ]
            )

    def _told(self, webhook: WebhookConfig, change: AlarmChange) -> NoticeChange | None:
        """Return what a change is to those who are told; None if nothing."""
        if change.change == "settled":
            return "resolved"
        if change.change == "resolved":
            return None
        if change.change == "open" and change.alarm.back_in is None:
            return "open"
        if webhook.updates:
            return "updated"
        if change.change == "open":
            self._telemetry.add("barograph.monitor.notifications.held", webhook=webhook.name)
        return None

    def _tell_again(self, standing: Callable[[], Iterable[Alarm]]) -> None:
        told = [lane for lane in self._lanes if lane[0].format == "alertmanager"]
        if not told:
            return
        alarms = sorted(standing(), key=lambda a: (URGENCY[a.severity], -a.raised_ns))
        for webhook, exporter in told:
            concerned = [alarm for alarm in alarms if _concerns(webhook, alarm)][:_MOST_AGAIN]
            notices = [notice("updated", alarm, self._links) for alarm in concerned]
            exporter.metrics(orjson.dumps(notices))

    def close(self, timeout: float = 5.0) -> None:
        """Try for up to ``timeout`` seconds to tell what waits, all at once; then stop."""
        if self._lanes:
            with ThreadPoolExecutor(len(self._lanes)) as pool:
                list(pool.map(lambda lane: lane[1].close(timeout), self._lanes))


def _concerns(webhook: WebhookConfig, alarm: Alarm) -> bool:
    return URGENCY[alarm.severity] <= URGENCY[webhook.severity]
