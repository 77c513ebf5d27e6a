"""Panels as all dashboards use them."""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import common as common_builder
from grafana_foundation_sdk.builders import dashboard as dashboard_builder
from grafana_foundation_sdk.builders import prometheus, statetimeline, timeseries
from grafana_foundation_sdk.models import common, dashboard

from barograph_processor.catalog import Metric
from barograph_processor.web.exposition import label_name
from dashboards.queries import BY_MODEL, the

__all__ = ["Query", "lines", "of_metric", "query", "state_panel", "thresholds", "variable"]

Query = tuple[str, str]
"""An expression and its legend."""

SOURCE: Final = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
HEIGHT: Final = 7

_UNITS: Final = {"s": "s", "By": "bytes", "{prediction}/s": "cps"}
_STATES: Final = (
    ("Healthy", "green"),
    ("Watch", "blue"),
    ("Blind", "gray"),
    ("Drifting", "yellow"),
    ("Degraded", "orange"),
    ("Silent degradation", "red"),
)


def query(expr: str, legend: str, *, exemplar: bool = False) -> prometheus.Dataquery:
    """Return a query over the time that the dashboard shows."""
    return (
        prometheus.Dataquery()
        .expr(expr)
        .legend_format(legend)
        .range()
        .exemplar(exemplar)
        .datasource(SOURCE)
    )


def thresholds(at: float, colour: str) -> dashboard_builder.ThresholdsConfig:
    """Return a threshold from which on a value has a colour."""
    return (
        dashboard_builder.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps(
            [
                dashboard.Threshold(value=None, color="transparent"),
                dashboard.Threshold(value=at, color=colour),
            ]
        )
    )


def lines(
    title: str,
    description: str,
    queries: Sequence[Query],
    *,
    unit: str = "short",
    span: int = 12,
    exemplar: bool = False,
    limit: float | None = None,
) -> timeseries.Panel:
    """Return lines over time.

    Args:
        title: What is drawn.
        description: What it means, for who points at it.
        queries: Expressions and their legends.
        unit: Grafana's name of the unit.
        span: Width, of 24.
        exemplar: Whether to show exemplars, which lead to traces.
        limit: From here on the ground is red.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .span(span)
        .height(HEIGHT)
        .line_width(1.5)
        .fill_opacity(0)
        .show_points(common.VisibilityMode.NEVER)
        .span_nulls(True)  # noqa: FBT003 - the builder's own form
        .tooltip(common_builder.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .legend(
            common_builder.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)  # noqa: FBT003 - the builder's own form
        )
    )
    for expr, legend in queries:
        panel.with_target(query(expr, legend, exemplar=exemplar))
    if limit is not None:
        panel.thresholds(thresholds(limit, "red")).thresholds_style(
            common_builder.GraphThresholdsStyleConfig().mode(
                common.GraphThresholdsStyleMode.DASHED_AND_AREA
            )
        )
    return panel


def state_panel(title: str, expr: str, legend: str, *, height: int) -> statetimeline.Panel:
    """Return the states of models over time, by their codes."""
    states = {
        str(code): dashboard.ValueMappingResult(text=text, color=colour, index=code)
        for code, (text, colour) in enumerate(_STATES)
    }
    return (
        statetimeline.Panel()
        .title(title)
        .description("Silent degradation is harm to quality while latency and errors are normal.")
        .datasource(SOURCE)
        .span(24)
        .height(height)
        .mappings([dashboard.ValueMap(options=states)])
        .show_value(common.VisibilityMode.NEVER)
        .with_target(query(expr, legend))
    )


def of_metric(entry: Metric, labels: str = "", *, span: int = 8) -> timeseries.Panel:
    """Return the plain panel of a metric of the catalog: its value, rate or median."""
    mine = [label_name(key) for key in entry.attributes]
    group = ", ".join(mine) if labels else ", ".join([*BY_MODEL.split(", "), *mine])
    if entry.name.startswith("barograph.monitor."):
        group = ", ".join(mine)
    by = f"by ({group}) " if group else ""
    legend = " ".join(f"{{{{{key}}}}}" for key in group.split(", ")) if group else entry.name
    selector = the(entry.name, labels)
    unit = _UNITS.get(entry.unit, "short")
    if entry.kind == "counter":
        expr, unit = f"sum {by}(rate({selector}[$__rate_interval]))", "cps"
    elif entry.kind == "histogram":
        bucket = selector.replace("{", "_bucket{", 1) if labels else f"{selector}_bucket"
        group = f"le, {group}" if group else "le"
        expr = f"histogram_quantile(0.5, sum by ({group}) (rate({bucket}[$__rate_interval])))"
        legend = f"median {legend}"
    else:
        expr = f"max {by}({selector})"
    title = entry.name.removeprefix("barograph.")
    return lines(title, entry.description, [(expr, legend)], unit=unit, span=span)


def variable(name: str, label: str, expr: str) -> dashboard_builder.QueryVariable:
    """Return a choice among the values of a label."""
    return (
        dashboard_builder.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(expr)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )
