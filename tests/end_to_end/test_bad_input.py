"""Bad input on the whole way: an error that says so, or a counter; nothing good is lost."""

import math
from collections.abc import Sequence
from http.client import HTTPConnection

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import barograph
from components import wait_until
from tests.end_to_end.application import Application, sending
from tests.end_to_end.chain import Chain, wait_for_answer, wait_for_counts
from tests.end_to_end.traffic import LOGS, TRACES, call

pytestmark = pytest.mark.components

NO_OTLP = b"\xff\xff\xff\xff no such thing"


def attributes(**values: str | float | Sequence[float]) -> list[KeyValue]:
    """Return OTLP attributes; ``__`` stands for a dot."""

    def encode(value: str | float | Sequence[float]) -> AnyValue:
        if isinstance(value, str):
            return AnyValue(string_value=value)
        if isinstance(value, float | int):
            return AnyValue(double_value=value)
        return AnyValue(array_value=ArrayValue(values=[AnyValue(double_value=v) for v in value]))

    return [KeyValue(key=key.replace("__", "."), value=encode(v)) for key, v in values.items()]


def span(number: int, model: str, **more: str | float | Sequence[float]) -> Span:
    """Return a span of a model; number 0 gives it no valid ids."""
    return Span(
        trace_id=number.to_bytes(16),
        span_id=number.to_bytes(8),
        name=f"predict {model}",
        start_time_unix_nano=1_700_000_000_000_000_000,
        end_time_unix_nano=1_700_000_000_001_000_000,
        attributes=attributes(barograph__model__name=model, **more),
    )


def label(**values: str | float | Sequence[float]) -> LogRecord:
    """Return a record of a label."""
    return LogRecord(event_name="barograph.label", attributes=attributes(**values))


def send_spans(chain: Chain, *spans: Span) -> None:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.extend(spans)
    call(chain.collector.otlp_grpc, TRACES, request)


def send_records(chain: Chain, *records: LogRecord) -> None:
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.extend(records)
    call(chain.collector.otlp_grpc, LOGS, request)


def post(address: str, path: str, body: bytes) -> int:
    """Send a body as OTLP over HTTP; return the status."""
    connection = HTTPConnection(address, timeout=10)
    try:
        connection.request("POST", path, body, {"content-type": "application/x-protobuf"})
        return connection.getresponse().status
    finally:
        connection.close()


def export_bytes(address: str, service: str, body: bytes) -> grpc.StatusCode:
    """Send bytes as OTLP over gRPC; return the code of the refusal."""
    with grpc.insecure_channel(address) as channel:
        export = channel.unary_unary(
            f"/opentelemetry.proto.collector.{service}/Export",
            request_serializer=None,
            response_deserializer=None,
        )
        with pytest.raises(grpc.RpcError) as refused:
            export(body, timeout=10)
    code: grpc.StatusCode = refused.value.code()
    return code


def test_what_is_no_otlp_is_refused_for_good(chain: Chain) -> None:
    """By the Collector as by the processor, and never so that a sender would try again."""
    refused = 'barograph_monitor_refused_total{reason="undecodable"}'
    for path in ("/v1/traces", "/v1/logs"):
        assert post(chain.collector.otlp_http, path, NO_OTLP) == 400
        assert post(chain.processor.otlp_http, path, NO_OTLP) == 400
    for service in (TRACES, LOGS):
        assert export_bytes(chain.collector.otlp_grpc, service, NO_OTLP) in {
            grpc.StatusCode.INTERNAL,
            grpc.StatusCode.INVALID_ARGUMENT,
        }
        code = export_bytes(chain.processor.otlp_grpc, service, NO_OTLP)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
    wait_for_answer(chain, refused, 4)


def test_bad_spans_are_counted_and_the_others_of_their_request_too(chain: Chain) -> None:
    """Wrong types, contradictions and missing ids beside good spans."""
    model = "strange-spans"
    send_spans(
        chain,
        span(1, model, barograph__input__amount=1.0),
        span(0, model, barograph__input__amount=2.0),
        span(3, model, barograph__batch__size="many"),
        span(4, model, barograph__prediction__confidence="high", barograph__input__amount=3.0),
        span(5, model, barograph__input__amount=[1.0, 2.0, 3.0]),
        span(6, model, barograph__input__amount=math.nan),
    )
    wait_until(lambda: chain.counted(model)[0] >= 4, what="the good spans")
    for reason in ("invalid_id", "invalid_batch_size"):
        wait_for_answer(chain, f'barograph_monitor_rejected_total{{reason="{reason}"}}', 1)
    for reason in ("unusable_value", "array_outside_batch"):
        wait_for_answer(chain, f'barograph_monitor_warnings_total{{reason="{reason}"}}', 1)
    assert chain.counted(model)[0] == 4


def test_labels_of_nothing_are_counted(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown predictions, no prediction, no value; labels that fit are joined beside them."""
    application = Application("strange-labels")
    model = f'barograph_model_name="{application.model}"'
    unknown = 'barograph_monitor_unjoined_total{kind="label",reason="unknown_prediction"}'
    rejected = 'barograph_monitor_rejected_total{signal="logs",reason="%s"}'
    with sending(chain.collector, monkeypatch):
        application.call(20)
        # A label that overtook its prediction was unknown for a moment.
        wait_for_answer(chain, f"barograph_labels_total{{{model}}}", 20)
        before = chain.asked(unknown)
        for number in range(7):
            barograph.label(f"nobody/{number}", value=True, model=application.model)
    send_records(
        chain,
        label(barograph__label__value="true"),
        label(barograph__prediction__id=f"{application.model}/0"),
        label(barograph__prediction__id=f"{application.model}/0", barograph__label__value=[1.0]),
    )
    wait_for_answer(chain, unknown, before + 7)
    wait_for_answer(chain, rejected % "no_prediction", 1)
    wait_for_answer(chain, rejected % "no_value", 2)
    wait_for_counts(chain, application)


def test_nan_and_infinity_are_features_like_others(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted and labelled; shown as missing and as out of range; no figure turns NaN."""
    application = Application("not-a-number")
    with sending(chain.collector, monkeypatch):
        application.call(1000)
        wait_for_counts(chain, application)
        application.call(50, amount=math.nan)
        application.call(50, amount=math.inf)
    wait_for_counts(chain, application)
    model = f'barograph_model_name="{application.model}"'
    shares = {"missing": 0.5, "out_of_range": 0.5}
    for name, share in shares.items():
        wait_for_answer(chain, f'barograph_input_{name}_ratio{{{model},feature="amount"}}', share)
    distance = chain.asked(f'barograph_input_drift_distance_ratio{{{model},feature="amount"}}')
    assert math.isfinite(distance)


def test_after_all_that_the_processor_is_the_one_that_was_started(chain: Chain) -> None:
    """No crash, and nothing was dropped by a mistake of the code."""
    assert chain.processor.running
    assert chain.asked("barograph_monitor_dropped_total") == 0
    assert "Traceback" not in chain.processor.log.read_text()
