"""Signals and alarms as OTLP: metric points and log records.

Built by hand: the metrics SDK of OpenTelemetry can choose neither exemplars nor
start times, and its state dies with the process.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    InstrumentationScope,
    KeyValue,
)
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from barograph_processor import catalog
from barograph_processor.otlp.key_values import Plain, key_values
from barograph_processor.otlp.message import length_delimited
from barograph_processor.semconv import MODEL_NAME, MODEL_VERSION, SCHEMA_URL
from barograph_processor.signal import Alarm, Exemplar, HistogramValue, Signal

__all__ = ["EVENT_ALARM", "encode_alarms", "encode_metrics"]

EVENT_ALARM: Final = "barograph.alarm"

_SCOPE: Final = InstrumentationScope(name="barograph")
# Numbers of fields in metrics_service.proto and metrics.proto.
_RESOURCE_METRICS: Final = 1
_SCOPE_METRICS: Final = 2
_METRICS: Final = 2
_CUMULATIVE: Final = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
_SEVERITIES: Final = {
    "page": logs_pb2.SEVERITY_NUMBER_ERROR,
    "ticket": logs_pb2.SEVERITY_NUMBER_WARN,
    "note": logs_pb2.SEVERITY_NUMBER_INFO,
}


def encode_metrics(signals: Sequence[Signal], *, now_ns: int, resource: Mapping[str, str]) -> bytes:
    """Return an ExportMetricsServiceRequest of cumulative metrics.

    Args:
        signals: Points; those of one metric need not stand together.
        now_ns: Time of every point, ns since the epoch.
        resource: Whose metrics these are, ``service.instance.id`` among them.

    Raises:
        KeyError: A signal's metric is not in the catalog.
    """
    by_metric: dict[str, list[Signal]] = {}
    for signal in signals:
        by_metric.setdefault(signal.metric, []).append(signal)
    # One metric after the other: the messages of all would take ten times their bytes.
    attributes = _Attributes()
    scope = [
        metrics_pb2.ScopeMetrics(scope=_SCOPE).SerializeToString(),
        *(
            length_delimited(_METRICS, _metric(catalog.metric(name), points, now_ns, attributes))
            for name, points in by_metric.items()
        ),
        metrics_pb2.ScopeMetrics(schema_url=SCHEMA_URL).SerializeToString(),
    ]
    own = metrics_pb2.ResourceMetrics(resource=_resource(resource)).SerializeToString()
    return length_delimited(
        _RESOURCE_METRICS, own + length_delimited(_SCOPE_METRICS, b"".join(scope))
    )


class _Attributes:
    """Attributes of points, most of which many points have: each is made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], KeyValue] = {}

    def of(self, signal: Signal) -> list[KeyValue]:
        return [self._made.get(pair) or self._make(pair) for pair in signal.attributes.items()]

    def _make(self, pair: tuple[str, str]) -> KeyValue:
        (self._made[pair],) = key_values(dict([pair]))
        return self._made[pair]


def _metric(
    entry: catalog.Metric, signals: Iterable[Signal], now_ns: int, attributes: _Attributes
) -> bytes:
    metric = metrics_pb2.Metric(name=entry.name, unit=entry.unit, description=entry.description)
    if entry.kind == "histogram":
        metric.histogram.aggregation_temporality = _CUMULATIVE
        metric.histogram.data_points.extend(
            _histogram_point(s, now_ns, attributes) for s in signals
        )
    elif entry.kind == "counter":
        metric.sum.aggregation_temporality = _CUMULATIVE
        metric.sum.is_monotonic = True
        metric.sum.data_points.extend(_number_point(s, now_ns, attributes) for s in signals)
    else:
        metric.gauge.data_points.extend(_number_point(s, now_ns, attributes) for s in signals)
    return metric.SerializeToString()


def _number_point(
    signal: Signal, now_ns: int, attributes: _Attributes
) -> metrics_pb2.NumberDataPoint:
    if isinstance(signal.value, HistogramValue):
        raise TypeError(f"{signal.metric} is no histogram in the catalog")
    return metrics_pb2.NumberDataPoint(
        attributes=attributes.of(signal),
        start_time_unix_nano=signal.start_ns,
        time_unix_nano=now_ns,
        as_double=signal.value,
        exemplars=map(_exemplar, signal.exemplars),
    )


