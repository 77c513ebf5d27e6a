"""The HTTP server: listens where it is told, says so if it cannot, and lets go of the port."""

import asyncio
import socket
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from barograph_processor.asgi import AsgiServer
from barograph_processor.asgi.protocol import PatientProtocol
from barograph_processor.exceptions import ConfigurationError


def _app() -> Starlette:
    def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    return Starlette(routes=[Route("/", hello)])


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:0",
        "localhost:0",
        pytest.param(
            "[::1]:0", marks=pytest.mark.skipif(not _has_ipv6(), reason="there is no IPv6")
        ),
    ],
)
def test_serves_once_started_and_not_once_stopped(address: str) -> None:
    server = AsgiServer(_app(), address, what="test")
    assert server.address == address
    server.start()
    where = server.address
    assert not where.endswith(":0")
    assert httpx.get(f"http://{where}/", timeout=10).text == "hello"
    server.stop()
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{where}/", timeout=10)


def test_names_no_software() -> None:
    server = AsgiServer(_app(), "127.0.0.1:0", what="test")
    server.start()
    try:
        assert "server" not in httpx.get(f"http://{server.address}/", timeout=10).headers
    finally:
        server.stop()


def test_no_answer_waits_for_the_client_to_acknowledge_its_first_packet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With Nagle's algorithm each answer on a connection that was used before took 40 ms."""
    options = []
    begin = PatientProtocol.connection_made

    def begun(protocol: PatientProtocol, transport: asyncio.BaseTransport) -> None:
        accepted: Any = transport.get_extra_info("socket")
        options.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        begin(protocol, transport)

    monkeypatch.setattr(PatientProtocol, "connection_made", begun)
    server = AsgiServer(_app(), "127.0.0.1:0", what="test")
    server.start()
    try:
        assert httpx.get(f"http://{server.address}/", timeout=10).text == "hello"
    finally:
        server.stop()
    assert options == [1]


def test_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = AsgiServer(_app(), address, what="page")
        with pytest.raises(ConfigurationError, match=f"page cannot listen on {address}"):
            server.start()
        server.stop()


@pytest.mark.parametrize("address", ["256.0.0.1:0", "no.such.host.invalid:0", "127.0.0.1:70000"])
def test_address_that_is_none(address: str) -> None:
    server = AsgiServer(_app(), address, what="page")
    with pytest.raises(ConfigurationError, match="page cannot listen"):
        server.start()


def test_port_is_free_again_at_once() -> None:
    first = AsgiServer(_app(), "127.0.0.1:0", what="test")
    first.start()
    where = first.address
    first.stop()
    second = AsgiServer(_app(), where, what="test")
    second.start()
    assert second.address == where
    second.stop()
