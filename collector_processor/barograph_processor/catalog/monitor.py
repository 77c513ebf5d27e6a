"""The processor's own."""

from typing import Final

from barograph_processor.catalog.metric import Metric

__all__ = ["MONITOR"]

MONITOR: Final[tuple[Metric, ...]] = (
    Metric(
        "barograph.monitor.accepted",
        "counter",
        "{item}",
        "Spans and log records acknowledged.",
        ("signal",),
    ),
    Metric(
        "barograph.monitor.rejected",
        "counter",
        "{item}",
        "Spans and log records refused one by one in a partial success.",
        ("signal", "reason"),
    ),
    Metric(
        "barograph.monitor.refused",
        "counter",
        "{request}",
        "Requests refused whole.",
        ("reason",),
    ),
    Metric(
        "barograph.monitor.passed_over",
        "counter",
        "{item}",
        "Spans and log records that are no predictions and no late facts.",
        ("signal",),
    ),
    Metric(
        "barograph.monitor.warnings",
        "counter",
        "{item}",
        "Accepted items of which a part could not be used.",
        ("reason",),
    ),
    Metric(
        "barograph.monitor.duplicates",
        "counter",
        "{item}",
        "Spans and events that had been seen before.",
        ("signal",),
    ),
    Metric(
        "barograph.monitor.dropped",
        "counter",
        "{item}",
        "Acknowledged items that were lost: a damaged journal record, or a mistake in the code.",
        ("reason",),
    ),
    Metric(
        "barograph.monitor.unjoined",
        "counter",
        "{event}",
        "Late facts whose prediction was not known when they came, or no longer; those "
        "of unknown predictions wait, and some are joined later.",
        ("kind", "reason"),
    ),
    Metric(
        "barograph.monitor.evicted",
        "counter",
        "{item}",
        "Things forgotten because a limit was reached.",
        ("what",),
    ),
    Metric(
        "barograph.monitor.stage.seconds",
        "counter",
        "s",
        "CPU time of the processor by stage: unpack, decode, journal, observe, checkpoint, "
        "evaluate.",
        ("stage",),
    ),
    Metric(
        "barograph.monitor.sync.seconds",
        "counter",
        "s",
        "Time in which the journal wrote to the disk and waited for it.",
    ),
    Metric("barograph.monitor.queue.bytes", "gauge", "By", "Acknowledged and not yet processed."),
    Metric("barograph.monitor.journal.bytes", "gauge", "By", "Size of the journal on disk."),
    Metric("barograph.monitor.memory.bytes", "gauge", "By", "Resident memory of the processor."),
    Metric(
        "barograph.monitor.memory.limit.bytes",
        "gauge",
        "By",
        "What it may take: as configured, or by the machine and its control groups.",
    ),
    Metric(
        "barograph.monitor.lag",
        "gauge",
        "s",
        "Age of the oldest acknowledged request that is not yet processed.",
    ),
    Metric(
        "barograph.monitor.exports",
        "counter",
        "{request}",
        "Requests to the downstream, by result.",
        ("signal", "result"),
    ),
    Metric(
        "barograph.monitor.alarms.waiting",
        "gauge",
        "By",
        "Alarms on disk that wait for the downstream.",
    ),
    Metric(
        "barograph.monitor.notifications",
        "counter",
        "{request}",
        "Requests to webhooks, by result.",
        ("webhook", "result"),
    ),
    Metric(
        "barograph.monitor.notifications.held",
        "counter",
        "{alarm}",
        "Alarms that came back soon after their end, of which a webhook was not told anew.",
        ("webhook",),
    ),
    Metric(
        "barograph.monitor.notifications.waiting",
        "gauge",
        "By",
        "Alarms on disk that wait for a webhook.",
        ("webhook",),
    ),
    Metric(
        "barograph.monitor.reloads",
        "counter",
        "{reload}",
        "Tokens, certificates or other secrets that were replaced while it ran, by whether used.",
        ("what", "result"),
    ),
    Metric(
        "barograph.monitor.waiting",
        "gauge",
        "{event}",
        "Late facts that wait for their prediction.",
    ),
    Metric("barograph.monitor.models", "gauge", "{model}", "Models with state."),
)
