"""All models: which is in trouble, and whether latency and errors show it."""

from grafana_foundation_sdk.builders import dashboard as builder

from dashboards.frame import frame
from dashboards.panels import lines, state_panel
from dashboards.queries import BY_MODEL, calls, quantile, share_of_errors, state_code, the

__all__ = ["fleet"]

_MODEL = "{{barograph_model_name}} {{barograph_model_version}}"
_NAME = "{{barograph_model_name}}"
_WATCHED = 'barograph_model_name!=""'


def fleet() -> builder.Dashboard:
    """Return the dashboard."""
    accuracy = the("barograph.performance.realized", 'metric="accuracy"')
    return (
        frame("fleet", "Models", "Which model is in trouble, and whether latency shows it.")
        .with_panel(state_panel("State", state_code(), _MODEL, height=8))
        .with_panel(
            lines(
                "Quality: accuracy by true labels",
                "Of the last labelled window. Regressions are on their model's dashboard.",
                [(f"max by ({BY_MODEL}) ({accuracy})", _MODEL)],
                unit="percentunit",
                span=24,
            )
        )
        .with_panel(
            lines(
                "Latency p95",
                "Of the same calls, by the span_metrics connector.",
                [(quantile(0.95, _WATCHED, "barograph_model_name"), _NAME)],
                unit="ms",
                span=24,
                exemplar=True,
            )
        )
        .with_panel(
            lines(
                "Errors",
                "Share of the same calls that failed, by the span_metrics connector.",
                [(share_of_errors(_WATCHED, "barograph_model_name"), _NAME)],
                unit="percentunit",
            )
        )
        .with_panel(
            lines(
                "Traffic",
                "Calls a second, by the span_metrics connector.",
                [(calls(_WATCHED, "barograph_model_name"), _NAME)],
                unit="reqps",
            )
        )
        .with_panel(
            lines(
                "Harm: risk above what is tolerated",
                "Lower bound of the risk minus the tolerated risk: above 0 is harm.",
                [(f"max by ({BY_MODEL}) ({the('barograph.risk.excess')})", _MODEL)],
                unit="percentunit",
                limit=0,
            )
        )
        .with_panel(
            lines(
                "Open alarms",
                "page: harm; ticket: outputs, confidence, blindness; note: inputs.",
                [
                    (
                        f"sum by (severity, {BY_MODEL}) ({the('barograph.alarms.open')}) > 0",
                        f"{_MODEL} {{{{severity}}}}",
                    )
                ],
            )
        )
    )
