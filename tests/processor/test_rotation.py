"""Tokens and certificates that are replaced while the service runs."""

import logging
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import grpc
import httpx
import pytest

from barograph_processor.config import parse_config
from barograph_processor.service import Service
from tests.processor.otlp.build import prediction, traces
from tests.processor.receiver.certificates import Authority
from tests.processor.test_service import eventually
from tests.processor.test_service_access import bearer, log_in

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_PROTOBUF = {"content-type": "application/x-protobuf"}
_OLD, _NEW, _STABLE = "old-token-old-token", "new-token-new-token", "stable-stable-stable"


class Volume:
    """A secret as Kubernetes mounts it: links to files behind a link that is swapped."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self._path = path
        self._edition = 0

    def swap(self, **contents: bytes) -> None:
        """Replace all files at once."""
        self._edition += 1
        edition = self._path / f"..{self._edition}"
        edition.mkdir()
        for name, content in contents.items():
            (edition / name).write_bytes(content)
            link = self._path / name
            if not link.is_symlink():
                link.symlink_to(Path("..data") / name)
        (self._path / "..tmp").symlink_to(edition.name)
        (self._path / "..tmp").rename(self._path / "..data")
        if self._edition > 1:
            shutil.rmtree(self._path / f"..{self._edition - 1}")

    def file(self, name: str) -> str:
        return str(self._path / name)


class Site:
    """A closed service on two volumes, before and after a rotation of all that it shows."""

    def __init__(self, path: Path) -> None:
        for name in ("before", "after"):
            (path / name).mkdir()
        self.before, self.after = Authority(path / "before"), Authority(path / "after")
        self.both = self.before.read("ca") + self.after.read("ca")
        self.certificates, self.tokens = Volume(path / "tls"), Volume(path / "tokens")
        self.certificates.swap(
            cert=self.before.read("server"), key=self.before.read("server.key"), ca=self.both
        )
        self.tokens.swap(otlp=f"{_OLD}\n{_STABLE}".encode(), read=_OLD.encode())
        self.config = parse_config(
            {
                "serve": {
                    "state_dir": str(path / "state"),
                    "evaluation_seconds": 0.1,
                    **dict.fromkeys(("otlp_grpc", "otlp_http", "web"), "127.0.0.1:0"),
                },
                "tls": {
                    "cert": self.certificates.file("cert"),
                    "key": self.certificates.file("key"),
                    "client_ca": self.certificates.file("ca"),
                },
                "tokens": {
                    "otlp": f"file:{self.tokens.file('otlp')}",
                    "read": f"file:{self.tokens.file('read')}",
                },
            }
        )

    def rotate(self) -> None:
        """Replace server, authority of clients, and tokens."""
        self.certificates.swap(
            cert=self.after.read("server"),
            key=self.after.read("server.key"),
            ca=self.after.read("ca"),
        )
        self.tokens.swap(otlp=f"{_NEW}\n{_STABLE}".encode(), read=_NEW.encode())

    def trusting(self, *authorities: Authority, client: Authority) -> ssl.SSLContext:
        context = ssl.create_default_context(
            cadata=b"".join(a.read("ca") for a in authorities).decode()
        )
        context.load_cert_chain(client.file("client"), client.file("client.key"))
        return context


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def _reloads(service: Service, what: str, result: str) -> float:
    key = ("barograph.monitor.reloads", (("result", result), ("what", what)))
    return service.telemetry.counters()[key]


def _failed(service: Service, what: str) -> bool:
    return _reloads(service, what, "failed") == 1


def _http(service: Service, trust: ssl.SSLContext, number: int, token: str = _STABLE) -> int:
    """Send a span on a connection of its own; return the status."""
    answer = httpx.post(
        f"https://{service.addresses['otlp_http']}/v1/traces",
        content=traces(prediction(number, {"input.x": 1.0})),
        headers={**_PROTOBUF, **bearer(token)},
        verify=trust,
        timeout=10,
    )
    return answer.status_code


@contextmanager
def _channel(service: Service, roots: bytes, client: Authority) -> Iterator[grpc.Channel]:
    shown = grpc.ssl_channel_credentials(roots, client.read("client.key"), client.read("client"))
    own = (("grpc.use_local_subchannel_pool", 1),)
    with grpc.secure_channel(service.addresses["otlp_grpc"], shown, options=own) as channel:
        yield channel


def _grpc(channel: grpc.Channel, number: int, token: str = _STABLE) -> None:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        _EXPORT, request_serializer=None, response_deserializer=None
    )
    body = traces(prediction(number, {"input.x": 1.0}))
    call(body, timeout=10, metadata=(("authorization", f"Bearer {token}"),))


def _predictions(service: Service) -> float:
    values = (s.value for s in service.signals() if s.metric == "barograph.predictions")
    return sum(value for value in values if isinstance(value, (int, float)))


def test_rotation_under_load_loses_no_request_and_ends_what_was_taken_back(site: Site) -> None:
    """Connections that are kept, and new ones, over both protocols; each request is counted."""
    with Service(site.config) as service:
        trust = site.trusting(site.before, site.after, client=site.after)
        stop = threading.Event()
        failures: list[Exception | int] = []
        sent: list[int] = []

        def http_anew(number: int) -> None:
            status = _http(service, trust, number)
            if status != 200:
                failures.append(status)

        def grpc_anew(number: int) -> None:
            with _channel(service, site.both, site.after) as channel:
                _grpc(channel, number)

        def keep_on(send: Callable[[int], None], first: int) -> None:
            number = first
            while not stop.is_set():
                try:
                    send(number)
                except (httpx.HTTPError, grpc.RpcError) as error:
                    failures.append(error)
                sent.append(number)
                number += 1

        with _channel(service, site.both, site.after) as kept:
            works = (http_anew, grpc_anew, lambda number: _grpc(kept, number))
            threads = [
                threading.Thread(target=keep_on, args=(work, 1 + 100_000 * at))
                for at, work in enumerate(works)
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            site.rotate()
            eventually(lambda: _reloads(service, "certificates", "taken") == 1)
            eventually(lambda: _reloads(service, "tokens", "taken") == 1)
            time.sleep(0.5)
            stop.set()
            for thread in threads:
                thread.join()
        assert failures == []
        eventually(lambda: _predictions(service) == len(sent))

        only_after = site.trusting(site.after, client=site.after)
        assert _http(service, only_after, 900_000) == 200
        with _channel(service, site.after.read("ca"), site.after) as channel:
            _grpc(channel, 900_001)
        # Who is signed by the authority before is not let in any more.
        stranger = site.trusting(site.after, client=site.before)
        with pytest.raises((httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError)):
            _http(service, stranger, 900_002)
        with (
            _channel(service, site.after.read("ca"), site.before) as channel,
            pytest.raises(grpc.RpcError),
        ):
            _grpc(channel, 900_003)
        assert _http(service, only_after, 900_004, _OLD) == 401
        assert _http(service, only_after, 900_005, _NEW) == 200


def test_session_of_a_token_that_is_taken_back_is_over(site: Site) -> None:
    with Service(site.config) as service:
        base = f"https://{service.addresses['web']}"
        trust = site.trusting(site.before, site.after, client=site.after)
        with httpx.Client(base_url=base, verify=trust) as browser:
            assert log_in(browser, _OLD).status_code == 303
            assert browser.get("/api/models").status_code == 200
            site.rotate()
            eventually(lambda: browser.get("/api/models").status_code == 401)
            assert log_in(browser, _OLD).status_code == 401
            assert log_in(browser, _NEW).status_code == 303
            assert browser.get("/api/models").status_code == 200


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"cert": b"no certificate"}, id="no certificate"),
        pytest.param({"cert": b""}, id="empty"),
        pytest.param({}, id="key of another"),
    ],
)
def test_broken_certificates_change_nothing_and_are_told_once(
    site: Site, broken: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    trust = site.trusting(site.before, client=site.after)
    with Service(site.config) as service, caplog.at_level(logging.ERROR, "barograph_processor"):
        good = {
            "cert": site.before.read("server"),
            "key": site.before.read("server.key"),
            "ca": site.both,
        }
        site.certificates.swap(**{**good, "key": site.after.read("server.key"), **broken})
        eventually(lambda: _reloads(service, "certificates", "failed") == 1)
        time.sleep(0.5)
        assert _reloads(service, "certificates", "failed") == 1
        assert len(caplog.records) == 1
        assert "those before stay" in caplog.text
        assert _http(service, trust, 1) == 200
        with _channel(service, site.both, site.after) as channel:
            _grpc(channel, 2)
        site.rotate()
        eventually(lambda: _reloads(service, "certificates", "taken") == 1)
        assert _http(service, site.trusting(site.after, client=site.after), 3) == 200


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe", b"# nobody\n"])
def test_broken_tokens_open_nothing(site: Site, content: bytes) -> None:
    """An empty file is not the same as none: nobody else comes in, and those before still do."""
    trust = site.trusting(site.before, client=site.after)
    with Service(site.config) as service:
        site.tokens.swap(otlp=content, read=_OLD.encode())
        eventually(lambda: _reloads(service, "tokens", "failed") == 1)
        assert _http(service, trust, 1, "somebody-somebody") == 401
        assert _http(service, trust, 2, _OLD) == 200


def test_files_that_are_gone_change_nothing(site: Site) -> None:
    trust = site.trusting(site.before, client=site.after)
    with Service(site.config) as service:
        for what, volume in (("certificates", site.certificates), ("tokens", site.tokens)):
            Path(volume.file("..data")).unlink()
            eventually(partial(_failed, service, what))
        assert _http(service, trust, 1, _OLD) == 200
