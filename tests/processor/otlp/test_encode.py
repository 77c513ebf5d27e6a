"""What goes out is what OTLP wants: cumulative points with start times, alarms as events."""

import dataclasses

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    Metric,
)

from barograph_processor.otlp import encode_alarms, encode_metrics
from barograph_processor.otlp.values import attributes_of
from barograph_processor.semconv import SCHEMA_URL
from barograph_processor.signal import Alarm, Exemplar, HistogramValue, Signal

_NOW = 1_700_000_000_000_000_000
_MODEL = {"barograph.model.name": "m", "barograph.model.version": "1"}
_EXEMPLAR = Exemplar(0.3, _NOW - 5, "ab" * 16, "cd" * 8)
_RESOURCE = {"service.name": "barograph", "service.instance.id": "i"}

ALARM = Alarm(
    id="a1",
    model="m",
    version="1",
    signal="slice",
    feature=None,
    slice={"region": "eu", "tier": "gold"},
    severity="page",
    state="open",
    since_ns=_NOW - 10**9,
    raised_ns=_NOW,
    resolved_ns=None,
    since_window=3,
    raised_window=7,
    sentence="m 1 fails in eu.",
    before=0.1,
    now=0.3,
    interval=(0.2, 0.4),
    evidence=5.5,
    threshold=5.0,
    trace_ids=("ab" * 16, "ef" * 16),
    operational={"latency": "normal"},
    advice="Look at eu.",
)


def encoded(*signals: Signal) -> list[Metric]:
    payload = encode_metrics(signals, now_ns=_NOW, resource=_RESOURCE)
    (resource,) = ExportMetricsServiceRequest.FromString(payload).resource_metrics
    assert attributes_of(resource.resource.attributes) == _RESOURCE
    (scope,) = resource.scope_metrics
    assert (scope.scope.name, scope.schema_url) == ("barograph", SCHEMA_URL)
    return list(scope.metrics)


def test_counter() -> None:
    signal = Signal("barograph.predictions", 7.0, _MODEL, _NOW - 9, (_EXEMPLAR,))
    (metric,) = encoded(signal)
    assert (metric.name, metric.unit) == ("barograph.predictions", "{prediction}")
    assert metric.description
    assert metric.sum.is_monotonic
    assert metric.sum.aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE
    (point,) = metric.sum.data_points
    assert attributes_of(point.attributes) == _MODEL
    assert (point.as_double, point.start_time_unix_nano, point.time_unix_nano) == (
        7.0,
        _NOW - 9,
        _NOW,
    )
    (exemplar,) = point.exemplars
    assert (exemplar.trace_id.hex(), exemplar.span_id.hex(), exemplar.as_double) == (
        "ab" * 16,
        "cd" * 8,
        0.3,
    )


def test_histogram() -> None:
    value = HistogramValue((0.5, 1.0), (1, 2, 3), 4.5)
    (metric,) = encoded(Signal("barograph.confidence", value, _MODEL, _NOW - 9, (_EXEMPLAR,)))
    assert metric.histogram.aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE
    (point,) = metric.histogram.data_points
    assert list(point.bucket_counts) == [1, 2, 3]
    assert list(point.explicit_bounds) == [0.5, 1.0]
    assert (point.count, point.sum, len(point.exemplars)) == (6, 4.5, 1)


def test_points_of_one_metric_come_together() -> None:
    metrics = encoded(
        Signal("barograph.model.state", 1.0, {**_MODEL, "state": "healthy"}),
        Signal("barograph.predictions", 1.0, _MODEL),
        Signal("barograph.model.state", 0.0, {**_MODEL, "state": "blind"}),
    )
    assert [(m.name, len(m.gauge.data_points)) for m in metrics] == [
        ("barograph.model.state", 2),
        ("barograph.predictions", 0),
    ]


def test_what_the_catalog_does_not_know_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        encoded(Signal("barograph.divination", 1.0))
    with pytest.raises(TypeError, match="is a histogram"):
        encoded(Signal("barograph.confidence", 1.0))
    with pytest.raises(TypeError, match="is no histogram"):
        encoded(Signal("barograph.predictions", HistogramValue((), (0,), 0.0)))


def test_alarm() -> None:
    payload = encode_alarms([ALARM], now_ns=_NOW, resource=_RESOURCE)
    ((scope,),) = (r.scope_logs for r in ExportLogsServiceRequest.FromString(payload).resource_logs)
    (record,) = scope.log_records
    assert record.event_name == "barograph.alarm"
    assert record.body.string_value == ALARM.sentence
    assert record.time_unix_nano == _NOW
    assert record.trace_id.hex() == "ab" * 16
    assert (record.severity_number, record.severity_text) == (17, "page")
    attributes = attributes_of(record.attributes)
    assert attributes["barograph.model.name"] == "m"
    assert attributes["barograph.alarm.slice"] == "region=eu,tier=gold"
    assert attributes["barograph.alarm.trace_ids"] == ["ab" * 16, "ef" * 16]
    assert attributes["barograph.alarm.since"] == "2023-11-14T22:13:19+00:00"
    assert attributes["barograph.alarm.operational.latency"] == "normal"
    assert attributes["barograph.alarm.raised_window"] == 7
    assert "barograph.alarm.feature" not in attributes
    assert "barograph.alarm.resolved" not in attributes


def test_alarm_without_examples_and_with_a_resolution() -> None:
    alarm = dataclasses.replace(
        ALARM, trace_ids=(), interval=None, state="resolved", resolved_ns=_NOW, severity="note"
    )
    payload = encode_alarms([alarm], now_ns=_NOW, resource={})
    (resource,) = ExportLogsServiceRequest.FromString(payload).resource_logs
    record = resource.scope_logs[0].log_records[0]
    assert (record.trace_id, record.severity_number) == (b"", 9)
    assert attributes_of(record.attributes)["barograph.alarm.state"] == "resolved"


def test_bytes_are_those_that_protobuf_writes() -> None:
    """However large a metric is, whose length takes one byte or several."""
    for count in (0, 1, 2, 200, 2000):
        signals = [
            Signal("barograph.predictions", 1.0, {**_MODEL, "number": str(number)})
            for number in range(count)
        ]
        histogram = HistogramValue((1.0, 2.0), (1, 0, 1), 3.0)
        signals.append(Signal("barograph.latency", histogram, _MODEL, _NOW, (_EXEMPLAR,)))
        payload = encode_metrics(signals, now_ns=_NOW, resource=_RESOURCE)
        request = ExportMetricsServiceRequest.FromString(payload)
        assert request.SerializeToString() == payload
        found = [m for r in request.resource_metrics for m in r.scope_metrics[0].metrics]
        assert sum(len(metric.sum.data_points) for metric in found) == count
