"""A fleet as tables at a terminal, and as plain lines elsewhere."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from barograph_processor.cli.fleet import AlarmLine, Fleet, ModelLine
from barograph_processor.cli.sparkline import sparkline
from barograph_processor.printable import printable
from barograph_processor.signal import Severity

__all__ = ["FleetView", "plain_lines"]

_SIGNS: Final = {
    "healthy": ("✓", "green"),
    "watch": ("○", "cyan"),
    "drifting": ("~", "yellow"),
    "degraded": ("✗", "bold red"),
    "silent_degradation": ("‼", "bold red"),
    "blind": ("?", "magenta"),
}
_SEVERITIES: Final[dict[Severity, str]] = {"page": "bold red", "ticket": "yellow", "note": "cyan"}
_WIDTH: Final = 14
# Courses that differ by less are level: a point of quality, a tenth of the usual latency.
_LEAST_QUALITY: Final = 0.01
_LEAST_LATENCY: Final = 0.1


class FleetView:
    """What ``status`` and ``watch`` show. Text from outside is shown and never obeyed.

    Args:
        fleet: What to show.
        note: A line above it, such as why it is old.
    """

    def __init__(self, fleet: Fleet, *, note: str | None = None) -> None:
        self._fleet = fleet
        self._note = note

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render: models, then alarms with their sentences."""
        if self._note is not None:
            yield Text(printable(self._note), "bold yellow")
        if not self._fleet.models:
            yield Text(_EMPTY)
            return
        yield _models(self._fleet.models, drawn=not options.ascii_only)
        if self._fleet.alarms:
            yield Text("")
            yield _alarms(self._fleet.alarms)
        if self._fleet.more_alarms:
            yield Text(_more(self._fleet.more_alarms))


_EMPTY: Final = "no models yet: the service has received no predictions"


def plain_lines(fleet: Fleet) -> Iterator[str]:
    """Yield a line for each model and for each open alarm, for logs and pipes."""
    if not fleet.models:
        yield _EMPTY
    for line in fleet.models:
        parts = [
            f"{line.state} {_who(line.name, line.version)}",
            f"since {line.began or 'the start'}",
            ", ".join(_quality(line)),
            f"latency p95 {', '.join(_latency(line))}",
            f"errors {_errors(line)}",
            f"{line.predictions} predictions",
            f"{line.labels} labels",
        ]
        yield printable("; ".join(parts))
    for alarm in fleet.alarms:
        who = _who(alarm.model, alarm.version)
        since = alarm.since or "unknown"
        yield printable(f"{alarm.severity} {who} since {since}: {alarm.sentence}")
    if fleet.more_alarms:
        yield _more(fleet.more_alarms)


def _models(models: list[ModelLine], *, drawn: bool) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1, 1, 0))
    # Under each other, so that a name has room at 80 columns.
    table.add_column("model", overflow="fold")
    table.add_column("quality", no_wrap=True)
    table.add_column("latency p95", no_wrap=True)
    for heading in ("errors", "rows\nlabels"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in models:
        sign, style = _SIGNS.get(line.state, ("!", "bold red"))
        word = line.state.replace("_", " ")
        who = Text(printable(line.name), "bold")
        who.append(f" {printable(line.version)}", "not bold dim")
        who.append(
            f"\n{printable(f'{sign} {word}' if drawn else word)}",
            style if style.startswith("bold") else f"not bold {style}",
        )
        who.append(f"\nsince {_moment(line.began)}", "not bold dim")
        trend, usual = line.trend, line.reference.latency_p95_s or 0.0
        table.add_row(
            who,
            _course(_quality(line), trend.quality, _LEAST_QUALITY, drawn=drawn),
            _course(_latency(line), trend.latency_p95_s, usual * _LEAST_LATENCY, drawn=drawn),
            _errors(line),
            f"{line.predictions:,}\n{line.labels:,}",
        )
    return table


def _course(
    figures: list[str], values: list[float | None], least_range: float, *, drawn: bool
) -> Text:
    now, *normal = figures
    line = sparkline(values, width=_WIDTH, least_range=least_range) if drawn else ""
    text = Text(printable(now))
    text.append(f"\n{line}" if line else "", "cyan")
    text.append("".join(f"\n{figure}" for figure in normal), "dim")
    return text


def _alarms(alarms: list[AlarmLine]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("alarm", no_wrap=True)
    # The sentence says which model, and since when.
    table.add_column("what", overflow="fold")
    for alarm in alarms:
        table.add_row(
            Text(alarm.severity, _SEVERITIES[alarm.severity]),
            Text(printable(alarm.sentence)),
        )
    return table


def _quality(line: ModelLine) -> list[str]:
    """Return the figure now, and what it is held against."""
    quality = line.quality
    if quality.metric is None:
        return ["quality unknown"]
    now, asof = _now(line)
    estimated = None if quality.estimated is None else f"{quality.estimated['value']:.4g}"
    if now is None and estimated is not None:
        found, estimated = [f"{quality.metric} {estimated} (estimated)"], None
    else:
        found = [f"{quality.metric} {'unknown' if now is None else f'{now:.4g}'}{asof}"]
    if quality.baseline is not None:
        found.append(f"reference {quality.baseline:.4g}")
    if quality.tolerated is not None:
        found.append(f"tolerated {quality.tolerated:.4g}")
    if estimated is not None:
        found.append(f"estimated {estimated}")
    return found


def _now(line: ModelLine) -> tuple[float | None, str]:
    """Return the figure that the page's card shows, and of which day if it is an old one."""
    quality, trend = line.quality, line.trend
    if quality.early and quality.latest is not None:
        return quality.latest["value"], ""
    known = [row for row, value in enumerate(trend.quality) if value is not None]
    if not known:
        return None, ""
    last = known[-1]
    if last == len(trend.quality) - 1:
        return trend.quality[last], ""
    if quality.estimated is not None and not quality.early:
        return None, ""
    day = datetime.fromtimestamp(trend.time[last] / 1e3, UTC) if trend.time else None
    return trend.quality[last], "" if day is None else f" on {day:%Y-%m-%d}"


def _latency(line: ModelLine) -> list[str]:
    now, usual = _last(line.trend.latency_p95_s), line.reference.latency_p95_s
    found = ["unknown" if now is None else _duration(now)]
    return [*found, f"usual {_duration(usual)}"] if usual is not None else found


def _errors(line: ModelLine) -> str:
    rate = _last(line.trend.error_rate)
    return "unknown" if rate is None else f"{rate:.1%}"


def _last(values: list[float | None]) -> float | None:
    return values[-1] if values else None


def _duration(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _moment(time: str | None) -> str:
    """Shorten ``2026-01-02T03:04:05.678Z`` to the minute."""
    return "the start" if time is None else printable(time[:16].replace("T", " "))


def _who(name: str, version: str) -> str:
    return f"{name} {version}".strip()


def _more(count: int) -> str:
    return f"and {count} more open alarms, see /api/alarms"
