"""The SDK's own counters as OpenTelemetry metrics, where the application has a meter provider."""

from collections.abc import Iterable
from typing import Any

from opentelemetry.metrics import CallbackOptions, Observation, get_meter

from barograph.telemetry import QueueCounts, stats

__all__ = ["register_metrics"]

_registered = False


def register_metrics(version: str) -> None:
    """Report `barograph.stats` through the global meter provider, once it is set. Idempotent.

    `barograph.sdk.items` counts what the export queues took in and what became of it, by
    `barograph.signal` (spans, facts) and `barograph.outcome` (exported, dropped, failed);
    `barograph.sdk.failures` the failures inside the SDK, by `barograph.place`.
    """
    global _registered  # noqa: PLW0603  # once a process: a counter cannot be taken back
    if _registered:
        return
    _registered = True
    meter = get_meter("barograph", version)
    meter.create_observable_counter(
        "barograph.sdk.items",
        [_items],
        unit="{item}",
        description="What became of the spans and late facts that were queued for export.",
    )
    meter.create_observable_counter(
        "barograph.sdk.failures",
        [_failures],
        unit="{failure}",
        description="Failures inside the SDK, none of which reached a call.",
    )


def _items(_: CallbackOptions) -> Iterable[Observation]:
    now = stats()
    queues: dict[str, QueueCounts] = {"spans": now.spans, "facts": now.facts}
    for signal, counts in queues.items():
        outcomes = {
            "exported": counts.exported,
            "dropped": counts.dropped,
            "failed": counts.failed,
        }
        for outcome, amount in outcomes.items():
            attributes: dict[str, Any] = {
                "barograph.signal": signal,
                "barograph.outcome": outcome,
            }
            yield Observation(amount, attributes)


def _failures(_: CallbackOptions) -> Iterable[Observation]:
    for place, amount in stats().failures.items():
        yield Observation(amount, {"barograph.place": place})
