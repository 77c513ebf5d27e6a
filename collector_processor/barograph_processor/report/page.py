"""The report as one HTML file that needs nothing else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

import plotly.io
from plotly.offline import get_plotlyjs

from barograph_processor.quality.loss_unit import LossUnit
from barograph_processor.report.alarm_plot import alarm_plot
from barograph_processor.report.overview import overview_plot
from barograph_processor.report.rows import told_by_rows
from barograph_processor.signal import URGENCY
from barograph_processor.state.alarm.phrases import alarms_title
from barograph_processor.stats.written import written

__all__ = ["render_report"]

_MAX_ALARMS: Final = 40
_SHARES: Final = frozenset({"trust", "calibration", "loop", "blind"})

_STYLE: Final = """
:root { color-scheme: light dark; --text: #1f2328; --faint: #57606a; --edge: #d0d7de;
  --page: #cf222e; --ticket: #9a6700; --ground: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --faint: #9198a1;
  --edge: #3d444d; --page: #ff7b72; --ticket: #d29922; --ground: #0d1117; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground);
  margin: 0 auto; max-width: 1000px; padding: 1rem; overflow-wrap: anywhere; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-top: 1px solid var(--edge);
  padding-top: 1rem; } h3 { margin-bottom: .3rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem .8rem .2rem 0;
  vertical-align: top; } th { font-weight: 600; }
th { white-space: nowrap; }
.page { color: var(--page); } .ticket { color: var(--ticket); } .note { color: var(--faint); }
.state { font-size: 1.2rem; } .small { color: var(--faint); font-size: 13px; }
"""

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"
)
"""What is inside may run; nothing may be fetched."""


def render_report(models: Sequence[Mapping[str, Any]], *, title: str) -> str:
    """Return a page about models, each with its history and alarms.

    Everything that came from data is escaped; the plotting library is inside.

    Args:
        models: As ``/api/models/{name}/{version}`` answers them.
        title: Of the page.
    """
    body = "".join(_model(model) for model in models) or "<p>No model has been seen.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head><body>"
        f"<h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def _model(model: Mapping[str, Any]) -> str:
    model = told_by_rows(model)
    reference = model["reference"]
    alarms = sorted(model["alarms"], key=lambda a: (URGENCY[a["severity"]], a["raised"]))
    facts = [
        ("predictions", f"{model['predictions']:,}"),
        ("labels", f"{model['labels']:,}"),
        ("windows after the reference", f"{model['windows']:,}"),
        ("reference", f"{reference['rows']:,} rows until {_moment(reference['end'])}"),
    ]
    if reference["tolerated_risk"] is not None and reference["risk"] is not None:
        unit = LossUnit(**reference["loss"])
        before, tolerated = reference["risk"], reference["tolerated_risk"]
        said = f"{unit.figure(before)} in the reference; {unit.figure(tolerated)} is tolerated"
        facts.append((unit.name, said))
    parts = [
        f"<h2>{escape(model['name'])} {escape(model['version'])}</h2>",
        f'<p class="state">{escape(model["state"].replace("_", " "))}</p>',
        _table(facts),
        "".join(f'<p class="small">{escape(warning)}</p>' for warning in model["warnings"]),
        _plot(overview_plot(model)) if model["history"] else "<p>No window has closed.</p>",
        f"<h3>{_title(alarms)}</h3>" if alarms else "<h3>No alarm was raised</h3>",
        "".join(_alarm(model, alarm) for alarm in alarms[:_MAX_ALARMS]),
    ]
    if len(alarms) > _MAX_ALARMS:
        parts.append(f"<p>{len(alarms) - _MAX_ALARMS} further alarms are not shown.</p>")
    return "".join(parts)


def _title(alarms: Sequence[Mapping[str, Any]]) -> str:
    """Say how many alarms there are, and of how many people are told."""
    told = Counter(a["severity"] for a in alarms if a["incident"]["id"] == a["id"])
    return alarms_title(len(alarms), {severity: told[severity] for severity in URGENCY})


def _alarm(model: Mapping[str, Any], alarm: Mapping[str, Any]) -> str:
    rows = [
        ("since", f"{_moment(alarm['since'])} (window {alarm['since_window']})"),
        ("raised", f"{_moment(alarm['raised'])} (window {alarm['raised_window']})"),
        ("resolved", "not yet" if alarm["resolved"] is None else _moment(alarm["resolved"])),
        ("before, now", _change(alarm, LossUnit(**model["reference"]["loss"]))),
        (
            "evidence",
            f"10^{alarm['evidence']:.1f}; the budget asks for 10^{alarm['threshold']:.1f}",
        ),
        ("what to do", alarm["advice"]),
    ]
    if alarm["trace_ids"]:
        rows.insert(-1, ("traces", ", ".join(alarm["trace_ids"])))
    figure = alarm_plot(model, alarm)
    plot = "" if figure is None else _plot(figure)
    return (
        f'<section><h3 class="{escape(alarm["severity"])}">{escape(alarm["severity"])}: '
        f"{escape(alarm['sentence'])}</h3>{_table(rows)}{plot}</section>"
    )


def _change(alarm: Mapping[str, Any], unit: LossUnit) -> str:
    def told(figure: float | None) -> str:
        if figure is None:
            return "unknown"
        if alarm["signal"] in {"risk", "slice"}:
            return unit.figure(figure)
        return f"{figure:.1%}" if alarm["signal"] in _SHARES else written(figure)

    change = f"{told(alarm['before'])}, {told(alarm['now'])}"
    if alarm["interval"] is None:
        return change
    low, high = map(told, alarm["interval"])
    return f"{change} (95% interval {low} to {high})"


def _moment(time: str | int | None) -> str:
    """Return a time of the API, or a row, as people read it."""
    if isinstance(time, int):
        return f"row {time:,}"
    return "unknown" if time is None else f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M} UTC"


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows)
    return f"<table>{cells}</table>"


def _plot(figure: Any) -> str:
    html: str = plotly.io.to_html(
        figure, full_html=False, include_plotlyjs=False, config={"displaylogo": False}
    )
    return html
