"""Signals as Prometheus and OpenMetrics text, under the names that the Collector gives them."""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from barograph_processor import catalog
from barograph_processor.signal import Exemplar, HistogramValue, Signal

__all__ = [
    "OPENMETRICS_TYPE",
    "PROMETHEUS_TYPE",
    "accepts_openmetrics",
    "label_name",
    "prometheus_name",
    "render",
]

PROMETHEUS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_UNITS: Final = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "1": "",
    "%": "percent",
    "Hz": "hertz",
}
_PER_UNITS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


def prometheus_name(entry: catalog.Metric) -> str:
    """Return the name that Prometheus sees.

    The Collector's prometheus exporter translates by the same rules, so that both
    ways give one series: github.com/prometheus/otlptranslator, ``MetricNamer`` with
    suffixes and without UTF-8. Of its table of units those are here that a model's
    signals can have.

    >>> prometheus_name(catalog.metric("barograph.predictions"))
    'barograph_predictions_total'
    >>> prometheus_name(catalog.metric("barograph.model.state"))
    'barograph_model_state_ratio'
    """
    tokens = re.findall("[a-zA-Z0-9:]+", entry.name)
    unit, _, per = entry.unit.partition("/")
    main = "" if _is_annotation(unit) else _token(_UNITS.get(unit.strip(), unit.strip()))
    if main and main not in tokens:
        tokens.append(main)
    if per.strip() and not _is_annotation(per):
        # The translator compares whole tokens, so "per_second" is always new.
        tokens.append(_token(f"per_{_PER_UNITS.get(per.strip(), per.strip())}"))
    suffix = ""
    if entry.kind == "counter":
        suffix = "total"
    elif entry.kind == "gauge" and entry.unit == "1":
        suffix = "ratio"
    if suffix:
        tokens = [token for token in tokens if token != suffix] + [suffix]
    name = "_".join(tokens)
    return f"_{name}" if name[0].isdigit() else name


def _is_annotation(unit: str) -> bool:
    return "{" in unit or "}" in unit


def _token(text: str) -> str:
    return re.sub("[^a-zA-Z0-9:]+", "_", text).strip("_")


def label_name(key: str) -> str:
    """Return an attribute's name as a label.

    >>> label_name("barograph.model.name"), label_name("2nd")
    ('barograph_model_name', 'key_2nd')
    """
    name = re.sub("[^a-zA-Z0-9_]", "_", key)
    return f"key_{name}" if name[:1].isdigit() else name


def accepts_openmetrics(accept: str) -> bool:
    """Return whether an ``Accept`` header asks for OpenMetrics, as Prometheus' does."""
    return "application/openmetrics-text" in accept


def render(signals: Sequence[Signal], *, openmetrics: bool) -> bytes:
    """Return an exposition of all signals.

    Args:
        signals: Points; those of one metric need not stand together.
        openmetrics: OpenMetrics 1.0, which carries exemplars on counters and
            histogram buckets; else Prometheus' text format 0.0.4, which has none.

    Raises:
        KeyError: A signal's metric is not in the catalog.
    """
    by_metric: dict[str, list[Signal]] = {}
    for signal in signals:
        by_metric.setdefault(signal.metric, []).append(signal)
    lines: list[str] = []
    for name, points in by_metric.items():
        lines.extend(_family(catalog.metric(name), points, openmetrics))
    if openmetrics:
        lines.append("# EOF")
    # What came in a span may hold anything that a str can, half a surrogate pair too.
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _family(entry: catalog.Metric, signals: Sequence[Signal], openmetrics: bool) -> Iterator[str]:
    name = prometheus_name(entry)
    # OpenMetrics names a counter's family without the suffix of its samples.
    family = name.removesuffix("_total") if openmetrics else name
    yield f"# HELP {family} {_escape(entry.description, quotes=openmetrics)}"
    yield f"# TYPE {family} {entry.kind}"
    for signal in signals:
        if isinstance(signal.value, HistogramValue):
            yield from _histogram(name, signal.value, signal, openmetrics)
            continue
        exemplar = ""
        if openmetrics and entry.kind == "counter" and signal.exemplars:
            exemplar = _exemplar(max(signal.exemplars, key=lambda e: e.time_ns))
        yield f"{name}{_labels(signal.attributes)} {_number(signal.value)}{exemplar}"


def _histogram(
    name: str, value: HistogramValue, signal: Signal, openmetrics: bool
) -> Iterator[str]:
    exemplars: dict[int, Exemplar] = {}
    if openmetrics:
        for exemplar in sorted(signal.exemplars, key=lambda e: e.time_ns):
            exemplars[bisect_left(value.bounds, exemplar.value)] = exemplar
    below = 0
    for bucket, (bound, count) in enumerate(
        zip((*value.bounds, math.inf), value.counts, strict=True)
    ):
        below += count
        labels = _labels({**signal.attributes, "le": _bound(bound, openmetrics)})
        example = _exemplar(exemplars[bucket]) if bucket in exemplars else ""
        yield f"{name}_bucket{labels} {below}{example}"
    labels = _labels(signal.attributes)
    yield f"{name}_sum{labels} {_number(value.total)}"
    yield f"{name}_count{labels} {below}"


def _labels(attributes: Mapping[str, str]) -> str:
    pairs = [
        f'{label_name(key)}="{_escape(value, quotes=True)}"' for key, value in attributes.items()
    ]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _exemplar(exemplar: Exemplar) -> str:
    labels = f'{{trace_id="{exemplar.trace_id}",span_id="{exemplar.span_id}"}}'
    return f" # {labels} {_number(exemplar.value)} {exemplar.time_ns / 1e9:.3f}"


def _escape(text: str, *, quotes: bool) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(float(value))


def _bound(bound: float, openmetrics: bool) -> str:
    # As Go's client writes it in each format, for one series whoever is scraped.
    text = _number(bound)
    return text if openmetrics else text.removesuffix(".0")
