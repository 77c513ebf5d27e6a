"""The whole service, closed: tokens by right, TLS, browsers, other sites, and patience."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from barograph_processor.asgi import AsgiServer, protocol
from barograph_processor.config import Config, parse_config
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.service import Service
from tests.processor.otlp.build import prediction, traces
from tests.processor.receiver.certificates import Authority
from tests.processor.test_service import eventually

_WRITER, _READER, _REVIEWER = "writer-writer-writer", "reader-reader-reader", "review-review-review"
_PORTS = {"otlp_grpc": "127.0.0.1:0", "otlp_http": "127.0.0.1:0", "web": "127.0.0.1:0"}
_GUARDED = (
    "/",
    "/metrics",
    "/api/models",
    "/api/alarms",
    "/api/page/overview",
    "/nothing",
    "/staticx",
)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def settings(path: Path, monkeypatch: pytest.MonkeyPatch, **tables: Any) -> Config:
    """With a token for each right, one from a file and two from the environment."""
    (path / "otlp-token").write_text(_WRITER, encoding="utf-8")
    monkeypatch.setenv("READ_TOKEN", _READER)
    monkeypatch.setenv("REVIEW_TOKEN", _REVIEWER)
    tokens = {
        "otlp": f"file:{path / 'otlp-token'}",
        "read": "env:READ_TOKEN",
        "review": "env:REVIEW_TOKEN",
    }
    serve = {"state_dir": str(path / "state"), **_PORTS, **tables.pop("serve", {})}
    return parse_config({"serve": serve, "tokens": tokens, **tables})


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with Service(settings(tmp_path, monkeypatch)) as running:
        yield running


@pytest.fixture
def page(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{service.addresses['web']}", timeout=10) as client:
        yield client


def log_in(page: httpx.Client, token: str = _READER, **headers: str) -> httpx.Response:
    given = {"sec-fetch-site": "same-origin", **headers}
    return page.post("/login", data={"token": token}, headers=given)


def refusals(service: Service) -> dict[str, float]:
    return {
        attributes[0][1]: value
        for (metric, attributes), value in service.telemetry.counters().items()
        if metric == "barograph.monitor.refused"
    }


def test_each_right_takes_its_own_token(service: Service, page: httpx.Client) -> None:
    for path in _GUARDED:
        assert page.get(path).status_code == 401, path
        assert page.get(path, headers=bearer(_WRITER)).status_code == 401, path
        for token in (_READER, _REVIEWER):
            assert page.get(path, headers=bearer(token)).status_code in (200, 404), path
    url = f"http://{service.addresses['otlp_http']}/v1/traces"
    body = traces(prediction(1, {"input.x": 1.0}))
    for token, status in ((_READER, 401), (_REVIEWER, 401), (_WRITER, 200)):
        headers = {"content-type": "application/x-protobuf", **bearer(token)}
        assert httpx.post(url, content=body, headers=headers).status_code == status
    assert refusals(service)["unauthenticated"] == 2 * len(_GUARDED) + 2


def test_what_tells_nothing_is_open(page: httpx.Client) -> None:
    for path in ("/healthz", "/readyz", "/login", "/static/css/page.css"):
        assert page.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    ["/static/../metrics", "/static/%2e%2e/metrics", "//metrics", "/static/..%2f..%2fapp.py"],
)
def test_no_way_around(page: httpx.Client, path: str) -> None:
    host = page.base_url
    with socket.create_connection((host.host, host.port or 0), timeout=10) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = raw.makefile("rb").read()
    assert answer.split()[1] in (b"401", b"404")
    assert b"barograph_monitor" not in answer


def test_browser_is_sent_to_the_form_and_in(page: httpx.Client) -> None:
    answer = page.get("/", headers={"accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    form = page.get("/login")
    assert 'name="token"' in form.text
    assert "form-action 'self'" in form.headers["content-security-policy"]
    answer = log_in(page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert _READER not in cookie
    for path in _GUARDED:
        assert page.get(path).status_code in (200, 404), path
    assert page.post("/logout", headers={"sec-fetch-site": "same-origin"}).status_code == 303
    assert page.get("/").status_code == 401


@pytest.mark.parametrize("token", ["wrong-wrong-wrong-wrong", "", _WRITER, "x" * 100_000])
def test_token_that_does_not_fit_begins_no_session(page: httpx.Client, token: str) -> None:
    answer = log_in(page, token)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert page.get("/").status_code == 401


def test_reviews_alone_may_take_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody reads then, and a browser shows its token as anywhere else."""
    monkeypatch.setenv("REVIEW_TOKEN", _REVIEWER)
    serve = {"state_dir": str(tmp_path / "state"), **_PORTS}
    config = parse_config({"serve": serve, "tokens": {"review": "env:REVIEW_TOKEN"}})
    with (
        Service(config) as service,
        httpx.Client(base_url=f"http://{service.addresses['web']}", timeout=10) as page,
    ):
        assert page.get("/").status_code == 200
        own = {"sec-fetch-site": "same-origin"}
        assert page.post("/api/review", json={}, headers=own).status_code == 401
        unknown = {**own, **bearer(_READER)}
        assert page.post("/api/review", json={}, headers=unknown).status_code == 401
        assert 'name="token"' in page.get("/login").text
        assert log_in(page, _READER).status_code == 401
        assert page.post("/api/review", json={}, headers=own).status_code == 401
        assert log_in(page, _REVIEWER).status_code == 303
        assert page.post("/api/review", json={}, headers=own).status_code == 400


