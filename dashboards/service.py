"""The processor about itself: what it accepted, refused, lost, and how far it is behind."""

from grafana_foundation_sdk.builders import dashboard as builder

from barograph_processor.catalog import METRICS
from dashboards.frame import frame
from dashboards.panels import of_metric

__all__ = ["service"]


def service() -> builder.Dashboard:
    """Return the dashboard: a panel for each metric of the catalog about the processor."""
    board = frame(
        "service", "Processor", "Whether what applications send is taken, kept and passed on."
    )
    for entry in METRICS:
        if entry.name.startswith("barograph.monitor."):
            board.with_panel(of_metric(entry))
    return board
