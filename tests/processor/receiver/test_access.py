"""Tokens and certificates: who has none is not let in, over either protocol."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest

from barograph_processor.exceptions import ConfigurationError
from barograph_processor.receiver import GrpcReceiver, ServerTls, bearer_tokens
from tests.processor.receiver.server import Recorder, grpc_server, http_server

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_TOKENS = ["correct-horse-battery", "staple-staple-staple"]


def export(channel: grpc.Channel, token: str | None = None) -> bytes:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        _EXPORT, request_serializer=None, response_deserializer=None
    )
    metadata = (("authorization", f"Bearer {token}"),) if token else None
    return call(b"", timeout=10, metadata=metadata)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bearer correct-horse-battery", True),
        ("bearer staple-staple-staple", True),
        ("Bearer correct-horse-batter", False),
        ("Bearer correct-horse-battery-and-more", False),
        ("Bearer ", False),
        ("Basic correct-horse-battery", False),
        ("correct-horse-battery", False),
        ("", False),
        ("Bearer größe-größe-größe", False),
    ],
)
def test_tokens(header: str, expected: bool) -> None:
    assert bearer_tokens(_TOKENS)({"authorization": header}) is expected


@pytest.mark.parametrize("tokens", [[], ["short"]])
def test_tokens_that_protect_nothing_are_refused(tokens: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        bearer_tokens(tokens)


def test_both_protocols_want_the_token() -> None:
    recorder = Recorder()
    authorize = bearer_tokens(_TOKENS)
    with (
        grpc_server(recorder, authorize=authorize) as address,
        grpc.insecure_channel(address) as channel,
    ):
        with pytest.raises(grpc.RpcError) as raised:
            export(channel)
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert export(channel, _TOKENS[0]) == b""
    with http_server(recorder, authorize=authorize) as base:
        url, headers = base + "/v1/traces", {"content-type": "application/x-protobuf"}
        assert httpx.post(url, headers=headers).status_code == 401
        headers["authorization"] = f"Bearer {_TOKENS[1]}"
        assert httpx.post(url, headers=headers).status_code == 200
    assert len(recorder.taken) == 2
    assert recorder.refused() == {"unauthenticated": 2}


@dataclass(frozen=True)
class Authority:
    """Certificates for a test."""

    directory: Path

    def file(self, name: str) -> Path:
        return self.directory / name

    def read(self, name: str) -> bytes:
        return self.file(name).read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority, and a server and a client that it has signed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl program")
    directory = tmp_path_factory.mktemp("certificates")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=directory, check=True, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        run(
            "req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"
        )
        signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"]
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signing)
    return Authority(directory)


@pytest.fixture
def tls_server(authority: Authority) -> Iterator[str]:
    """A gRPC receiver that wants client certificates."""
    files = ServerTls(*map(authority.file, ("server.pem", "server.key", "ca.pem")))
    receiver = GrpcReceiver(
        "127.0.0.1:0", Recorder().intake(), credentials=files.grpc_credentials()
    )
    receiver.start()
    yield f"127.0.0.1:{receiver.port}"
    receiver.stop(grace=1.0)


def test_client_with_a_certificate_is_let_in(tls_server: str, authority: Authority) -> None:
    mutual = grpc.ssl_channel_credentials(
        *map(authority.read, ("ca.pem", "client.key", "client.pem"))
    )
    with grpc.secure_channel(tls_server, mutual) as channel:
        assert export(channel) == b""


def test_client_without_one_is_not(tls_server: str, authority: Authority) -> None:
    alone = grpc.ssl_channel_credentials(authority.read("ca.pem"))
    with grpc.secure_channel(tls_server, alone) as channel, pytest.raises(grpc.RpcError):
        export(channel)
    with grpc.insecure_channel(tls_server) as plain, pytest.raises(grpc.RpcError):
        export(plain)


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ServerTls(tmp_path / "absent.pem", tmp_path / "absent.key").grpc_credentials()
