"""The figures of a run as plots on one page."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import plotly.io

from benchmarks.detection.findings import Findings
from benchmarks.detection.measure import Measured
from benchmarks.detection.table import BIAS

__all__ = ["plots"]


def plots(results: Findings) -> str:
    """Return a page that needs nothing else."""
    measured = results.measured()
    detectors = list(dict.fromkeys(detector for _, detector, _ in measured))
    false = _map(
        "False alarms a run (log scale)",
        [(s.name, d, m) for s, d, m in measured if not s.targets],
        detectors,
        lambda m: m.false_alarms,
    )
    delay = _map(
        "Median delay in windows (blank: not found)",
        [(s.name, d, m) for s, d, m in measured if s.targets],
        detectors,
        lambda m: m.delay,
    )
    trade = go.Figure(layout={"title": "Found early, or seldom wrong?", "height": 600})
    for detector in detectors:
        own = [(s.name, m) for s, d, m in measured if d == detector and s.targets]
        trade.add_trace(
            go.Scatter(
                x=[max(m.false_alarms, 0.01) for _, m in own],
                y=[m.delay for _, m in own],
                text=[name for name, _ in own],
                name=detector,
                mode="markers",
            )
        )
    trade.update_xaxes(type="log", title="false alarms a run (0 is drawn at 0.01)")
    trade.update_yaxes(title="median delay, windows")
    cost = go.Figure(layout={"title": "CPU seconds for 100,000 rows of ten features"})
    cost.add_trace(
        go.Bar(
            x=[c["cpu_seconds"] for c in results.costs],
            y=[c["detector"] for c in results.costs],
            orientation="h",
            text=[f"{c['peak_extra_mib']:.0f} MiB more" for c in results.costs],
        )
    )
    cost.update_xaxes(type="log")
    pages = [
        plotly.io.to_html(figure, full_html=False, include_plotlyjs=first == 0)
        for first, figure in enumerate((false, delay, trade, cost))
    ]
    facts = "<br>".join(f"{name}: {text}" for name, text in results.machine.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Detection benchmark</title>'
        f"<p>{BIAS}</p><p>{facts}</p>{''.join(pages)}</html>\n"
    )


def _map(
    title: str,
    cells: list[tuple[str, str, Measured]],
    detectors: list[str],
    figure: Callable[[Measured], float | None],
) -> Any:
    streams = list(dict.fromkeys(stream for stream, _, _ in cells))
    known = {(stream, detector): figure(m) for stream, detector, m in cells}
    values = [[known.get((s, d)) for d in detectors] for s in streams]
    colours = [[None if v is None else (v + 0.05) ** 0.25 for v in row] for row in values]
    plot = go.Figure(
        go.Heatmap(
            z=colours,
            x=detectors,
            y=streams,
            text=[["" if v is None else f"{v:g}" for v in row] for row in values],
            texttemplate="%{text}",
            colorscale="RdYlGn_r",
            showscale=False,
        ),
        layout={"title": title, "height": 150 + 28 * len(streams)},
    )
    plot.update_yaxes(autorange="reversed", automargin=True)
    return plot
