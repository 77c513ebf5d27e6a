"""Who holds connections, and ends no message, keeps nobody out."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import grpc
import httpx
import pytest

from barograph_processor.asgi import AsgiServer, protocol, server
from barograph_processor.receiver import ReceiverLimits, http_receiver
from tests.processor.otlp.build import prediction, traces
from tests.processor.receiver.held import connected, grpc_calls
from tests.processor.receiver.server import Recorder, grpc_server
from tests.processor.test_service import eventually

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_BODY = traces(prediction(1, {"input.x": 1.0}))
_PROTOBUF = {"content-type": "application/x-protobuf"}
_MOST = 20
_POST = b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
_WHOLE = _POST + b"Content-Length: 0\r\n\r\n"


def _export(address: str) -> float:
    """Send a request on a connection of its own; return the seconds until the answer."""
    own = (("grpc.use_local_subchannel_pool", 1),)
    start = time.monotonic()
    with grpc.insecure_channel(address, options=own) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            _EXPORT, request_serializer=None, response_deserializer=None
        )
        assert call(_BODY, timeout=40) == b""
    return time.monotonic() - start


def _has_ended(connection: socket.socket) -> bool:
    """Whether the other side has closed it; what it has said is thrown away."""
    connection.settimeout(0)
    try:
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    return True


def _await_answer(connection: socket.socket) -> None:
    """Wait until the other side has said something, or closed it."""
    with suppress(ConnectionError):
        connection.recv(1)


def test_a_thousand_calls_without_end_hold_up_no_other_over_grpc() -> None:
    recorder = Recorder()
    with (
        grpc_server(recorder) as address,
        connected(address, 40, grpc_calls(32)) as held,
    ):
        for _ in range(20):
            _export(address)
        assert len(recorder.taken) == 20
        # They are still held: it was not by ending them that the others came in.
        assert not any(map(_has_ended, held))
        assert recorder.refused() == {}


def test_calls_that_wait_for_a_busy_loop_are_not_cancelled() -> None:
    """However many come at once: gRPC would cancel all beyond 3000, and some beyond 1000."""
    recorder = Recorder()
    begun, go_on = threading.Event(), threading.Event()

    def authorize(_headers: Mapping[str, str]) -> bool:
        begun.set()
        return go_on.wait(30)

    with (
        grpc_server(recorder, authorize=authorize) as address,
        connected(address, 110, grpc_calls(32)),
        ThreadPoolExecutor(8) as threads,
    ):
        assert begun.wait(30)
        # gRPC's own threads take the calls in meanwhile.
        time.sleep(2.0)
        answers = [threads.submit(_export, address) for _ in range(8)]
        time.sleep(0.5)
        go_on.set()
        assert all(answer.result() > 0 for answer in answers)
    assert len(recorder.taken) == 8


def test_a_message_that_does_not_come_is_given_up() -> None:
    recorder = Recorder()
    limits = ReceiverLimits(body_seconds=0.3)
    with grpc_server(recorder, limits=limits) as address, connected(address, 2, grpc_calls(8)):
        eventually(lambda: recorder.refused() == {"slow_body": 16})


def test_a_connection_has_so_many_calls_at_once() -> None:
    """More are not begun: the others of the connection wait at the sender."""
    recorder = Recorder()
    limits = ReceiverLimits(body_seconds=0.3, max_streams=4)
    with grpc_server(recorder, limits=limits) as address, connected(address, 1, grpc_calls(64)):
        eventually(lambda: recorder.refused().get("slow_body", 0) >= 1)
        time.sleep(1.0)
        assert recorder.refused()["slow_body"] <= 8


def test_idle_connections_are_ended_over_grpc() -> None:
    with (
        grpc_server(Recorder(), limits=ReceiverLimits(idle_seconds=0.3)) as address,
        connected(address, 4, grpc_calls(0)) as held,
    ):
        for one in held:
            eventually(partial(_has_ended, one))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Recorder, AsgiServer]]:
    """A server that takes few connections at once."""
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", _MOST)
    monkeypatch.setattr(server, "MOST_CONNECTIONS", _MOST)
    recorder = Recorder()
    running = AsgiServer(http_receiver(recorder.intake()), "127.0.0.1:0", what="otlp")
    running.start()
    yield recorder, running
    running.stop()


@pytest.mark.parametrize(
    ("content", "begun", "answered"),
    [
        pytest.param(b"", False, False, id="nothing"),
        pytest.param(_POST, False, False, id="half of the headers"),
        pytest.param(_POST + b"Content-Length: 1000\r\n\r\nx", True, False, id="part of the body"),
        pytest.param(_WHOLE, False, True, id="idle behind a request"),
    ],
)
def test_connections_without_end_keep_no_other_out_over_http(
    few: tuple[Recorder, AsgiServer], content: bytes, *, begun: bool, answered: bool
) -> None:
    """Many times as many as are taken at once."""
    recorder, running = few
    url = f"http://{running.address}/v1/traces"
    state = running._server.server_state
    with connected(running.address, 10 * _MOST, content) as held:
        for one in held if answered else []:
            _await_answer(one)

        def settled() -> bool:
            # While it still works on some of them, others may be refused.
            connections, ended = len(state.connections), sum(map(_has_ended, held))
            working = connections if begun else 0
            return connections + ended == len(held) and len(state.tasks) == working

        eventually(settled)
        taken = len(recorder.taken)
        for _ in range(5):
            answer = httpx.post(url, content=_BODY, headers=_PROTOBUF, timeout=10)
            assert answer.status_code == 200
        assert recorder.taken.count(("traces", _BODY)) == 5
        assert len(recorder.taken) >= taken
        assert len(state.connections) <= _MOST + 1


def test_who_is_worked_for_does_not_give_way(few: tuple[Recorder, AsgiServer]) -> None:
    """However long it takes, and however many come meanwhile."""
    del few
    begun: list[int] = []
    go_on = threading.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        begun.append(1)
        await asyncio.to_thread(go_on.wait)
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    running = AsgiServer(slow, "127.0.0.1:0", what="slow")
    running.start()
    with ThreadPoolExecutor(_MOST // 2) as threads:
        url = f"http://{running.address}/"
        answers = [threads.submit(httpx.get, url, timeout=60) for _ in range(_MOST // 2)]
        eventually(lambda: len(begun) == _MOST // 2)
        with connected(running.address, 3 * _MOST, _POST):
            time.sleep(0.5)
            go_on.set()
            assert [answer.result().status_code for answer in answers] == [200] * (_MOST // 2)
    running.stop()


def test_clients_that_go_away_are_counted_as_such_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Over gRPC, in the middle of their messages; gRPC itself would log a stack for each."""
    recorder = Recorder()
    begun: list[int] = []

    def authorize(_headers: Mapping[str, str]) -> bool:
        begun.append(1)
        return True

    with grpc_server(recorder, authorize=authorize) as address:
        with connected(address, 4, grpc_calls(8)):
            eventually(lambda: len(begun) == 32)
            _export(address)
        eventually(lambda: sum(recorder.refused().values()) == 32)
        _export(address)
    assert recorder.refused() == {"disconnected": 32}
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


@pytest.mark.parametrize("encoding", ["zstd", "snappy"])
def test_compression_that_grpc_does_not_know_is_final(encoding: str) -> None:
    """gRPC's library answers before we see the call, with 13, INTERNAL; docs/otlp.md says so."""
    recorder = Recorder()
    begun = grpc_calls(1, **{"grpc-encoding": encoding})
    with grpc_server(recorder) as address, connected(address, 1, begun) as (connection,):
        answer = b""
        while b"grpc-status" not in answer:
            part = connection.recv(4096)
            assert part
            answer += part
        assert b"grpc-status\x0213" in answer
        assert b"Error parsing 'grpc-encoding' metadata" in answer
        _export(address)
    assert len(recorder.taken) == 1
