"""``barograph replay``: the same engine over history."""

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from barograph_processor.cli.lines import alarm_line, print_line, window_line
from barograph_processor.cli.options import FAILED, FailOn, check_severity
from barograph_processor.cli.progress import progress
from barograph_processor.history.config import load_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.signal import URGENCY, Alarm
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.alarm.phrases import alarms_title
from barograph_processor.state.window.record import WindowRecord

__all__ = ["replay"]


def replay(
    data: Annotated[Path, typer.Argument(help="CSV, CSV.gz or Parquet.", show_default=False)],
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML: which column is what, and the budget.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines to stdout.")] = False,
    fail_on: FailOn = None,
) -> None:
    """Say what would have been raised over a history, and when."""
    check_severity(fail_on)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    started = time.monotonic()
    run = Replay(data, load_replay_config(config))
    windows, opened = 0, list[AlarmChange]()
    with progress(console, f"replaying {data.name}") as show:
        for step in run.run():
            for event in step.events:
                windows += isinstance(event, WindowRecord) and not event.partial
                if isinstance(event, AlarmChange) and event.change == "open":
                    opened.append(event)
                _show(event, console, as_json=as_json)
            show(step.done)
    summary = _summary(run, windows, opened, time.monotonic() - started)
    if as_json:
        print_line(summary)
    else:
        _print_summary(console, summary)
    if fail_on is not None and any(URGENCY[c.alarm.severity] <= URGENCY[fail_on] for c in opened):
        raise typer.Exit(FAILED)


def _show(event: WindowRecord | AlarmChange, console: Console, *, as_json: bool) -> None:
    if as_json:
        print_line(window_line(event) if isinstance(event, WindowRecord) else alarm_line(event))
    elif isinstance(event, AlarmChange) and event.change != "updated":
        mark = "resolved" if event.change == "resolved" else event.alarm.severity
        style = {"page": "bold red", "ticket": "yellow", "resolved": "green"}.get(mark, "dim")
        line = f"window {event.window:>5}  {mark:>8}  {event.alarm.sentence}"
        console.print(line, style=style, markup=False)


def _summary(
    run: Replay, windows: int, opened: list[AlarmChange], seconds: float
) -> dict[str, Any]:
    model = run.model
    return {
        "type": "summary",
        "rows": run.rows,
        "windows": windows,
        "alarms": len(opened),
        "incidents": _incidents(change.alarm for change in opened),
        "rows_per_second": run.rows / max(seconds, 1e-9),
        "seconds": seconds,
        "labels": 0 if model is None else model.counters.labels,
        "late": 0 if model is None else model.counters.late,
        "skipped": run.skipped,
        "warnings": run.warnings,
        "state": None if model is None else model.condition.state,
    }


def _incidents(opened: Iterable[Alarm]) -> dict[str, int]:
    """Return of how many incidents people would have been told, by severity."""
    told = Counter(alarm.severity for alarm in opened if alarm.back_in is None)
    return dict.fromkeys(URGENCY, 0) | told


def _print_summary(console: Console, summary: dict[str, Any]) -> None:
    alarms = alarms_title(summary["alarms"], summary["incidents"])
    console.print(
        f"{summary['rows']:,} rows, {summary['windows']:,} windows after the reference, "
        f"{alarms}; {summary['rows_per_second']:,.0f} rows/s; "
        f"in the end: {summary['state']}"
    )
    for why, count in summary["skipped"].items():
        console.print(f"  skipped {count:,} rows: {why}", markup=False)
    for warning in summary["warnings"]:
        console.print(f"  warning: {warning}", markup=False)
