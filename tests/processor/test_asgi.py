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


def _raising(*, after: int) -> Any:
    """Return an application that raises after so many messages, and answers ``/`` at all times."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        messages = [
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"4")],
            },
            {"type": "http.response.body", "body": b"he", "more_body": True},
            {"type": "http.response.body", "body": b"re"},
        ]
        for message in messages[: None if scope["path"] == "/" else after]:
            await send(message)
        if scope["path"] != "/":
            raise ZeroDivisionError("of ours")

    return app


@pytest.mark.parametrize("after", [0, 3])
def test_what_raises_is_answered_logged_once_and_ends_no_connection(
    after: int, caplog: pytest.LogCaptureFixture
) -> None:
    server = AsgiServer(_raising(after=after), "127.0.0.1:0", what="test")
    server.start()
    with httpx.Client(base_url=f"http://{server.address}") as client:
        failed = client.get("/a%0Ab?token=secret")
        connection = failed.extensions["network_stream"]
        assert client.get("/").extensions["network_stream"] is connection
    server.stop()
    if not after:
        assert (failed.status_code, failed.text) == (500, "a mistake of the server; see its log\n")
        assert failed.headers["x-content-type-options"] == "nosniff"
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert record.getMessage() == r"a mistake in our code at GET '/a\nb'"
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize("after", [1, 2])
def test_nobody_takes_half_an_answer_for_the_whole(
    after: int, caplog: pytest.LogCaptureFixture
) -> None:
    server = AsgiServer(_raising(after=after), "127.0.0.1:0", what="test")
    server.start()
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://{server.address}/half", timeout=10)
    server.stop()
    assert [record.levelname for record in caplog.records if record.levelno >= 30] == ["ERROR"]


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
