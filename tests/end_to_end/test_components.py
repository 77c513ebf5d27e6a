"""What ``otel-config.yaml`` promises, with the real programs."""

import socket
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.sdk.trace.export import SpanExportResult

from components import Collector, ComponentError, Jaeger, Prometheus, free_addresses, wait_until
from components.collector import validate
from components.prometheus import ExemplarSeries, Sample
from tests.end_to_end.otlp_sink import OtlpSink
from tests.end_to_end.traffic import (
    LOGS,
    METRICS,
    TRACES,
    call,
    exporting,
    ids,
    make_spans,
    own_counter,
    send,
    trace_ids,
    wait_for,
)

pytestmark = pytest.mark.components


def test_the_configuration_is_valid_with_its_defaults(collector_binary: Path) -> None:
    validate(binary=collector_binary)


def test_validation_finds_what_is_wrong(collector_binary: Path, tmp_path: Path) -> None:
    config = tmp_path / "wrong.yaml"
    config.write_text("receivers: {otlp: {protocolls: {}}}\n")
    with pytest.raises(ComponentError, match="protocolls"):
        validate(config, binary=collector_binary)


@pytest.mark.parametrize("over", ["grpc", "http"])
def test_a_trace_reaches_the_backend_and_the_processor(
    over: str, collector_binary: Path, jaeger: Jaeger, sink: OtlpSink, tmp_path: Path
) -> None:
    spans = make_spans(3)
    with Collector(
        tmp_path / "collector",
        processor=sink.address,
        traces_backend=jaeger.otlp_grpc,
        binary=collector_binary,
    ) as collector:
        send(collector, spans, over=over)
        wait_for(sink, ids(spans))
        for trace_id in trace_ids(spans):
            trace = wait_until(partial(jaeger.trace, trace_id), what=f"trace {trace_id}")
            assert [found["operationName"] for found in trace["spans"]] == ["predict credit-risk"]
    assert jaeger.services() == ["shop"]
    assert jaeger.trace("f" * 32) is None
    assert not jaeger.has("f" * 32)


def test_log_records_reach_the_processor(collector: Collector, sink: OtlpSink) -> None:
    """Labels, reactions and evaluations are log records."""
    request = logs_service_pb2.ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.event_name = "barograph.label"
    call(collector.otlp_grpc, LOGS, request)
    wait_until(lambda: bool(sink.logs), what="the log record")
    assert [kept.event_name for kept in sink.logs] == ["barograph.label"]


@pytest.mark.usefixtures("prometheus_binary")
def test_span_metrics_reach_prometheus_with_exemplars(
    collector_binary: Path, sink: OtlpSink, tmp_path: Path
) -> None:
    """Traffic and latency per model, with the way to a trace; ``service.name`` is a label."""
    sent = make_spans(0)
    with ExitStack() as stack:
        collector = stack.enter_context(
            Collector(
                tmp_path / "collector",
                processor=sink.address,
                span_metrics_flush="5s",  # exemplars are shown for as long
                binary=collector_binary,
            )
        )
        prometheus = stack.enter_context(
            Prometheus(tmp_path / "prometheus", {"collector": collector.prometheus})
        )

        def exemplars_after_traffic() -> list[ExemplarSeries]:
            spans = make_spans(1)
            send(collector, spans)
            sent.extend(spans)
            return prometheus.query_exemplars("traces_span_metrics_duration_milliseconds_bucket")

        def all_calls() -> list[Sample]:
            calls = prometheus.query("traces_span_metrics_calls_total")
            return [sample for sample in calls if sample["value"] == len(sent)]

        buckets = wait_until(exemplars_after_traffic, what="exemplars")
        calls = wait_until(all_calls, what=f"{len(sent)} calls")
    assert len(calls) == 1
    labels = calls[0]["metric"]
    assert {
        "job": "shop",
        "service_name": "shop",
        "span_name": "predict credit-risk",
        "barograph_model_name": "credit-risk",
        "barograph_model_version": "7",
        "gen_ai_request_model": "risk-large",
    }.items() <= labels.items()
    assert "collector_instance_id" not in labels
    exemplars = [one for series in buckets for one in series["exemplars"]]
    assert {one["labels"]["trace_id"] for one in exemplars} <= trace_ids(sent)


def test_derived_metrics_are_exposed_with_their_exemplars(collector: Collector) -> None:
    """What the processor sends to ``otlp/derived`` can be scraped."""
    request = metrics_service_pb2.ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.append(
        KeyValue(key="service.name", value=AnyValue(string_value="barograph"))
    )
    metric = resource.scope_metrics.add().metrics.add(name="barograph.predictions")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
    point = metric.sum.data_points.add(
        as_int=42, start_time_unix_nano=1, time_unix_nano=1_700_000_000_000_000_000
    )
    point.attributes.append(
        KeyValue(key="barograph.model.name", value=AnyValue(string_value="credit-risk"))
    )
    point.exemplars.add(
        as_int=1, trace_id=bytes(range(16)), span_id=bytes(range(8)), time_unix_nano=1
    )
    call(collector.derived, METRICS, request)
    wait_until(lambda: "barograph_predictions_total" in collector.exposition(), what="the metric")
    line = next(
        line
        for line in collector.exposition().splitlines()
        if line.startswith("barograph_predictions_total{")
    )
    assert 'barograph_model_name="credit-risk"' in line
    assert 'job="barograph"' in line
    assert "} 42.0 # {" in line
    assert f'trace_id="{bytes(range(16)).hex()}"' in line


