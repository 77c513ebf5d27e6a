"""Tokens and certificates: who has none is not let in, over either protocol."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest

from barograph_processor.access import Access, bearer
from barograph_processor.asgi import AsgiServer
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.receiver import (
    Authorize,
    Certificates,
    GrpcReceiver,
    ServerTls,
    http_receiver,
)
from tests.processor.receiver.certificates import Authority
from tests.processor.receiver.server import Recorder, grpc_server, http_server

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_TOKENS = ["correct-horse-battery", "staple-staple-staple"]
_PROTOBUF = {"content-type": "application/x-protobuf"}


def writers() -> Authorize:
    access = Access({"otlp": _TOKENS})
    return lambda headers: access.allows(bearer(headers), "otlp")


def export(channel: grpc.Channel, token: str | None = None) -> bytes:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        _EXPORT, request_serializer=None, response_deserializer=None
    )
    metadata = (("authorization", f"Bearer {token}"),) if token else None
    return call(b"", timeout=10, metadata=metadata)


def test_both_protocols_want_the_token() -> None:
    recorder = Recorder()
    with (
        grpc_server(recorder, authorize=writers()) as address,
        grpc.insecure_channel(address) as channel,
    ):
        with pytest.raises(grpc.RpcError) as raised:
            export(channel)
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert export(channel, _TOKENS[0]) == b""
    with http_server(recorder, authorize=writers()) as base:
        url = base + "/v1/traces"
        assert httpx.post(url, headers=_PROTOBUF).status_code == 401
        headers = {**_PROTOBUF, "authorization": f"Bearer {_TOKENS[1]}"}
        assert httpx.post(url, headers=headers).status_code == 200
    assert len(recorder.taken) == 2
    assert recorder.refused() == {"unauthenticated": 2}


def test_stranger_is_answered_before_the_message_is_there() -> None:
    """Whoever may not write holds no thread, and no memory, by not ending a message."""

    def never() -> Iterator[bytes]:
        stop.wait()
        yield b""

    stop = threading.Event()
    with (
        grpc_server(Recorder(), authorize=writers()) as address,
        grpc.insecure_channel(address) as channel,
    ):
        call = channel.stream_unary(_EXPORT, request_serializer=None, response_deserializer=None)
        with pytest.raises(grpc.RpcError) as raised:
            call(never(), timeout=10)
        stop.set()
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def mutual(authority: Authority) -> ServerTls:
    """A server that wants client certificates."""
    return ServerTls(*(Path(authority.file(name)) for name in ("server", "server.key", "ca")))


@pytest.fixture
def grpc_address(mutual: ServerTls) -> Iterator[str]:
    receiver = GrpcReceiver(
        "127.0.0.1:0", Recorder().intake(), credentials=Certificates(mutual).otlp_grpc
    )
    receiver.start()
    yield f"127.0.0.1:{receiver.port}"
    receiver.stop(grace=1.0)


@pytest.fixture
def https_url(mutual: ServerTls) -> Iterator[str]:
    server = AsgiServer(
        http_receiver(Recorder().intake()),
        "127.0.0.1:0",
        what="otlp",
        tls=Certificates(mutual).otlp_http,
    )
    server.start()
    yield f"https://{server.address}/v1/traces"
    server.stop()


def test_client_with_a_certificate_is_let_in(
    grpc_address: str, https_url: str, authority: Authority
) -> None:
    shown = grpc.ssl_channel_credentials(*map(authority.read, ("ca", "client.key", "client")))
    with grpc.secure_channel(grpc_address, shown) as channel:
        assert export(channel) == b""
    trusting = authority.trusting("client")
    assert httpx.post(https_url, headers=_PROTOBUF, verify=trusting).status_code == 200


@pytest.mark.parametrize("client", [None, "stranger"])
def test_client_without_one_is_not(
    grpc_address: str, https_url: str, authority: Authority, client: str | None
) -> None:
    pair = (
        (None, None)
        if client is None
        else (authority.read(f"{client}.key"), authority.read(client))
    )
    shown = grpc.ssl_channel_credentials(authority.read("ca"), *pair)
    with grpc.secure_channel(grpc_address, shown) as channel, pytest.raises(grpc.RpcError):
        export(channel)
    with pytest.raises((httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError)):
        httpx.post(https_url, headers=_PROTOBUF, verify=authority.trusting(client))


def test_plain_text_is_not_taken_for_tls(grpc_address: str, https_url: str) -> None:
    with grpc.insecure_channel(grpc_address) as plain, pytest.raises(grpc.RpcError):
        export(plain)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(https_url.replace("https", "http"), headers=_PROTOBUF)


def test_old_tls_is_refused(https_url: str, authority: Authority) -> None:
    old = authority.trusting("client")
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    host, _, port = https_url.partition("//")[2].partition("/")[0].partition(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as plain,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(plain, server_hostname=host).close()


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ServerTls(tmp_path / "absent.pem", tmp_path / "absent.key").grpc_configuration()


def test_key_of_another_certificate_is_told_at_the_start(authority: Authority) -> None:
    """gRPC would start, and then fail every handshake without a word."""
    mixed = ServerTls(Path(authority.file("server")), Path(authority.file("client.key")))
    with pytest.raises(ConfigurationError, match=r"client\.key"):
        mixed.grpc_configuration()