def test_cookie_of_another_is_none(page: httpx.Client) -> None:
    for value in ("", "guess", _READER):
        assert page.get("/", headers={"cookie": f"barograph={value}"}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_other_sites_cannot_let_a_browser_change_anything(
    page: httpx.Client, headers: dict[str, str]
) -> None:
    """Neither log it in with their token, nor out; nor post with the cookie that it has."""
    assert page.post("/login", data={"token": _READER}, headers=headers).status_code == 403
    assert "barograph" not in page.cookies
    log_in(page)
    for path in ("/logout", "/api/models", "/"):
        assert page.post(path, headers=headers).status_code == 403, path
    assert page.get("/").status_code == 200


def test_own_page_of_an_old_browser_may(page: httpx.Client) -> None:
    """It says its origin alone."""
    origin = str(page.base_url).rstrip("/")
    answer = page.post("/login", data={"token": _READER}, headers={"origin": origin})
    assert answer.status_code == 303


@pytest.mark.parametrize("which", ["web", "otlp_http"])
def test_name_that_is_not_ours_is_refused(service: Service, which: str) -> None:
    """What DNS rebinding looks like from here."""
    url = f"http://{service.addresses[which]}/healthz"
    for host in ("rebound.example", "127.0.0.1.rebound.example:80", ""):
        answer = httpx.get(url, headers={"host": host, **bearer(_READER)})
        assert answer.status_code == 400
    for host in ("localhost", "barograph:34380", "10.0.0.7"):
        assert httpx.get(url, headers={"host": host}).status_code in (200, 404)


def test_configured_name_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = settings(tmp_path, monkeypatch, serve={"hosts": ["barograph.example"]})
    with Service(config) as service:
        url = f"http://{service.addresses['web']}/healthz"
        headers = {"host": "Barograph.example:443"}
        assert httpx.get(url, headers=headers).status_code == 200


def test_every_answer_has_the_headers(service: Service, page: httpx.Client) -> None:
    otlp = f"http://{service.addresses['otlp_http']}"
    answers = [
        *(page.get(path) for path in (*_GUARDED, "/login", "/healthz", "/static/nothing")),
        page.get("/", headers={"host": "rebound.example"}),
        httpx.post(f"{otlp}/v1/traces"),
        httpx.get(f"{otlp}/nothing"),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff", answer.url
        assert "default-src 'none'" in answer.headers["content-security-policy"], answer.url
        assert answer.headers["cache-control"] in ("no-store", "no-cache"), answer.url


def test_all_of_it_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OTLP takes a client's certificate and a token here, the page the token alone."""
    authority = Authority(tmp_path)
    tls = {
        "cert": authority.file("server"),
        "key": authority.file("server.key"),
        "client_ca": authority.file("ca"),
    }
    with Service(settings(tmp_path, monkeypatch, tls=tls)) as service:
        where = service.addresses
        body = traces(prediction(1, {"input.x": 1.0}))
        headers = {"content-type": "application/x-protobuf", **bearer(_WRITER)}
        url = f"https://{where['otlp_http']}/v1/traces"
        answer = httpx.post(url, content=body, headers=headers, verify=authority.trusting("client"))
        assert answer.status_code == 200
        trusting = authority.trusting()
        with httpx.Client(base_url=f"https://{where['web']}", verify=trusting) as page:
            assert page.get("/metrics").status_code == 401
            cookie = log_in(page).headers["set-cookie"]
            assert cookie.startswith("__Host-barograph=")
            assert "Secure" in cookie
            assert page.get("/metrics").status_code == 200


def test_listening_to_others_takes_tls_and_tokens_or_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    serve = {"state_dir": str(tmp_path / "state"), **_PORTS, "web": "0.0.0.0:0"}
    with pytest.raises(ConfigurationError, match=r"web listens on 0\.0\.0\.0:0 without TLS"):
        Service(parse_config({"serve": serve}))
    assert not (tmp_path / "state").exists()
    with Service(parse_config({"serve": {**serve, "trust_network": True}})):
        pass
    assert "without TLS and without a token, and trust_network" in caplog.text


def test_commands_that_ask_a_service_show_the_token(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "report.html"
    command = [sys.executable, "-m", "barograph_processor", "report", "--output", str(output)]
    where = ["--from", f"http://{service.addresses['web']}"]
    for token, code in (("", 2), ("wrong-wrong-wrong-wrong", 2), (_READER, 0)):
        monkeypatch.setenv("BAROGRAPH_TOKEN", token)
        done = subprocess.run([*command, *where], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert ("401" in done.stderr) is (code != 0)
        assert "Traceback" not in done.stderr
        assert output.exists() is (code == 0)


def test_tokens_show_nowhere(service: Service, page: httpx.Client) -> None:
    """Neither in the configuration as it is dumped, nor in an answer."""
    shown = repr(service._config) + json.dumps([p.text for p in map(page.get, _GUARDED)])
    for token in (_WRITER, _READER, _REVIEWER):
        assert token not in shown


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_HEADER_SECONDS", 0.3)
    monkeypatch.setattr(protocol, "_BODY_SECONDS", 0.3)
    monkeypatch.setattr(protocol, "_WRITE_SECONDS", 0.3)


def _ends(raw: socket.socket, feed: Callable[[], None]) -> bool:
    """Whether the server closes the connection within ten seconds, while it is fed."""
    raw.settimeout(0.1)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            feed()
            if not raw.recv(4096):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /",
    ],
)
def test_slow_headers_end_the_connection(start: bytes) -> None:
    """One byte at a time, for as long as one likes, also behind a whole request."""
    server = AsgiServer(_short, "127.0.0.1:0", what="test")
    server.start()
    host, _, port = server.address.partition(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(start)
        assert _ends(raw, (lambda: raw.sendall(b"x")) if start else (lambda: None))
    server.stop()


@pytest.mark.usefixtures("hasty")
def test_slow_body_ends_the_connection() -> None:
    """Whoever reads it, and however patient that is."""
    server = AsgiServer(_patient, "127.0.0.1:0", what="test")
    server.start()
    host, _, port = server.address.partition(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        assert _ends(raw, lambda: raw.sendall(b"x"))
    server.stop()


@pytest.mark.usefixtures("hasty")
def test_connection_that_is_used_well_is_kept() -> None:
    """Longer than any of the limits, with bodies and answers."""
    server = AsgiServer(_short, "127.0.0.1:0", what="test")
    server.start()
    with httpx.Client(base_url=f"http://{server.address}") as client:
        for _ in range(10):
            assert client.post("/", content=b"x" * 100_000).status_code == 200
            time.sleep(0.1)
        assert len(server._server.server_state.connections) == 1
    server.stop()


@pytest.mark.usefixtures("hasty")
def test_client_that_does_not_read_is_let_go() -> None:
    server = AsgiServer(_large, "127.0.0.1:0", what="test")
    server.start()
    host, _, port = server.address.partition(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        connections = server._server.server_state.connections
        eventually(lambda: connections)
        eventually(lambda: not connections)
    server.stop()


async def _short(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


async def _patient(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _large(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(64 * 1024 * 1024)})
