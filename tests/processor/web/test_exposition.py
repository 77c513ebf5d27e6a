"""Both text formats, under the names that the Collector's prometheus exporter would give."""

import pytest

from barograph_processor.catalog import METRICS, Metric
from barograph_processor.signal import Exemplar, HistogramValue, Signal
from barograph_processor.web.exposition import (
    accepts_openmetrics,
    label_name,
    prometheus_name,
    render,
)

_EXEMPLAR = Exemplar(0.3, 1_700_000_000_123_000_000, "ab" * 16, "cd" * 8)
_SIGNALS = [
    Signal("barograph.predictions", 7, {"barograph.model.name": "m"}, 1, (_EXEMPLAR,)),
    Signal("barograph.latency", HistogramValue((0.25, 1.0), (1, 2, 1), 3.5), {}, 1, (_EXEMPLAR,)),
    Signal("barograph.late", float("nan"), {}),
]


# Computed by github.com/prometheus/otlptranslator v1.0.0, MetricNamer{WithMetricSuffixes: true},
# which is what prometheusexporter v0.155.0 of the Collector builds its names with.
@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("barograph.predictions", "{prediction}", "counter", "barograph_predictions_total"),
        ("barograph.model.state", "1", "gauge", "barograph_model_state_ratio"),
        ("barograph.latency", "s", "histogram", "barograph_latency_seconds"),
        ("barograph.confidence", "1", "histogram", "barograph_confidence"),
        ("barograph.traffic", "{prediction}/s", "gauge", "barograph_traffic_per_second"),
        ("barograph.monitor.queue.bytes", "By", "gauge", "barograph_monitor_queue_bytes"),
        ("a.total.b", "1", "counter", "a_b_total"),
        ("a.ratio.b", "1", "gauge", "a_b_ratio"),
        ("a.seconds", "s", "counter", "a_seconds_total"),
        ("io", "By/s", "gauge", "io_bytes_per_second"),
        ("io", "By/{op}", "gauge", "io_bytes"),
        ("9.lives", "1", "counter", "_9_lives_total"),
        ("a..b--c", "%", "gauge", "a_b_c_percent"),
        ("a", "foo", "gauge", "a_foo"),
    ],
)
def test_names(name: str, unit: str, kind: str, expected: str) -> None:
    assert prometheus_name(Metric(name, kind, unit, "")) == expected  # type: ignore[arg-type] # parametrized


def test_names_are_distinct() -> None:
    names = [prometheus_name(entry) for entry in METRICS]
    assert len(set(names)) == len(names)


def test_prometheus_text() -> None:
    assert render(_SIGNALS, openmetrics=False).decode().splitlines() == [
        "# HELP barograph_predictions_total Predictions accepted, each once, late ones included.",
        "# TYPE barograph_predictions_total counter",
        'barograph_predictions_total{barograph_model_name="m"} 7.0',
        "# HELP barograph_latency_seconds Duration of the model's calls.",
        "# TYPE barograph_latency_seconds histogram",
        'barograph_latency_seconds_bucket{le="0.25"} 1',
        'barograph_latency_seconds_bucket{le="1"} 3',
        'barograph_latency_seconds_bucket{le="+Inf"} 4',
        "barograph_latency_seconds_sum 3.5",
        "barograph_latency_seconds_count 4",
        "# HELP barograph_late_total Predictions that came too late for any window.",
        "# TYPE barograph_late_total counter",
        "barograph_late_total NaN",
    ]


def test_openmetrics_carries_exemplars_and_ends() -> None:
    lines = render(_SIGNALS, openmetrics=True).decode().splitlines()
    ids = f'trace_id="{"ab" * 16}",span_id="{"cd" * 8}"'
    exemplar = f" # {{{ids}}} 0.3 1700000000.123"
    assert "# TYPE barograph_predictions counter" in lines
    assert f'barograph_predictions_total{{barograph_model_name="m"}} 7.0{exemplar}' in lines
    assert 'barograph_latency_seconds_bucket{le="0.25"} 1' in lines
    assert f'barograph_latency_seconds_bucket{{le="1.0"}} 3{exemplar}' in lines
    assert lines[-1] == "# EOF"


@pytest.mark.parametrize("openmetrics", [False, True])
def test_names_from_spans_cannot_break_out_of_a_label(openmetrics: bool) -> None:
    evil = 'a"} 1\nfake_total{b="\\'
    signal = Signal("barograph.predictions", 1, {"barograph.model.name": evil})
    text = render([signal], openmetrics=openmetrics).decode()
    assert r'barograph_model_name="a\"} 1\nfake_total{b=\"\\"} 1.0' in text
    assert not any(line.startswith("fake") for line in text.splitlines())


def test_half_a_surrogate_pair_does_not_stop_the_page() -> None:
    assert b"?" in render([Signal("barograph.late", 1, {"a": "\ud800"})], openmetrics=True)


def test_points_of_one_metric_come_together() -> None:
    signals = [
        Signal("barograph.late", 1, {"a": "1"}),
        Signal("barograph.windows", 1),
        Signal("barograph.late", 2, {"a": "2"}),
    ]
    lines = render(signals, openmetrics=False).decode().splitlines()
    assert lines[2:4] == ['barograph_late_total{a="1"} 1.0', 'barograph_late_total{a="2"} 2.0']


def test_labels_and_negotiation() -> None:
    assert label_name("barograph.model.name") == "barograph_model_name"
    assert accepts_openmetrics("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert not accepts_openmetrics("text/html")
