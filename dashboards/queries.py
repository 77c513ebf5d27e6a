"""PromQL by the catalog's names, so that no query can name a metric that is not there."""

from typing import Final

from barograph_processor.catalog import STATES, metric
from barograph_processor.web.exposition import prometheus_name

__all__ = [
    "BY_MODEL",
    "HARM",
    "THIS_MODEL",
    "calls",
    "quantile",
    "share_of_errors",
    "state_code",
    "the",
]

_CALLS: Final = "traces_span_metrics_calls_total"
_DURATION_MS: Final = "traces_span_metrics_duration_milliseconds"
"""As the span_metrics connector of ``otel-config.yaml`` names them, from the same spans."""

BY_MODEL: Final = "barograph_model_name, barograph_model_version"
THIS_MODEL: Final = 'barograph_model_name="$model", barograph_model_version="$version"'
HARM: Final = ("degraded", "silent_degradation")

_CODES: Final = ("healthy", "watch", "blind", "drifting", "degraded", "silent_degradation")
if set(_CODES) != set(STATES):
    raise RuntimeError("the catalog's states have changed: order the new ones by urgency here")


def the(name: str, labels: str = "") -> str:
    """Return a selector of a metric of the catalog.

    >>> the("barograph.predictions", 'barograph_model_name="fraud"')
    'barograph_predictions_total{barograph_model_name="fraud"}'

    Raises:
        KeyError: The catalog has no such metric.
    """
    selected = prometheus_name(metric(name))
    return f"{selected}{{{labels}}}" if labels else selected


def state_code(labels: str = "") -> str:
    """Return the state of each model as a number, 0 healthy to 5 silent degradation."""
    more = f", {labels}" if labels else ""
    points = [the("barograph.model.state", f'state="{state}"{more}') for state in _CODES]
    return " + ".join(
        f"{code} * max by ({BY_MODEL}) ({point})" for code, point in enumerate(points)
    )


def quantile(q: float, labels: str, by: str = "") -> str:
    """Return a quantile of the calls' duration in ms, by the span_metrics connector."""
    group = f"le, {by}" if by else "le"
    rate = f"rate({_DURATION_MS}_bucket{{{labels}}}[$__rate_interval])"
    return f"histogram_quantile({q}, sum by ({group}) ({rate}))"


def calls(labels: str, by: str = "") -> str:
    """Return calls a second, by the span_metrics connector."""
    group = f"sum by ({by})" if by else "sum"
    return f"{group} (rate({_CALLS}{{{labels}}}[$__rate_interval]))"


def share_of_errors(labels: str, by: str = "") -> str:
    """Return the share of calls that failed; 0 where none did, rather than nothing."""
    failed = calls(f'{labels}, status_code="STATUS_CODE_ERROR"', by)
    every = calls(labels, by)
    return f"({failed} or 0 * {every}) / {every}"
