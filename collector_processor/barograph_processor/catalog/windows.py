"""Windows, the reference, and alarms."""

from typing import Final

from barograph_processor.catalog.metric import Metric

__all__ = ["WINDOWS"]

WINDOWS: Final[tuple[Metric, ...]] = (
    Metric(
        "barograph.traffic",
        "gauge",
        "{prediction}/s",
        "Predictions per second of event time in the last window.",
    ),
    Metric(
        "barograph.reference.age",
        "gauge",
        "s",
        "Event time since the end of the reference.",
    ),
    Metric(
        "barograph.reference.rows",
        "gauge",
        "{row}",
        "Rows of the reference so far, and once it is complete all of them.",
    ),
    Metric("barograph.windows", "counter", "{window}", "Windows closed after the reference."),
    Metric(
        "barograph.alarms",
        "counter",
        "{alarm}",
        "Alarms raised.",
        ("signal", "severity"),
    ),
    Metric(
        "barograph.alarms.open",
        "gauge",
        "{alarm}",
        "Alarms open now.",
        ("signal", "severity"),
    ),
    Metric(
        "barograph.late",
        "counter",
        "{prediction}",
        "Predictions that came too late for any window.",
    ),
)
