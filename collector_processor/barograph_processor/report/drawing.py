"""How the plots of a report are drawn: lines, alarms, and colours for light and dark."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

__all__ = ["BAND", "CALM", "HARM", "HEIGHT", "QUALITY", "band", "limit", "line", "mark", "styled"]

QUALITY: Final = "#1f6feb"
CALM: Final = "#7d8590"
HARM: Final = "#cf222e"
BAND: Final = "rgba(31,111,235,0.18)"
HEIGHT: Final = 160
"""Pixels of a row."""

_GRID: Final = "rgba(127,127,127,0.25)"
_NOTHING: Final = "rgba(0,0,0,0)"


def line(
    time: Sequence[str], values: Sequence[float | None], name: str, colour: str, *, width: float = 2
) -> Any:
    """Return a line; a lone point is a dot."""
    return go.Scatter(
        x=list(time),
        y=list(values),
        name=name,
        mode="lines" if len(time) > 1 else "markers",
        line={"color": colour, "width": width},
        hovertemplate="%{x}<br>%{y:.4g}<extra>" + name + "</extra>",
    )


def styled(figure: Any, height: int) -> Any:
    """Give a figure the report's look: it must be read on white and on black."""
    figure.update_layout(
        height=height,
        showlegend=False,
        margin={"l": 60, "r": 20, "t": 30, "b": 44},
        template="none",
        paper_bgcolor=_NOTHING,
        plot_bgcolor=_NOTHING,
        hovermode="x",
        font={"family": "system-ui, sans-serif", "size": 12, "color": CALM},
    )
    figure.update_xaxes(gridcolor=_GRID, linecolor=_GRID)
    figure.update_yaxes(gridcolor=_GRID, linecolor=_GRID, zerolinecolor=_GRID)
    figure.update_annotations(font_size=12)
    return figure


def band(
    figure: Any,
    time: Sequence[str],
    lower: Sequence[float | None],
    upper: Sequence[float | None],
) -> None:
    """Shade an interval in the first row, where there is one."""
    if all(value is None for value in lower):
        return
    figure.add_trace(line(time, upper, "upper", BAND, width=0), row=1, col=1)
    below = line(time, lower, "95% interval", BAND, width=0)
    below.update(fill="tonexty", fillcolor=BAND)
    figure.add_trace(below, row=1, col=1)


def limit(
    figure: Any, time: Sequence[str], values: Sequence[float | None], row: int, name: str
) -> None:
    """Draw what a line is held against, where it is known; it may change with time."""
    if all(value is None for value in values):
        return
    drawn = line(time, values, name, HARM, width=1)
    drawn.update(line_dash="dash")
    figure.add_trace(drawn, row=row, col=1)


def mark(figure: Any, alarms: Sequence[Mapping[str, Any]], time: Sequence[str]) -> None:
    """Shade the time under each alarm, and draw when it was raised."""
    for alarm in alarms:
        end = alarm["resolved"] or (time[-1] if time else alarm["raised"])
        colour = HARM if alarm["severity"] == "page" else CALM
        figure.add_vrect(x0=alarm["since"], x1=end, fillcolor=colour, opacity=0.1, line_width=0)
        figure.add_vline(x=alarm["raised"], line={"color": colour, "dash": "dot", "width": 1})
