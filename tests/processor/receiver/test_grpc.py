"""The protocol's checklist over gRPC, with raw bytes. Numbers are those of the service page."""

import threading
import time
import zlib
from collections.abc import Iterator, Mapping

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from barograph_processor.exceptions import ConfigurationError, OverloadedError
from barograph_processor.otlp.status import Status, retry_seconds
from barograph_processor.receiver import GrpcReceiver, ReceiverLimits
from tests.processor.otlp.build import logs, prediction, record, traces
from tests.processor.receiver.server import Recorder, grpc_server

_SERVICE = "/opentelemetry.proto.collector."
_TRACES = _SERVICE + "trace.v1.TraceService/Export"
_LOGS = _SERVICE + "logs.v1.LogsService/Export"
_METRICS = _SERVICE + "metrics.v1.MetricsService/Export"
_GZIP = grpc.Compression.Gzip


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def address(recorder: Recorder) -> Iterator[str]:
    with grpc_server(recorder, limits=ReceiverLimits(max_request_bytes=100_000)) as address:
        yield address


def call(
    address: str, method: str, payload: bytes, compression: grpc.Compression | None = None
) -> bytes:
    with grpc.insecure_channel(address) as channel:
        export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            method, request_serializer=None, response_deserializer=None
        )
        return export(payload, timeout=30, compression=compression)


def failure(address: str, method: str, payload: bytes) -> tuple[grpc.StatusCode, Status]:
    """Return the code and the Status of a call that fails."""
    with pytest.raises(grpc.RpcError) as raised:
        call(address, method, payload, _GZIP)
    error = raised.value
    details = [
        entry.value
        for entry in error.trailing_metadata() or ()
        if entry.key == "grpc-status-details-bin"
    ]
    return error.code(), Status.FromString(details[0] if details else b"")


@pytest.mark.parametrize("compression", [None, _GZIP])
def test_1_2_5_unary_export_of_each_signal(
    recorder: Recorder, address: str, compression: grpc.Compression | None
) -> None:
    spans, records = traces(prediction(0, {})), logs(record("user.login", {}))
    assert call(address, _TRACES, spans, compression) == b""
    assert call(address, _LOGS, records, compression) == b""
    assert recorder.taken == [("traces", spans), ("logs", records)]


def test_3_4_too_large_before_or_after_decompression_is_final(
    recorder: Recorder, address: str
) -> None:
    bomb = bytes(50_000_000)
    assert len(zlib.compress(bomb)) < 100_000
    for payload in (bomb, bytes(100_001)):
        code, status = failure(address, _TRACES, payload)
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert not status.details
    assert not recorder.taken


def test_6_partial_success_has_exact_counts_and_a_message(address: str) -> None:
    payload = traces(prediction(0, {}), prediction(1, {}, span_id=b"\1"))
    answer = ExportTraceServiceResponse.FromString(call(address, _TRACES, payload))
    assert answer.partial_success.rejected_spans == 1
    assert "trace or span id" in answer.partial_success.error_message
    payload = logs(record("barograph.label", {}), record("user.login", {}))
    answered = ExportLogsServiceResponse.FromString(call(address, _LOGS, payload))
    assert answered.partial_success.rejected_log_records == 1


def test_7_warning_is_a_message_with_nothing_rejected(address: str) -> None:
    payload = traces(prediction(0, {"task": "divination"}))
    answer = ExportTraceServiceResponse.FromString(call(address, _TRACES, payload))
    assert answer.partial_success.rejected_spans == 0
    assert "unknown task" in answer.partial_success.error_message


def test_8_empty_requests_succeed(address: str) -> None:
    assert call(address, _TRACES, b"") == call(address, _LOGS, b"") == b""


def test_9_11_undecodable_is_final_and_says_so_as_a_status(
    recorder: Recorder, address: str
) -> None:
    code, status = failure(address, _TRACES, b"\xff")
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert (status.code, bool(status.message), len(status.details)) == (3, True, 0)
    assert recorder.refused() == {"undecodable": 1}


def test_10_overload_says_when_to_come_back(recorder: Recorder, address: str) -> None:
    recorder.error = OverloadedError("full", retry_after=1.5)
    code, status = failure(address, _TRACES, b"")
    assert code is grpc.StatusCode.UNAVAILABLE
    assert retry_seconds(status.SerializeToString()) == 1.5
    assert recorder.refused() == {"overloaded": 1}


def test_a_mistake_of_ours_is_final_and_the_next_request_is_taken(
    recorder: Recorder, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.error = ZeroDivisionError("of ours")
    code, status = failure(address, _TRACES, b"")
    recorder.error = None
    assert call(address, _TRACES, b"") == b""
    assert code is grpc.StatusCode.INTERNAL
    assert (status.code, list(status.details)) == (13, [])
    assert recorder.refused() == {"internal": 1}
    assert [record.levelname for record in caplog.records if record.levelno >= 30] == ["ERROR"]


def test_14_unknown_fields_are_ignored(recorder: Recorder, address: str) -> None:
    assert call(address, _TRACES, traces(prediction(0, {})) + b"\x78\x01") == b""
    assert len(recorder.taken) == 1


def test_metrics_are_refused_politely_and_counted(recorder: Recorder, address: str) -> None:
    code, _ = failure(address, _METRICS, b"")
    assert code is grpc.StatusCode.UNIMPLEMENTED
    assert recorder.refused() == {"metrics": 1}


def test_sender_without_the_token_is_refused(recorder: Recorder) -> None:
    def authorize(headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") == "Bearer x"

    with grpc_server(recorder, authorize=authorize) as address:
        code, _ = failure(address, _TRACES, b"")
        assert code is grpc.StatusCode.UNAUTHENTICATED
        with grpc.insecure_channel(address) as channel:
            export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
                _TRACES, request_serializer=None, response_deserializer=None
            )
            assert export(b"", metadata=(("authorization", "Bearer x"),)) == b""


def test_connections_that_grow_old_lose_no_request(recorder: Recorder) -> None:
    """They are asked to come anew several times, while requests go on."""
    limits = ReceiverLimits(connection_seconds=0.2, body_seconds=5)
    with grpc_server(recorder, limits=limits) as address, grpc.insecure_channel(address) as channel:
        export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            _TRACES, request_serializer=None, response_deserializer=None
        )
        for _ in range(50):
            assert export(b"", timeout=30) == b""
            time.sleep(0.02)
    assert len(recorder.taken) == 50


def test_message_that_does_not_end_is_cut_off(recorder: Recorder) -> None:
    """Its thread is free again: others are served although every thread was held so."""
    limits = ReceiverLimits(connection_seconds=0.2, body_seconds=0.2)
    stop = threading.Event()

    def never() -> Iterator[bytes]:
        stop.wait()
        yield b""

    with grpc_server(recorder, limits=limits) as address:
        with grpc.insecure_channel(address) as channel:
            export = channel.stream_unary(
                _TRACES, request_serializer=None, response_deserializer=None
            )
            held = [export.future(never()) for _ in range(2)]
            for one in held:
                with pytest.raises(grpc.RpcError):
                    one.result(timeout=30)
        assert call(address, _TRACES, b"") == b""
        stop.set()


def test_address_in_use_is_a_configuration_error(recorder: Recorder, address: str) -> None:
    second = GrpcReceiver(address, recorder.intake())
    with pytest.raises(ConfigurationError, match="cannot listen"):
        second.start()
    second.stop()


def test_limits_are_positive() -> None:
    with pytest.raises(ValueError, match="max_request_bytes"):
        ReceiverLimits(max_request_bytes=0)
