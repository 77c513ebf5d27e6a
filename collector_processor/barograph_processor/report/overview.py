"""Quality and operations of a model on one time axis."""

from collections.abc import Mapping, Sequence
from typing import Any

from plotly.subplots import make_subplots

from barograph_processor.report.drawing import (
    CALM,
    HEIGHT,
    QUALITY,
    band,
    limit,
    line,
    mark,
    styled,
)
from barograph_processor.web.overview import HEADLINES, RISKLESS

__all__ = ["overview_plot"]

Window = Mapping[str, Any]


def overview_plot(model: Mapping[str, Any]) -> Any:
    """Return quality over latency, errors and traffic, with the alarms that page marked.

    Args:
        model: As ``/api/models/{name}/{version}`` answers it.
    """
    windows: Sequence[Window] = model["history"]
    time = [window["end"] for window in windows]
    rows = [
        ("quality", None),
        ("latency p95, ms", [_scaled(w, "latency", "p95_s", 1e3) for w in windows]),
        ("errors, share", [_scaled(w, "errors", "rate", 1.0) for w in windows]),
        ("predictions/s", [_scaled(w, "traffic", "rows_per_second", 1.0) for w in windows]),
    ]
    shown = [(name, y) for name, y in rows if y is None or any(v is not None for v in y)]
    figure = make_subplots(
        rows=len(shown),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.06,
        row_heights=[2.0, *[1.0] * (len(shown) - 1)],
        subplot_titles=[_quality_name(windows) if y is None else name for name, y in shown],
    )
    for place, (name, values) in enumerate(shown, start=1):
        if values is None:
            _quality(figure, model, time)
        else:
            figure.add_trace(line(time, values, name, CALM), row=place, col=1)
    for place in range(2, len(shown) + 1):
        figure.update_yaxes(rangemode="tozero", row=place, col=1)
    mark(figure, [alarm for alarm in model["alarms"] if alarm["severity"] == "page"], time)
    return styled(figure, HEIGHT * (len(shown) + 1))


def _quality(figure: Any, model: Mapping[str, Any], time: Sequence[str]) -> None:
    windows = model["history"]
    name = _quality_name(windows)
    found = [w["signals"].get("performance", {}).get(name) or {} for w in windows]
    band(figure, time, [e.get("lower") for e in found], [e.get("upper") for e in found])
    figure.add_trace(line(time, [e.get("value") for e in found], name, QUALITY), row=1, col=1)
    tolerated = model["reference"]["tolerated_risk"]
    if name in RISKLESS and tolerated is not None:
        limit(figure, time, [1 - tolerated] * len(time), 1, "tolerated")


def _quality_name(windows: Sequence[Window]) -> str:
    """Return the metric that stands for quality, see ``HEADLINES``."""
    for window in windows:
        performance = window["signals"].get("performance")
        if performance is not None:
            return next((name for name in HEADLINES if name in performance), "quality")
    return "quality (no labels)"


def _scaled(window: Window, signal: str, figure: str, factor: float) -> float | None:
    value = window["signals"].get(signal, {}).get(figure)
    return None if value is None else value * factor
