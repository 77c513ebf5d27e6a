"""The protocol's checklist over HTTP, with raw bytes. Numbers are those of the service page."""

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from barograph_processor.asgi import AsgiServer
from barograph_processor.exceptions import OverloadedError
from barograph_processor.otlp import decode_traces
from barograph_processor.otlp.status import Status
from barograph_processor.pipeline import Acknowledgement
from barograph_processor.receiver import ReceiverLimits, http_receiver
from tests.processor.otlp.build import logs, prediction, record, traces
from tests.processor.receiver.server import Recorder, http_server

_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_LIMIT = 100_000


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def base(recorder: Recorder) -> Iterator[str]:
    limits = ReceiverLimits(max_request_bytes=_LIMIT, body_seconds=1.0)
    with http_server(recorder, limits=limits) as base:
        yield base


def post(url: str, body: bytes, content_type: str = _PROTOBUF, **headers: str) -> httpx.Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return httpx.post(url, content=body, headers={"content-type": content_type, **named})


def json_span(**fields: Any) -> bytes:
    span = {
        "traceId": "01" * 16,
        "spanId": "02" * 8,
        "startTimeUnixNano": "1",
        "endTimeUnixNano": 2,
        "attributes": [{"key": "barograph.model.name", "value": {"stringValue": "m"}}],
        **fields,
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def status_of(response: httpx.Response) -> Mapping[str, Any]:
    """Return a google.rpc.Status in the encoding that the answer says."""
    if response.headers["content-type"] == _JSON:
        body: Mapping[str, Any] = response.json()
        return body
    status = Status.FromString(response.content)
    return {"code": status.code, "message": status.message, "details": list(status.details)}


def test_1_2_5_post_of_each_signal(recorder: Recorder, base: str) -> None:
    spans, records = traces(prediction(0, {})), logs(record("user.login", {}))
    for path, payload in (("/v1/traces", spans), ("/v1/logs", records)):
        plain = post(base + path, payload)
        packed = post(base + path, gzip.compress(payload), content_encoding="gzip")
        for response in (plain, packed):
            assert (response.status_code, response.content) == (200, b"")
            assert response.headers["content-type"] == _PROTOBUF
    assert recorder.taken == [("traces", spans)] * 2 + [("logs", records)] * 2


def test_2_gzip_in_several_parts(recorder: Recorder, base: str) -> None:
    payload = traces(prediction(0, {}))
    body = gzip.compress(payload[:10]) + gzip.compress(payload[10:])
    assert post(base + "/v1/traces", body, content_encoding="gzip").status_code == 200
    assert recorder.taken == [("traces", payload)]


@pytest.mark.parametrize("size", [_LIMIT + 1, 30_000_000])
def test_3_4_too_large_is_answered_and_final(recorder: Recorder, base: str, size: int) -> None:
    plain = post(base + "/v1/traces", bytes(size))
    bomb = post(base + "/v1/traces", gzip.compress(bytes(size)), content_encoding="gzip")
    for response in (plain, bomb):
        assert response.status_code == 413
        assert status_of(response)["code"] == 8
        assert "retry-after" not in response.headers
    assert not recorder.taken
    assert recorder.refused() == {"too_large": 2}


def test_3_json_has_a_limit_of_its_own(recorder: Recorder) -> None:
    with http_server(recorder, limits=ReceiverLimits(max_json_bytes=100)) as base:
        assert post(base + "/v1/traces", json_span(), _JSON).status_code == 413
        assert post(base + "/v1/traces", b"{}" + b" " * 98, _JSON).status_code == 200
        assert post(base + "/v1/traces", b"{}" + b" " * 99, _JSON).status_code == 413


def test_6_partial_success(base: str) -> None:
    payload = traces(prediction(0, {}), prediction(1, {}, span_id=b"\1"))
    answer = ExportTraceServiceResponse.FromString(post(base + "/v1/traces", payload).content)
    assert answer.partial_success.rejected_spans == 1
    assert answer.partial_success.error_message
    in_json = post(base + "/v1/traces", json_span(spanId="02"), _JSON).json()
    assert in_json["partialSuccess"]["rejectedSpans"] == "1"
    assert in_json["partialSuccess"]["errorMessage"]


def test_7_warning(base: str) -> None:
    payload = traces(prediction(0, {"task": "divination"}))
    answer = ExportTraceServiceResponse.FromString(post(base + "/v1/traces", payload).content)
    assert answer.partial_success.rejected_spans == 0
    assert answer.partial_success.error_message


def test_8_empty_requests_succeed(base: str) -> None:
    assert post(base + "/v1/traces", b"").content == b""
    assert post(base + "/v1/traces", b"{}", _JSON).json() == {}


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (b"\xff", _PROTOBUF, "identity"),
        (b"{", _JSON, "identity"),
        (b"[]", _JSON, "identity"),
        (json_span(traceId="zz"), _JSON, "identity"),
        (b"no gzip", _PROTOBUF, "gzip"),
        (gzip.compress(b"abc")[:-3], _PROTOBUF, "gzip"),
        (gzip.compress(b"") * 1000, _PROTOBUF, "gzip"),
    ],
)
def test_9_11_undecodable_is_final_and_says_so_in_its_own_encoding(
    recorder: Recorder, base: str, body: bytes, content_type: str, encoding: str
) -> None:
    response = post(base + "/v1/traces", body, content_type, content_encoding=encoding)
    assert response.status_code == 400
    assert response.headers["content-type"] == content_type
    status = status_of(response)
    assert status["code"] == 3
    assert status["message"]
    assert recorder.refused() == {"undecodable": 1}