def _histogram_point(
    signal: Signal, now_ns: int, attributes: _Attributes
) -> metrics_pb2.HistogramDataPoint:
    value = signal.value
    if not isinstance(value, HistogramValue):
        raise TypeError(f"{signal.metric} is a histogram in the catalog, got {value!r}")
    return metrics_pb2.HistogramDataPoint(
        attributes=attributes.of(signal),
        start_time_unix_nano=signal.start_ns,
        time_unix_nano=now_ns,
        count=value.count,
        sum=value.total,
        bucket_counts=value.counts,
        explicit_bounds=value.bounds,
        exemplars=map(_exemplar, signal.exemplars),
    )


def _exemplar(exemplar: Exemplar) -> metrics_pb2.Exemplar:
    return metrics_pb2.Exemplar(
        time_unix_nano=exemplar.time_ns,
        as_double=exemplar.value,
        trace_id=bytes.fromhex(exemplar.trace_id),
        span_id=bytes.fromhex(exemplar.span_id),
    )


def encode_alarms(alarms: Sequence[Alarm], *, now_ns: int, resource: Mapping[str, str]) -> bytes:
    """Return an ExportLogsServiceRequest with one record for each alarm's change.

    Args:
        alarms: Raised, updated or resolved.
        now_ns: Time of every record, ns since the epoch; when the change behind
            an alarm began is one of its attributes.
        resource: Whose alarms these are.
    """
    request = ExportLogsServiceRequest(
        resource_logs=[
            logs_pb2.ResourceLogs(
                resource=_resource(resource),
                scope_logs=[
                    logs_pb2.ScopeLogs(
                        scope=_SCOPE,
                        schema_url=SCHEMA_URL,
                        log_records=[_record(alarm, now_ns) for alarm in alarms],
                    )
                ],
            )
        ]
    )
    return request.SerializeToString()


def _record(alarm: Alarm, now_ns: int) -> logs_pb2.LogRecord:
    return logs_pb2.LogRecord(
        time_unix_nano=now_ns,
        observed_time_unix_nano=now_ns,
        severity_number=_SEVERITIES[alarm.severity],
        severity_text=alarm.severity,
        event_name=EVENT_ALARM,
        body=AnyValue(string_value=alarm.sentence),
        attributes=key_values(_alarm_attributes(alarm)),
        # The first example, so that a logs backend links to its trace.
        trace_id=bytes.fromhex(alarm.trace_ids[0]) if alarm.trace_ids else b"",
    )


def _alarm_attributes(alarm: Alarm) -> dict[str, Plain]:
    lower, upper = alarm.interval or (None, None)
    fields: dict[str, Plain | None] = {
        "id": alarm.id,
        "signal": alarm.signal,
        "feature": alarm.feature,
        "slice": _slice_name(alarm.slice) if alarm.slice else None,
        "severity": alarm.severity,
        "state": alarm.state,
        "since": _iso(alarm.since_ns),
        "raised": _iso(alarm.raised_ns),
        "resolved": None if alarm.resolved_ns is None else _iso(alarm.resolved_ns),
        "since_window": alarm.since_window,
        "raised_window": alarm.raised_window,
        "before": alarm.before,
        "now": alarm.now,
        "lower": lower,
        "upper": upper,
        "evidence": alarm.evidence,
        "threshold": alarm.threshold,
        "trace_ids": alarm.trace_ids,
        "advice": alarm.advice,
        "apart": tuple(_slice_name(apart.slice) for apart in alarm.apart) or None,
        **{f"operational.{name}": value for name, value in alarm.operational.items()},
    }
    return {
        MODEL_NAME: alarm.model,
        MODEL_VERSION: alarm.version,
        **{f"{EVENT_ALARM}.{key}": value for key, value in fields.items() if value is not None},
    }


def _slice_name(levels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={level}" for name, level in levels.items())


def _iso(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, UTC).isoformat()


def _resource(attributes: Mapping[str, str]) -> Resource:
    return Resource(attributes=key_values(attributes))
