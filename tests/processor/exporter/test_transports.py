"""Both transports against a real server: what arrives, and what each answer means."""

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import grpc
import pytest
from grpc_status import rpc_status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)

from barograph_processor.asgi import AsgiServer
from barograph_processor.config import ExporterConfig
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.exporter import Outcome, connect
from barograph_processor.otlp.status import Code, status
from barograph_processor.receiver import Certificates, GrpcReceiver, ServerTls, http_receiver
from tests.processor.exporter.backend import Backend, running_backend
from tests.processor.receiver.certificates import Authority
from tests.processor.receiver.server import Recorder

_WITH_TOKEN = ExporterConfig(headers="env:EXPORT_HEADERS")
_TOKEN = {"EXPORT_HEADERS": "Authorization=Bearer%20x"}


@pytest.fixture
def http_backend() -> Iterator[Backend]:
    with running_backend() as backend:
        yield backend


def _seen(backend: Backend) -> list[tuple[str, bytes, str | None]]:
    """Return path, content and token of what came, all of it zipped protobuf."""
    for request in backend.requests:
        assert request.headers["content-encoding"] == "gzip"
        assert request.headers["content-type"] == "application/x-protobuf"
    return [(each.path, gzip.decompress(each.body), each.token) for each in backend.requests]


def test_http_sends_to_each_signals_path(http_backend: Backend) -> None:
    transport = connect(http_backend.url, _WITH_TOKEN, environ=_TOKEN)
    assert transport.send("metrics", b"m") == Outcome("sent")
    assert transport.send("logs", b"l") == Outcome("sent")
    transport.close()
    assert _seen(http_backend) == [
        ("/v1/metrics", b"m", "Bearer x"),
        ("/v1/logs", b"l", "Bearer x"),
    ]


@pytest.mark.parametrize(
    ("code", "headers", "result", "retry_after"),
    [
        (503, {"retry-after": "7"}, "failed", 7.0),
        (429, {}, "failed", None),
        (502, {"retry-after": "soon"}, "failed", None),
        (504, {"retry-after": "nan"}, "failed", None),
        (400, {"retry-after": "7"}, "refused", None),
        (401, {}, "refused", None),
        (413, {}, "refused", None),
        (500, {}, "refused", None),
    ],
)
def test_http_answers(
    http_backend: Backend,
    code: int,
    headers: dict[str, str],
    result: str,
    retry_after: float | None,
) -> None:
    http_backend.answers.append((code, headers))
    transport = connect(http_backend.url)
    outcome = transport.send("logs", b"l")
    transport.close()
    assert (outcome.result, outcome.retry_after) == (result, retry_after)
    assert outcome.unauthenticated == (code == 401)
    assert str(code) in outcome.message


def test_http_retry_after_as_a_date(http_backend: Backend) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    past = datetime.now(UTC) - timedelta(hours=1)
    transport = connect(http_backend.url)
    for moment, low, high in ((later, 3500, 3601), (past, 0, 0)):
        http_backend.answers.append((503, {"retry-after": format_datetime(moment)}))
        outcome = transport.send("logs", b"l")
        assert outcome.retry_after is not None
        assert low <= outcome.retry_after <= high
    transport.close()


def test_nobody_there_is_worth_another_try() -> None:
    for endpoint in ("http://127.0.0.1:1", "127.0.0.1:1"):
        transport = connect(endpoint, ExporterConfig(timeout_seconds=5.0))
        assert transport.send("metrics", b"m").result == "failed"
        transport.close()


class GrpcBackend:
    """Answers each call with bytes, or with a status."""

    def __init__(self) -> None:
        self.answer: bytes | grpc.Status = b""
        self.seen: list[tuple[str, bytes, str | None]] = []
        self._threads = ThreadPoolExecutor(1)
        self.server = grpc.server(self._threads)
        for signal in ("metrics", "logs"):
            service = f"opentelemetry.proto.collector.{signal}.v1.{signal.title()}Service"
            handler = grpc.method_handlers_generic_handler(
                service, {"Export": self._handler(signal)}
            )
            self.server.add_generic_rpc_handlers((handler,))
        self.target = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def _handler(self, signal: str) -> "grpc.RpcMethodHandler[bytes, bytes]":
        def export(payload: bytes, context: grpc.ServicerContext) -> bytes:
            token = dict(context.invocation_metadata()).get("authorization")
            self.seen.append((signal, payload, str(token) if token else None))
            if isinstance(self.answer, bytes):
                return self.answer
            context.abort_with_status(self.answer)
            raise AssertionError

        return grpc.unary_unary_rpc_method_handler(export)


@pytest.fixture
def grpc_backend() -> Iterator[GrpcBackend]:
    backend = GrpcBackend()
    yield backend
    backend.server.stop(None).wait()


def test_grpc_sends_to_each_signals_service(grpc_backend: GrpcBackend) -> None:
    transport = connect(grpc_backend.target, _WITH_TOKEN, environ=_TOKEN)
    assert transport.send("metrics", b"m") == Outcome("sent")
    assert transport.send("logs", b"l") == Outcome("sent")
    transport.close()
    assert grpc_backend.seen == [("metrics", b"m", "Bearer x"), ("logs", b"l", "Bearer x")]