@pytest.mark.parametrize("content_type", [_PROTOBUF, _JSON])
def test_10_overload_says_when_to_come_back(
    recorder: Recorder, base: str, content_type: str
) -> None:
    recorder.error = OverloadedError("full", retry_after=1.5)
    response = post(base + "/v1/traces", b"{}" if content_type == _JSON else b"", content_type)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "2"
    status = status_of(response)
    assert status["code"] == 14
    assert len(status["details"]) == 1


def test_10_bodies_share_a_budget(recorder: Recorder) -> None:
    limits = ReceiverLimits(max_in_flight_bytes=10)
    with http_server(recorder, limits=limits) as base:
        assert post(base + "/v1/traces", bytes(11)).status_code == 503
        assert post(base + "/v1/traces", b"").status_code == 200


def test_12_other_methods_types_encodings_and_paths(recorder: Recorder, base: str) -> None:
    wrong_method = httpx.get(base + "/v1/traces")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "POST")
    assert post(base + "/v1/traces", b"", "text/plain").status_code == 415
    assert post(base + "/v1/traces", b"", "").status_code == 415
    wrong_encoding = post(base + "/v1/traces", b"", content_encoding="br")
    assert (wrong_encoding.status_code, wrong_encoding.headers["accept-encoding"]) == (
        415,
        "gzip, deflate",
    )
    assert post(base + "/v1/metrics", b"").status_code == 404
    assert post(base + "/", b"").status_code == 404
    slash = post(base + "/v1/traces/", b"")
    assert slash.status_code == 404
    assert status_of(slash)["message"] == "POST to /v1/traces or /v1/logs"
    assert not recorder.taken
    for response in (wrong_method, wrong_encoding):
        assert status_of(response)["message"]
    assert recorder.refused() == {
        "not_allowed": 1,
        "unsupported_type": 2,
        "unsupported_encoding": 1,
        "not_found": 3,
    }


def test_a_mistake_of_ours_is_final_and_the_next_request_is_taken(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """500 is not tried again: what our code cannot take now it can take no better later."""
    server = AsgiServer(http_receiver(recorder.intake()), "127.0.0.1:0", what="otlp")
    server.start()
    recorder.error = ZeroDivisionError("of ours")
    headers = {"content-type": _PROTOBUF}
    with httpx.Client(base_url=f"http://{server.address}", headers=headers) as client:
        failed = client.post("/v1/traces", content=b"")
        recorder.error = None
        assert client.post("/v1/traces", content=b"").status_code == 200
    server.stop()
    assert (failed.status_code, status_of(failed)["code"]) == (500, 13)
    assert recorder.refused() == {"internal": 1}
    assert [record.levelname for record in caplog.records if record.levelno >= 30] == ["ERROR"]


def test_12_13_json_with_a_charset(recorder: Recorder, base: str) -> None:
    response = post(base + "/v1/traces", json_span(), "Application/JSON; charset=utf-8")
    assert (response.status_code, response.json()) == (200, {})
    ((_, payload),) = recorder.taken
    (batch,) = decode_traces(payload).batches
    assert batch.prediction_ids == ("02" * 8,)


def test_slow_body_is_given_up(recorder: Recorder, base: str) -> None:
    address = urlsplit(base)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 0)) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: x\r\n"
            b"content-type: application/x-protobuf\r\ncontent-length: 9\r\n\r\nabc"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
    assert recorder.refused() == {"slow_body": 1}


def test_client_that_goes_away_is_counted(recorder: Recorder, base: str) -> None:
    address = urlsplit(base)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 0)) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: x\r\n"
            b"content-type: application/x-protobuf\r\ncontent-length: 9\r\n\r\nabc"
        )
    assert post(base + "/v1/traces", b"").status_code == 200
    assert not [payload for _, payload in recorder.taken if payload]


def test_sender_without_the_token_is_refused(recorder: Recorder) -> None:
    def authorize(headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") == "Bearer x"

    with http_server(recorder, authorize=authorize) as base:
        refused = post(base + "/v1/traces", b"")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert post(base + "/v1/traces", b"", authorization="Bearer x").status_code == 200


async def test_event_loop_is_free_while_a_request_waits_for_the_disk() -> None:
    """Two requests are in the journal at once, although there is one event loop."""
    together = threading.Barrier(2)

    class _Slow(Recorder):
        def submit(
            self, signal: Literal["traces", "logs"], payload: bytes, packed: bytes | None = None
        ) -> Acknowledgement:
            together.wait(timeout=30)
            return super().submit(signal, payload, packed)

    app = http_receiver(_Slow().intake())
    transport = httpx.ASGITransport(app)
    headers = {"content-type": _PROTOBUF}
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answers = await asyncio.gather(
            *(client.post("/v1/traces", content=b"", headers=headers) for _ in range(2))
        )
    assert [answer.status_code for answer in answers] == [200, 200]
