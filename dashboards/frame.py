"""What every dashboard of Barograph has in common."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.models import dashboard

__all__ = ["UIDS", "frame"]

UIDS: Final = {
    "fleet": "barograph-fleet",
    "model": "barograph-model",
    "service": "barograph-service",
}


def frame(kind: str, title: str, description: str) -> builder.Dashboard:
    """Return a dashboard without panels: a shared cursor, a data source, links to the others."""
    return (
        builder.Dashboard(f"Barograph / {title}")
        .uid(UIDS[kind])
        .description(description)
        .tags(["barograph", "generated"])
        .timezone("utc")
        .refresh("30s")
        .time("now-24h", "now")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .with_variable(
            builder.DatasourceVariable("datasource").label("Data source").type("prometheus")
        )
        .link(
            builder.DashboardLink("Barograph")
            .type(dashboard.DashboardLinkType.DASHBOARDS)
            .tags(["barograph"])
            .as_dropdown(True)  # noqa: FBT003 - the builder's own form
            .include_vars(True)  # noqa: FBT003
            .keep_time(True)  # noqa: FBT003
        )
    )