def test_nothing_derived_comes_back_to_the_processor(collector: Collector, sink: OtlpSink) -> None:
    """No loops: the derived receiver takes no spans, and its logs go to the log alone."""
    alarm = logs_service_pb2.ExportLogsServiceRequest()
    record = alarm.resource_logs.add().scope_logs.add().log_records.add()
    record.event_name = "barograph.alarm"
    record.body.string_value = "risk of credit-risk rose"
    with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
        call(collector.derived, TRACES, trace_service_pb2.ExportTraceServiceRequest())
    call(collector.derived, LOGS, alarm)
    wait_until(
        lambda: "risk of credit-risk rose" in collector.log.read_text(), what="the alarm's line"
    )
    spans = make_spans(1)
    send(collector, spans)
    wait_for(sink, ids(spans))
    assert sink.logs == []


def test_what_is_owed_to_an_absent_processor_is_delivered_later(
    collector: Collector, sink: OtlpSink
) -> None:
    before, during, after = make_spans(20), make_spans(200), make_spans(20)
    send(collector, before)
    wait_for(sink, ids(before))
    sink.stop()
    for start in range(0, len(during), 20):
        send(collector, during[start : start + 20])
    assert not ids(during) & sink.span_ids().keys()
    sink.start()
    send(collector, after)
    wait_for(sink, ids([*before, *during, *after]))


def test_what_was_owed_comes_in_order(collector: Collector, sink: OtlpSink) -> None:
    """Requests that overtake each other would come too late for the processor's windows."""
    sink.stop()
    sent = []
    for _ in range(50):  # requests of 3 MiB, ten of them
        spans = make_spans(10, padding=60_000)
        send(collector, spans)
        sent += [span.context.span_id for span in spans]
    sink.start()
    wait_until(lambda: len(sink.spans) >= len(sent), what="all spans")
    assert [int.from_bytes(span.span_id) for span in sink.spans] == sent


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_is_owed_survives_the_end_of_the_collector(
    end: str, collector: Collector, sink: OtlpSink
) -> None:
    """Acknowledged is on disk: neither an orderly end nor a SIGKILL loses a span."""
    sink.stop()
    spans = make_spans(200)
    for start in range(0, len(spans), 20):
        send(collector, spans[start : start + 20])
    getattr(collector, end)()
    sink.start()
    collector.start()
    wait_for(sink, ids(spans))


def test_an_absent_backend_hurts_nobody(collector: Collector, sink: OtlpSink) -> None:
    """A user without a traces backend needs to change nothing."""
    spans = make_spans(500)
    for start in range(0, len(spans), 50):
        send(collector, spans[start : start + 50])
    wait_for(sink, ids(spans))
    assert own_counter(collector, "otelcol_exporter_send_failed_spans", "otlp_grpc/barograph") == 0


def test_a_full_queue_of_the_backend_pushes_nobody_back(
    collector_binary: Path, sink: OtlpSink, tmp_path: Path
) -> None:
    """A backend that accepts connections and never answers fills its queue, not ours."""
    failed = "otelcol_exporter_enqueue_failed_spans"
    with ExitStack() as stack:
        hanging = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        collector = stack.enter_context(
            Collector(
                tmp_path / "collector",
                processor=sink.address,
                traces_backend=f"127.0.0.1:{hanging.getsockname()[1]}",
                env={"BAROGRAPH_COLLECTOR_MEMORY_MIB": "4096"},
                binary=collector_binary,
            )
        )
        sent: set[str] = set()
        exporter = stack.enter_context(exporting(collector))
        for _ in range(100):  # 5 MB each, where 64 MiB fit
            spans = make_spans(5, padding=1_000_000)
            assert exporter.export(spans) is SpanExportResult.SUCCESS
            sent |= ids(spans)
            if own_counter(collector, failed, "otlp_grpc/backend"):
                break
        else:
            pytest.fail("the backend's queue never filled")
        wait_for(sink, sent)
        assert own_counter(collector, failed, "otlp_grpc/barograph") == 0


def test_a_full_queue_of_the_processor_refuses_and_loses_nothing(
    collector_binary: Path, tmp_path: Path
) -> None:
    """When the disk queue is full the sender hears it; what was acknowledged still arrives."""
    sink = OtlpSink(free_addresses(1)[0])
    acknowledged: set[str] = set()
    with Collector(
        tmp_path / "collector",
        processor=sink.address,
        env={"BAROGRAPH_COLLECTOR_QUEUE_BYTES": "400000"},
        binary=collector_binary,
    ) as collector:
        with exporting(collector, timeout=1) as exporter:
            for _ in range(100):
                spans = make_spans(2, padding=20_000)
                if exporter.export(spans) is not SpanExportResult.SUCCESS:
                    break
                acknowledged |= ids(spans)
            else:
                pytest.fail("the processor's queue never filled")
        assert acknowledged
        with sink:
            wait_for(sink, acknowledged)
