"""Parts of the sentences that alarms say."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from barograph_processor.observation import ModelKey
from barograph_processor.semconv import UNVERSIONED
from barograph_processor.state.row_time import SECOND_NS, row_at
from barograph_processor.stats.written import written

__all__ = [
    "abnormal",
    "alarms_title",
    "clean",
    "lasting",
    "model_title",
    "moment",
    "opened",
    "operational_clause",
    "over",
    "percent",
    "plain",
    "quoted",
    "slice_title",
]

_MINUTE = 60


def moment(time_ns: int) -> str:
    """Write a time to the minute, for people; or the row, in a history without times.

    >>> from barograph_processor.state.row_time import rows_begin_ns
    >>> moment(1_357_034_460_000_000_000), moment(rows_begin_ns() + 11_999 * SECOND_NS)
    ('2013-01-01 10:01 UTC', 'row 12,000')
    """
    row = row_at(time_ns)
    if row is not None:
        return f"row {row:,}"
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")


def lasting(length_ns: int, since_ns: int) -> str:
    """Write a length of time to the hour, for people; or in rows, in a history without times.

    >>> from barograph_processor.state.row_time import rows_begin_ns
    >>> [lasting(hours * 3_600_000_000_000, 0) for hours in (25, 2)]
    ['1 day and 1 hour', '2 hours']
    >>> lasting(600_000_000_000, 0), lasting(7_200_000_000_000, rows_begin_ns())
    ('10 minutes', '7,200 rows')
    """
    if row_at(since_ns) is not None:
        return f"{length_ns // SECOND_NS:,} rows"
    length = timedelta(microseconds=length_ns // 1000)
    hours, rest = divmod(length.seconds, 3600)
    parts = [(length.days, "day"), (hours, "hour")]
    if not (length.days or hours):
        parts = [(rest // 60, "minute")] if rest >= _MINUTE else [(rest, "second")]
    said = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
    return " and ".join(said) or "a moment"


def opened(times: int, since_ns: int) -> str:
    """Say how often an alarm came back.

    >>> opened(3, 1_357_034_460_000_000_000)
    'Opened 3 times since 2013-01-01 10:01 UTC.'
    """
    return f"Opened {times} times since {moment(since_ns)}."


def alarms_title(alarms: int, told: Mapping[str, int]) -> str:
    """Say how many alarms there were, and of how many people would have been told.

    Args:
        alarms: That were opened.
        told: Their incidents by severity.

    >>> alarms_title(7, {"page": 2, "ticket": 1, "note": 0})
    '7 alarms, told as 2 pages and 1 ticket'
    >>> alarms_title(0, {"page": 0})
    'no alarms'
    """
    parts = [f"{n:,} {severity}{'' if n == 1 else 's'}" for severity, n in told.items() if n]
    title = f"{alarms or 'no'} alarm{'' if alarms == 1 else 's'}"
    if not parts:
        return title
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{title}, told as {listed}"


def over(sentence: str, time_ns: int, now: str = "") -> str:
    """Say that it is over, and what is so now; what was wrong stands as it was told last.

    >>> over("Too many are wrong.", 1_357_034_460_000_000_000)
    'Over by 2013-01-01 10:01 UTC. It was told last: Too many are wrong.'
    >>> over("Too many are wrong.", 1_357_034_460_000_000_000, "2 are wrong")
    'Over by 2013-01-01 10:01 UTC: 2 are wrong. It was told last: Too many are wrong.'
    """
    return f"Over by {moment(time_ns)}{now and f': {now}'}. It was told last: {sentence}"


def abnormal(operations: Mapping[str, str]) -> list[str]:
    """Say what of operations is out of its bounds.

    >>> abnormal({"latency": "normal", "errors": "high", "traffic": "low"})
    ['errors are high', 'traffic is low']
    """
    return [
        f"{name} {'are' if name == 'errors' else 'is'} {verdict}"
        for name, verdict in operations.items()
        if verdict in ("high", "low")
    ]


def operational_clause(operations: Mapping[str, str]) -> str:
    """Say whether the usual dashboards would have shown it.

    >>> operational_clause({"latency": "normal", "errors": "normal", "traffic": "high"})
    'Latency and errors are normal; traffic is high.'
    """
    normal = [name for name, verdict in operations.items() if verdict == "normal"]
    parts = []
    if normal:
        listed = normal[0] if len(normal) == 1 else f"{', '.join(normal[:-1])} and {normal[-1]}"
        parts.append(f"{listed} {'is' if normal in (['latency'], ['traffic']) else 'are'} normal")
    parts += abnormal(operations)
    text = "; ".join(parts) or "latency, errors and traffic are unknown"
    return text[0].upper() + text[1:] + "."


def model_title(key: ModelKey) -> str:
    """Return a model's name, and its version if it has one, as a sentence begins with them.

    >>> model_title(ModelKey("loans", "7")), model_title(ModelKey("loans", UNVERSIONED))
    ('loans 7', 'loans')
    """
    name = clean(key.name)
    return name if key.version == UNVERSIONED else f"{name} {clean(key.version)}"


def slice_title(key: Iterable[tuple[str, str]]) -> str:
    """Return the levels of a slice as a sentence names them.

    >>> slice_title((("region", "north"), ("device", "phone")))
    'region=north, device=phone'
    """
    return ", ".join(f"{clean(name)}={clean(level)}" for name, level in key)


def percent(estimate: tuple[float, float, float]) -> str:
    """Write a share and its interval.

    >>> percent((0.123, 0.1, 0.15))
    '12.3% (10.0% to 15.0%)'
    """
    return f"{estimate[0]:.1%} ({estimate[1]:.1%} to {estimate[2]:.1%})"


def plain(figure: float) -> str:
    """Say a figure that is no share, such as a score."""
    return written(figure, 3)


def quoted(name: str | None) -> str:
    """Return a name in quotation marks."""
    return f"“{clean(name or '')}”"


def clean(name: str) -> str:
    """Make a name from a span harmless in a sentence: one line, printable, not endless."""
    text = "".join(c if c.isprintable() else " " for c in name)
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004 - a line's worth
