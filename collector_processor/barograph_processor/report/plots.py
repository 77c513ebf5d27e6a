"""The plots of a report, from a model as the API shows it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

__all__ = ["drift_plot", "overview_plot"]

_QUALITY: Final = "#1f6feb"
_CALM: Final = "#57606a"
_HARM: Final = "#cf222e"
_BAND: Final = "rgba(31,111,235,0.18)"
_HEIGHT: Final = 160

Window = Mapping[str, Any]


def overview_plot(model: Mapping[str, Any]) -> Any:
    """Return quality over latency, errors and traffic on one time axis, alarms marked.

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
            figure.add_trace(_line(time, values, name, _CALM), row=place, col=1)
    _mark_alarms(figure, model["alarms"], time)
    return _styled(figure, _HEIGHT * (len(shown) + 1))


def drift_plot(model: Mapping[str, Any], signal: str, feature: str | None) -> Any:
    """Return distance and evidence of one stream over time, with its alarms.

    Args:
        model: As the API answers it.
        signal: One of the drift signals.
        feature: Its feature, None for the stream of the signal itself.
    """
    windows = [w for w in model["history"] if (feature or "") in w["signals"].get(signal, {})]
    time = [window["end"] for window in windows]
    status = [window["signals"][signal][feature or ""] for window in windows]
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.14,
        subplot_titles=["distance from the reference", "evidence, powers of ten"],
    )
    figure.add_trace(_line(time, [s["distance"] for s in status], "distance", _QUALITY), 1, 1)
    evidence = [max(s["evidence"], 0.0) for s in status]
    figure.add_trace(_line(time, evidence, "evidence", _CALM), 2, 1)
    if status:
        figure.add_hline(
            y=status[-1]["threshold"], line={"color": _HARM, "dash": "dash", "width": 1}, row=2
        )
    own = [a for a in model["alarms"] if (a["signal"], a["feature"]) == (signal, feature)]
    _mark_alarms(figure, own, time)
    return _styled(figure, 2 * _HEIGHT)


def _quality(figure: Any, model: Mapping[str, Any], time: Sequence[str]) -> None:
    windows = model["history"]
    name = _quality_name(windows)
    found = [w["signals"].get("performance", {}).get(name) or {} for w in windows]
    lower = [estimate.get("lower") for estimate in found]
    upper = [estimate.get("upper") for estimate in found]
    if any(value is not None for value in lower):
        figure.add_trace(_line(time, upper, "upper", _BAND, width=0), row=1, col=1)
        band = _line(time, lower, "95% interval", _BAND, width=0)
        band.update(fill="tonexty", fillcolor=_BAND)
        figure.add_trace(band, row=1, col=1)
    figure.add_trace(_line(time, [e.get("value") for e in found], name, _QUALITY), row=1, col=1)
    tolerated = model["reference"]["tolerated_risk"]
    if name == "accuracy" and tolerated is not None:
        figure.add_hline(
            y=1 - tolerated,
            line={"color": _HARM, "dash": "dash", "width": 1},
            annotation_text="tolerated",
            row=1,
        )


def _quality_name(windows: Sequence[Window]) -> str:
    """Return the metric that stands for quality: accuracy, or the error of a regression."""
    for window in windows:
        performance = window["signals"].get("performance")
        if performance is not None:
            return "accuracy" if "accuracy" in performance else "mae"
    return "quality (no labels)"


def _mark_alarms(figure: Any, alarms: Sequence[Mapping[str, Any]], time: Sequence[str]) -> None:
    """Shade the time under each alarm that pages, and draw the onset of the others."""
    for alarm in alarms:
        if alarm["severity"] == "page":
            end = alarm["resolved"] or (time[-1] if time else alarm["raised"])
            figure.add_vrect(x0=alarm["since"], x1=end, fillcolor=_HARM, opacity=0.12, line_width=0)
        figure.add_vline(
            x=alarm["since"], line={"color": _CALM, "dash": "dot", "width": 1}, opacity=0.5
        )


def _scaled(window: Window, signal: str, figure: str, factor: float) -> float | None:
    value = window["signals"].get(signal, {}).get(figure)
    return None if value is None else value * factor


def _line(
    time: Sequence[str], values: Sequence[float | None], name: str, colour: str, *, width: float = 2
) -> Any:
    return go.Scatter(
        x=list(time),
        y=list(values),
        name=name,
        mode="lines" if len(time) > 1 else "markers",
        line={"color": colour, "width": width},
        hovertemplate="%{x}<br>%{y:.4g}<extra>" + name + "</extra>",
    )


def _styled(figure: Any, height: int) -> Any:
    figure.update_layout(
        height=height,
        showlegend=False,
        margin={"l": 60, "r": 20, "t": 30, "b": 30},
        template="plotly_white",
        hovermode="x unified",
        font={"family": "system-ui, sans-serif", "size": 12},
    )
    figure.update_annotations(font_size=12)
    return figure
