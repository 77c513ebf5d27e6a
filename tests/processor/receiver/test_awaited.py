"""Memory that messages take before they are whole is bounded, and nobody is kept out by it."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import grpc
import httpx
import pytest

from barograph_processor.memory import Memory, release
from barograph_processor.otlp.status import retry_seconds
from barograph_processor.pipeline import Acknowledgement
from barograph_processor.receiver import ReceiverLimits
from barograph_processor.receiver.awaited import AwaitedMessages
from barograph_processor.receiver.intake import RefusedError
from tests.processor.otlp.build import prediction, traces
from tests.processor.receiver.held import connected, grpc_calls
from tests.processor.receiver.server import Recorder, grpc_server, http_server
from tests.processor.test_service import eventually

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_BODY = traces(prediction(1, {"input.x": 1.0}))
_MIB = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LIMITS = ReceiverLimits(max_request_bytes=10 * _PAGE)


class _Told(Memory):
    """Takes as many of a hundred pages as it is told."""

    def __init__(self, root: Path) -> None:
        self._statm = root / "proc/self/statm"
        self._statm.parent.mkdir(parents=True)
        self.tell(10)
        super().__init__(100 * _PAGE, root=root)

    def tell(self, pages: int) -> None:
        fresh = self._statm.with_name("fresh")
        fresh.write_text(f"9 {pages} 3")
        fresh.rename(self._statm)


@pytest.fixture
def memory(tmp_path: Path) -> _Told:
    return _Told(tmp_path)


def _export(address: str) -> None:
    own = (("grpc.use_local_subchannel_pool", 1),)
    with grpc.insecure_channel(address, options=own) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            _EXPORT, request_serializer=None, response_deserializer=None
        )
        assert call(_BODY, timeout=10) == b""


def test_while_memory_is_short_what_is_awaited_longest_is_given_up(memory: _Told) -> None:
    """Until the others, each as large as it may be, have room: two of ten pages in 75 to 100."""
    recorder = Recorder()
    with (
        grpc_server(recorder, limits=_LIMITS, memory=memory) as address,
        connected(address, 2, grpc_calls(8)),
    ):
        _export(address)
        assert recorder.refused() == {}
        memory.tell(81)
        eventually(lambda: recorder.refused().get("memory") == 15)
        time.sleep(0.3)
        assert recorder.refused() == {"memory": 15}


def test_while_memory_is_short_others_come_in_one_by_one(memory: _Told) -> None:
    """Even where it stays short whatever is given up, and the room is held by who never ends."""
    recorder = Recorder()
    with (
        grpc_server(recorder, limits=_LIMITS, memory=memory) as address,
        connected(address, 2, grpc_calls(8)),
    ):
        memory.tell(200)
        eventually(lambda: recorder.refused().get("memory") == 15)
        time.sleep(1.0)
        for _ in range(5):
            _export(address)
        assert len(recorder.taken) == 5


def test_who_finds_no_room_is_told_when_to_come_again(memory: _Told) -> None:
    """And the one that has just begun to send is not ended for it."""
    recorder = Recorder()
    begun: list[int] = []

    def authorize(_headers: object) -> bool:
        begun.append(1)
        return True

    with grpc_server(recorder, limits=_LIMITS, memory=memory, authorize=authorize) as address:
        memory.tell(200)
        time.sleep(0.3)
        with connected(address, 1, grpc_calls(1)):
            eventually(lambda: bool(begun))
            with pytest.raises(grpc.RpcError) as refused:
                _export(address)
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
            (details,) = [
                entry.value
                for entry in refused.value.trailing_metadata() or ()
                if entry.key == "grpc-status-details-bin"
            ]
            assert retry_seconds(details) == 1.0
            assert recorder.refused() == {"memory": 1}
    assert recorder.taken == []


async def test_one_whose_time_is_over_is_given_up_no_more(memory: _Told) -> None:
    """Both within one turn of the loop, which must not end the watch."""
    awaited = AwaitedMessages(memory, max_bytes=10 * _PAGE, seconds=0.11)

    async def hold() -> None:
        with awaited.one():
            await asyncio.sleep(10)

    watch = asyncio.create_task(awaited.watch())
    held = [asyncio.create_task(hold()) for _ in range(2)]
    await asyncio.sleep(0)
    memory.tell(200)
    asyncio.get_running_loop().call_soon(time.sleep, 0.2)
    refused = await asyncio.gather(*held, return_exceptions=True)
    assert all(isinstance(each, RefusedError) for each in refused)
    await asyncio.sleep(0.3)
    assert not watch.done()
    watch.cancel()


def test_while_memory_is_short_bodies_come_in_one_by_one(memory: _Told) -> None:
    """Over HTTP: who is refused may come again, and goes before who has held a body for long."""
    recorder = Recorder()
    head = b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
    held = head + b"Content-Length: 1000\r\n\r\n" + bytes(100)
    kind = {"content-type": "application/x-protobuf"}
    with http_server(recorder, limits=_LIMITS, memory=memory) as base:
        url = f"{base}/v1/traces"
        memory.tell(200)
        memory.look()
        assert httpx.post(url, content=_BODY, headers=kind).status_code == 200
        with connected(base.partition("//")[2], 1, held):
            time.sleep(0.3)
            answer = httpx.post(url, content=_BODY, headers=kind)
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
            assert recorder.refused() == {"memory": 1}
            memory.tell(10)
            memory.look()
            assert httpx.post(url, content=_BODY, headers=kind).status_code == 200
            memory.tell(200)
            time.sleep(1.0)
            for _ in range(5):
                assert httpx.post(url, content=_BODY, headers=kind).status_code == 200
        assert recorder.refused() == {"memory": 2}


def test_while_memory_is_short_one_whole_body_waits_at_a_time(memory: _Told) -> None:
    """For what is done with it, over HTTP; the others may come again."""
    begun, go_on = threading.Event(), threading.Event()

    class _Slow(Recorder):
        def submit(
            self, signal: Literal["traces", "logs"], payload: bytes, packed: bytes | None = None
        ) -> Acknowledgement:
            begun.set()
            assert go_on.wait(30)
            return super().submit(signal, payload, packed)

    recorder = _Slow()
    kind = {"content-type": "application/x-protobuf"}
    with (
        http_server(recorder, limits=_LIMITS, memory=memory) as base,
        ThreadPoolExecutor(1) as threads,
    ):
        url = f"{base}/v1/traces"
        first = threads.submit(httpx.post, url, content=_BODY, headers=kind, timeout=30)
        assert begun.wait(30)
        memory.tell(200)
        memory.look()
        assert httpx.post(url, content=_BODY, headers=kind).status_code == 503
        go_on.set()
        assert first.result().status_code == 200
    assert recorder.refused() == {"overloaded": 1}


def test_while_memory_is_short_bodies_held_longest_are_given_up(memory: _Told) -> None:
    recorder = Recorder()
    head = b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
    held = head + b"Content-Length: 1000\r\n\r\n" + bytes(100)
    kind = {"content-type": "application/x-protobuf"}
    with (
        http_server(recorder, limits=_LIMITS, memory=memory) as base,
        connected(base.partition("//")[2], 16, held) as sockets,
    ):
        assert httpx.post(f"{base}/v1/traces", content=_BODY, headers=kind).status_code == 200
        memory.tell(81)
        eventually(lambda: recorder.refused().get("memory") == 15)
        time.sleep(0.3)
        assert recorder.refused() == {"memory": 15}
        answers = [one.recv(1 << 16) for one in sockets[:15]]
        assert all(answer.startswith(b"HTTP/1.1 503 ") for answer in answers)
        assert all(b"retry-after: 1\r\n" in answer for answer in answers)


@contextmanager
def grpc_and_http(recorder: Recorder, memory: Memory, protocol: str) -> Iterator[tuple[str, str]]:
    """Yield the address of the one by which half messages come, and that of gRPC."""
    with grpc_server(recorder, memory=memory) as address:
        if protocol == "grpc":
            yield address, address
            return
        with http_server(recorder, memory=memory) as base:
            yield base.partition("//")[2], address


@pytest.mark.parametrize(("protocol", "client"), [("grpc", "half_sent"), ("http", "half_posted")])
def test_half_of_a_gigabyte_stays_under_the_limit_while_others_go_on(
    protocol: str, client: str
) -> None:
    """Thirty messages of 60 MiB, of each 40 sent, and 240 MiB that there are for them."""
    release()
    memory = Memory(1)
    memory.look()
    before = memory.resident
    # Short from 120 MiB more on.
    memory.limit = int((before + 120 * _MIB) / 0.8)
    recorder, stop = Recorder(), threading.Event()

    def most_resident() -> int:
        own, most = Memory(1), 0
        while not stop.wait(0.005):
            own.look()
            most = max(most, own.resident)
        return most

    with (
        grpc_and_http(recorder, memory, protocol) as (halves, address),
        ThreadPoolExecutor(2) as threads,
    ):
        peak = threads.submit(most_resident)
        command = [sys.executable, "-m", f"tests.processor.receiver.{client}", halves]
        with subprocess.Popen(
            [*command, "30", str(60 * _MIB), str(40 * _MIB)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            told = threads.submit(process.stdout.readline)
            while not told.done():
                with suppress(grpc.RpcError):
                    _export(address)
                time.sleep(0.05)
            sent, ended = map(int, told.result().split())
            accepted = len(recorder.taken)
            _export(address)
            process.kill()
        stop.set()
    assert sent > 120 * _MIB
    assert ended > 0
    assert recorder.refused()["memory"] > 0
    assert accepted > 10
    assert before + 60 * _MIB < peak.result() < memory.limit