@pytest.mark.parametrize(
    ("code", "retry_after", "result"),
    [
        (Code.UNAVAILABLE, None, "failed"),
        (Code.UNAVAILABLE, 2.5, "failed"),
        (Code.DATA_LOSS, None, "failed"),
        (Code.RESOURCE_EXHAUSTED, 2.5, "failed"),
        (Code.RESOURCE_EXHAUSTED, None, "refused"),
        (Code.INVALID_ARGUMENT, None, "refused"),
        (Code.UNAUTHENTICATED, None, "refused"),
    ],
)
def test_grpc_answers(
    grpc_backend: GrpcBackend, code: Code, retry_after: float | None, result: str
) -> None:
    grpc_backend.answer = rpc_status.to_status(status(code, "because", retry_after))
    transport = connect(f"grpc://{grpc_backend.target}")
    outcome = transport.send("metrics", b"m")
    transport.close()
    assert (outcome.result, outcome.retry_after) == (result, retry_after)
    assert outcome.unauthenticated == (code is Code.UNAUTHENTICATED)
    assert outcome.message == f"{code.name}: because"


def test_grpc_partial_success_is_told(grpc_backend: GrpcBackend) -> None:
    answer = ExportMetricsServiceResponse()
    answer.partial_success.error_message = "not all"
    transport = connect(grpc_backend.target)
    for reply, message in ((answer.SerializeToString(), "not all"), (b"\xff", "the answer is no")):
        grpc_backend.answer = reply
        outcome = transport.send("metrics", b"m")
        assert outcome.result == "sent"
        assert outcome.message.startswith(message)
    transport.close()


@pytest.mark.parametrize("endpoint", ["grpcs://127.0.0.1:1", "https://127.0.0.1:1"])
def test_certificates_that_cannot_be_read(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        connect(endpoint, ExporterConfig(ca=str(tmp_path / "absent.pem")))


@pytest.mark.parametrize(
    ("config", "environ", "found"),
    [
        (
            ExporterConfig(),
            {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer y,a=b"},
            "Bearer y",
        ),
        (_WITH_TOKEN, {**_TOKEN, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=no"}, "Bearer x"),
        (ExporterConfig(), {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, None),
    ],
)
def test_headers_of_the_configuration_else_of_the_environment(
    http_backend: Backend, config: ExporterConfig, environ: dict[str, str], found: str | None
) -> None:
    """The environment's endpoint is never taken: it may be this very processor."""
    transport = connect(http_backend.url, config, environ=environ)
    assert transport.send("logs", b"x").result == "sent"
    assert _seen(http_backend) == [("/v1/logs", b"x", found)]
    transport.close()


@pytest.mark.parametrize("endpoint", ["http://h:1", "h:1"])
@pytest.mark.parametrize("header", ["x=s%C3%A9cret", "x=s3cret%0Ay: z", "x y=s3cret", "é=s3cret"])
def test_headers_that_cannot_be_sent_are_refused(endpoint: str, header: str) -> None:
    """At the start: each alarm would else be refused for good by our own client."""
    with pytest.raises(ConfigurationError, match=r"OTEL_EXPORTER_OTLP_HEADERS: .* ASCII") as caught:
        connect(endpoint, environ={"OTEL_EXPORTER_OTLP_HEADERS": header})
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    ["http://[bad", "grpc://[::1", "http://ho st:1", "http://h\x00:1", "h", "http://h:1?a=b"],
)
def test_endpoint_that_is_none_is_told(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot export to"):
        connect(endpoint)


def test_headers_that_are_none_are_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="name=value") as caught:
        connect("h:1", environ={"OTEL_EXPORTER_OTLP_HEADERS": "s3cret"})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["grpcs", "https"])
def test_downstream_that_wants_a_certificate(tmp_path: Path, scheme: str) -> None:
    """It gets ours; without one, or without its authority, nothing is sent."""
    authority, recorder = Authority(tmp_path), Recorder()
    files = ServerTls(*(Path(authority.file(name)) for name in ("server", "server.key", "ca")))
    shown = Certificates(files)
    receiver = GrpcReceiver("127.0.0.1:0", recorder.intake(), credentials=shown.otlp_grpc)
    server = AsgiServer(
        http_receiver(recorder.intake()), "127.0.0.1:0", what="otlp", tls=shown.otlp_http
    )
    receiver.start()
    server.start()
    at = f"127.0.0.1:{receiver.port}" if scheme == "grpcs" else server.address
    whole = {
        "OTEL_EXPORTER_OTLP_CERTIFICATE": authority.file("ca"),
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": authority.file("client"),
        "OTEL_EXPORTER_OTLP_CLIENT_KEY": authority.file("client.key"),
    }
    for variables in (list(whole)[1:], list(whole)[:1], list(whole)):
        environ = {name: whole[name] for name in variables}
        transport = connect(f"{scheme}://{at}", ExporterConfig(timeout_seconds=5), environ=environ)
        assert transport.send("logs", b"").result == ("sent" if environ == whole else "failed")
        transport.close()
    assert recorder.taken == [("logs", b"")]
    receiver.stop(grace=1)
    server.stop()
