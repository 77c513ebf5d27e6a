"""The catalog as a page of the documentation."""

from typing import Final

from barograph_processor.catalog import METRICS, STATES, Metric
from barograph_processor.web.exposition import prometheus_name

__all__ = ["metrics_page"]

_HEAD: Final = (
    "# Metrics\n\n"
    "<!-- Written by `python -m dashboards.generate` from the catalog. -->\n\n"
    "What the processor shows on `/metrics` and sends with `--export`. A metric that has no data "
    "yet has no point: what is not known is not shown as 0. Names in Prometheus are the same "
    "through the Collector's `prometheus` exporter. The folder `dashboards` of the repository "
    "has Grafana dashboards and Prometheus rules over these.\n\n"
)
_TABLE: Final = "| metric, and in Prometheus | kind, unit | meaning |\n| --- | --- | --- |\n"


def metrics_page() -> str:
    """Return the page in Markdown, with the metrics in the catalog's order."""
    own = [entry for entry in METRICS if entry.name.startswith("barograph.monitor.")]
    models = [entry for entry in METRICS if entry not in own]
    return (
        f"{_HEAD}## Of a model\n\n"
        "All carry `barograph.model.name` and `barograph.model.version`. "
        f"The states are {', '.join(f'`{state}`' for state in STATES)}.\n\n"
        f"{_TABLE}{''.join(map(_row, models))}\n"
        f"## Of the processor itself\n\n{_TABLE}{''.join(map(_row, own))}"
    )


def _row(entry: Metric) -> str:
    names = f"`{entry.name}` `{prometheus_name(entry)}`"
    by = ", ".join(f"`{key}`" for key in entry.attributes)
    meaning = entry.description.replace("|", r"\|") + (f" By {by}." if by else "")
    return f"| {names} | {entry.kind}, `{entry.unit}` | {meaning} |\n"
