"""One model: quality above the latency, errors and traffic of the same calls, then all the rest."""

import json
import re

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from barograph_processor.catalog import METRICS, metric
from barograph_processor.web.exposition import prometheus_name
from dashboards.frame import frame
from dashboards.panels import lines, of_metric, state_panel, variable
from dashboards.queries import THIS_MODEL, calls, quantile, share_of_errors, state_code, the

__all__ = ["model"]

_CALLS = 'barograph_model_name="$model"'
"""Calls of the model in the span metrics, whatever its version: fewer series, and one line."""


def model() -> builder.Dashboard:
    """Return the dashboard."""
    names = prometheus_name(metric("barograph.predictions"))
    board = (
        frame("model", "Model", "One model: quality next to latency, errors and traffic.")
        .with_variable(variable("model", "Model", f"label_values({names}, barograph_model_name)"))
        .with_variable(
            variable(
                "version",
                "Version",
                f'label_values({names}{{barograph_model_name="$model"}}, barograph_model_version)',
            )
        )
        .with_variable(
            variable(
                "metric",
                "Quality by",
                f"label_values({the('barograph.performance.realized', THIS_MODEL)}, metric)",
            )
        )
    )
    _side_by_side(board)
    _drift(board)
    board.with_row(builder.Row("All figures of the catalog"))
    shown = _shown(board)
    for entry in METRICS:
        if entry.name.startswith("barograph.monitor.") or prometheus_name(entry) in shown:
            continue
        board.with_panel(of_metric(entry, THIS_MODEL))
    return board


def _shown(board: builder.Dashboard) -> set[str]:
    """Return the names of the metrics that the panels so far query."""
    panels = json.loads(JSONEncoder().encode(board.build()))["panels"]
    exprs = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return set(re.findall(r"\bbarograph_\w+", " ".join(exprs)))


def _side_by_side(board: builder.Dashboard) -> None:
    chosen = f'{THIS_MODEL}, metric="$metric"'
    board.with_panel(state_panel("State", state_code(THIS_MODEL), "state", height=4))
    board.with_panel(
        lines(
            "Quality: $metric by true labels",
            "Of the last labelled window, with its 95% interval.",
            [
                (the("barograph.performance.realized", chosen), "$metric"),
                (the("barograph.performance.realized.lower", chosen), "lower"),
                (the("barograph.performance.realized.upper", chosen), "upper"),
            ],
            span=24,
        )
        .override_by_regexp("lower|upper", _faint())
        .override_by_name("upper", [*_faint(), _value("custom.fillBelowTo", "lower")])
    )
    board.with_panel(
        lines(
            "Latency",
            "Of the same calls, by the span_metrics connector. Points are exemplars: open one.",
            [(quantile(0.5, _CALLS), "p50"), (quantile(0.95, _CALLS), "p95")],
            unit="ms",
            span=24,
            exemplar=True,
        )
    )
    board.with_panel(
        lines(
            "Errors",
            "Share of the same calls that failed, by the span_metrics connector.",
            [(share_of_errors(_CALLS), "errors")],
            unit="percentunit",
        )
    )
    board.with_panel(
        lines(
            "Traffic",
            "Calls a second, by the span_metrics connector.",
            [(calls(_CALLS), "calls")],
            unit="reqps",
        )
    )
    board.with_panel(
        lines(
            "Harm: risk above what is tolerated",
            metric("barograph.risk.excess").description,
            [(the("barograph.risk.excess", THIS_MODEL), "excess")],
            unit="percentunit",
            limit=0,
        )
    )
    board.with_panel(
        lines(
            "Evidence for harm",
            metric("barograph.risk.evidence").description,
            [(the("barograph.risk.evidence", THIS_MODEL), "evidence")],
            limit=0,
        )
    )


def _drift(board: builder.Dashboard) -> None:
    board.with_row(builder.Row("Drift"))
    board.with_panel(
        lines(
            "Evidence for drift",
            metric("barograph.drift.evidence").description,
            [(the("barograph.drift.evidence", THIS_MODEL), "{{signal}} {{feature}}")],
            limit=0,
        )
    )
    board.with_panel(
        lines(
            "Distance from the reference",
            metric("barograph.input.drift.distance").description,
            [
                (the("barograph.input.drift.distance", THIS_MODEL), "{{feature}}"),
                (the("barograph.prediction.drift.distance", THIS_MODEL), "output {{feature}}"),
                (the("barograph.confidence.drift.distance", THIS_MODEL), "confidence"),
            ],
        )
    )


def _faint() -> list[DynamicConfigValue]:
    return [_value("custom.lineWidth", 0), _value("custom.fillOpacity", 15)]


def _value(name: str, value: object) -> DynamicConfigValue:
    return DynamicConfigValue(id_val=name, value=value)
