"""How a service begins and ends: when it is ready, and what becomes of requests meanwhile."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from barograph_processor.journal import Journal
from barograph_processor.service import Service
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from tests.processor.otlp.build import prediction, traces
from tests.processor.test_service import config, counted, eventually, post, web

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def _body(number: int) -> bytes:
    return traces(prediction(number, {"input.x": 1.0}))


def test_what_is_under_way_at_the_end_is_finished_and_nobody_else_is_sent(tmp_path: Path) -> None:
    """Over HTTP and gRPC: readiness goes first, then what had begun is answered and kept."""
    go_on = threading.Event()
    body = _body(1)
    with Service(config(tmp_path)) as service:
        host, _, port = service.addresses["otlp_http"].rpartition(":")
        end = threading.Thread(target=service.__exit__, args=(None, None, None))

        def slowly() -> Iterator[bytes]:
            go_on.wait()
            yield _body(2)

        with (
            socket.create_connection((host, int(port)), timeout=30) as raw,
            grpc.insecure_channel(service.addresses["otlp_grpc"]) as channel,
        ):
            head = "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
            raw.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
            export = channel.stream_unary(
                _EXPORT, request_serializer=None, response_deserializer=None
            )
            call = export.future(slowly(), timeout=30)
            assert post(service, "traces", _body(3)).status_code == 200
            assert web(service, "/readyz").status_code == 200
            end.start()
            answer = eventually(lambda: _unready(service))
            assert "stopping" in answer.text
            assert web(service, "/healthz").status_code == 200
            go_on.set()
            raw.sendall(body[5:])
            assert call.result() == b""
            assert raw.recv(100).startswith(b"HTTP/1.1 200")
        end.join()
    with Service(config(tmp_path)) as service:
        assert counted(service) == {"m": 3}


def test_while_the_journal_is_replayed_it_is_not_ready_and_senders_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    observe = ModelRegistry.observe

    def slowly(registry: ModelRegistry, batch: Any) -> None:
        go_on.wait()
        observe(registry, batch)

    monkeypatch.setattr(ModelRegistry, "observe", slowly)
    (tmp_path / "state").mkdir()
    journal = Journal(tmp_path / "state" / "journal.sqlite", max_bytes=10**6, telemetry=Telemetry())
    journal.append("traces", _body(1))
    journal.close()
    service = Service(config(tmp_path))
    begin = threading.Thread(target=service.__enter__)
    begin.start()
    answer = eventually(lambda: _unready(service))
    assert "replayed" in answer.text
    refused = eventually(lambda: _answered(service))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    go_on.set()
    begin.join()
    assert web(service, "/readyz").status_code == 200
    assert post(service, "traces", _body(2)).status_code == 200
    eventually(lambda: counted(service) == {"m": 2})
    service.__exit__(None, None, None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_death_of_a_thread_is_told_to_who_restarts(tmp_path: Path) -> None:
    def dies() -> tuple[bytes, None]:
        raise SystemExit

    with Service(config(tmp_path)) as service:
        assert web(service, "/healthz").status_code == 200
        service.pipeline.begin("traces", dies)
        answer = eventually(lambda: _unready(service))
        assert "restart" in answer.text
        assert web(service, "/healthz").status_code == 503


def _unready(service: Service) -> httpx.Response | None:
    try:
        answer = web(service, "/readyz")
    except httpx.HTTPError:
        return None
    return answer if answer.status_code == 503 else None


def _answered(service: Service) -> httpx.Response | None:
    try:
        return post(service, "traces", _body(2))
    except httpx.HTTPError:
        return None
