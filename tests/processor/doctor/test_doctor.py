"""The doctor against real addresses, directories and processors, running and not."""

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from barograph_processor.config import Config, parse_config
from barograph_processor.doctor import Finding, examine
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.service import Service
from tests.processor.receiver.certificates import Authority

_TESTDATA = Path(__file__).parents[2] / "testdata"
_FREE = dict.fromkeys(("otlp_grpc", "otlp_http", "web"), "127.0.0.1:0")


def config(path: Path, **tables: Any) -> Config:
    serve = {"state_dir": str(path / "state"), **_FREE, **tables.pop("serve", {})}
    return parse_config({"serve": serve, **tables})


def found(config: Config, check: str) -> list[Finding]:
    return [finding for finding in examine(config) if finding.check == check]


def levels(config: Config, check: str) -> list[str]:
    return [finding.level for finding in found(config, check)]


def test_nothing_configured_is_fine(tmp_path: Path) -> None:
    assert {finding.level for finding in examine(config(tmp_path))} == {"ok"}
    assert list(tmp_path.iterdir()) == []


def test_a_baseline_that_serve_would_stop_at_is_an_error(tmp_path: Path) -> None:
    assert levels(config(tmp_path), "reference") == []
    gone = {"reference": {"file": str(tmp_path / "gone.json")}}
    for tables in (gone, {"models": {"m": gone}}):
        [finding] = found(config(tmp_path, **tables), "reference")
        assert finding.level == "error"
        assert "gone.json" in finding.message
        with pytest.raises(ConfigurationError):
            Service(config(tmp_path, **tables))


def test_running_processor_is_known(tmp_path: Path) -> None:
    with Service(config(tmp_path)) as service:
        running = config(tmp_path, serve=dict(service.addresses))
        for name in _FREE:
            [finding] = found(running, name)
            assert (finding.level, finding.message.endswith("by a processor")) == ("ok", True)
        assert any("in use" in finding.message for finding in found(running, "state"))
    [finding] = found(running, "web")
    assert "is free" in finding.message


def test_running_processor_behind_tls_and_tokens_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("OTLP_TOKEN", "writer-writer-writer")
    tls = {"cert": authority.file("server"), "key": authority.file("server.key")}
    other = {"cert": authority.file("client"), "key": authority.file("client.key")}
    tokens = {"otlp": "env:OTLP_TOKEN"}
    with Service(config(tmp_path, tls=tls, tokens=tokens)) as service:
        where = dict(service.addresses)
        running = config(tmp_path, serve=where, tls=tls, tokens=tokens)
        assert [levels(running, name) for name in _FREE] == [["ok"]] * 3
        confused = config(tmp_path, serve=where, tls=other, tokens=tokens)
        assert [levels(confused, name) for name in _FREE] == [["error"]] * 3


class Elsewhere(NamedTuple):
    """Another program's HTTP server."""

    address: str


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    class Handler(BaseHTTPRequestHandler):
        def date_time_string(self, _timestamp: float | None = None) -> str:
            return "Mon, 01 Jan 2001 00:00:00 GMT"

        def do_HEAD(self) -> None:
            self.send_response(404)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()

        def do_POST(self) -> None:
            self.do_HEAD()

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Elsewhere(f"127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()


def test_something_else_at_our_address_is_an_error(tmp_path: Path, elsewhere: Elsewhere) -> None:
    for name in _FREE:
        [finding] = found(config(tmp_path, serve={name: elsewhere.address}), name)
        assert (finding.level, "not as a processor" in finding.message) == ("error", True)


def test_address_that_is_not_ours_is_an_error(tmp_path: Path) -> None:
    [finding] = found(config(tmp_path, serve={"web": "192.0.2.1:34380"}), "web")
    assert (finding.level, "cannot be used" in finding.message) == ("error", True)


def test_downstream(tmp_path: Path, elsewhere: Elsewhere) -> None:
    """Away, something else, ourselves."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        away = f"127.0.0.1:{closed.getsockname()[1]}"
    for endpoint in (away, f"http://{elsewhere.address}", f"http://{elsewhere.address}/x"):
        assert levels(config(tmp_path, serve={"export": endpoint}), "export") == ["error"] * 2
    with Service(config(tmp_path)) as service:
        where = service.addresses
        own = config(tmp_path, serve={**where, "export": f"http://{where['otlp_http']}"})
        messages = [finding.message for finding in found(own, "export")]
        assert any("is this processor" in message for message in messages)
        assert any(message.endswith("takes logs") for message in messages)


def test_clock_far_from_the_downstreams_is_an_error(tmp_path: Path, elsewhere: Elsewhere) -> None:
    export = f"http://{elsewhere.address}"
    assert levels(config(tmp_path, serve={"export": export}), "clock") == ["error"]
    with Service(config(tmp_path)) as service:
        export = f"http://{service.addresses['otlp_http']}"
        assert levels(config(tmp_path, serve={"export": export}), "clock") == ["ok"]


def test_open_doors(tmp_path: Path) -> None:
    open_door = {"web": "0.0.0.0:0"}
    assert levels(config(tmp_path, serve=open_door), "exposure") == ["error"]
    trusted = {**open_door, "trust_network": True}
    assert levels(config(tmp_path, serve=trusted), "exposure") == ["warning"]


def test_secret_that_is_not_there(tmp_path: Path) -> None:
    tokens = {"read": f"file:{tmp_path / 'absent'}"}
    [finding] = found(config(tmp_path, tokens=tokens), "secrets")
    assert (finding.level, "absent" in finding.message) == ("error", True)


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("https://chat.example/secret", "ok"),
        ("http://127.0.0.1:9093", "ok"),
        ("http://chat.example/secret", "warning"),
        ("env:BAROGRAPH_TEST_ABSENT", "error"),
    ],
)
def test_webhooks(tmp_path: Path, url: str, level: str) -> None:
    [finding] = found(config(tmp_path, webhooks=[{"name": "ops", "url": url}]), "webhook ops")
    assert finding.level == level
    assert "secret" not in finding.message.replace("the secret env:", "")


def test_budget_of_a_model_of_its_own(tmp_path: Path) -> None:
    alarm = {"windows_between_false_alarms": 100}
    settings = config(tmp_path, alarm=alarm, models={"m": {"alarm": {"harm_share": 0.25}}})
    [default], [own] = found(settings, "budget"), found(settings, "budget of m")
    assert "100 windows: 50% for harm" in default.message
    assert "100 windows: 25% for harm" in own.message


def test_state_of_another_version_and_of_none(tmp_path: Path) -> None:
    with Service(config(tmp_path)):
        pass
    assert levels(config(tmp_path), "state") == ["ok", "ok"]
    journal = tmp_path / "state" / "journal.sqlite"
    with sqlite3.connect(journal) as database:
        database.execute("UPDATE checkpoint SET schema = 0")
    database.close()
    assert levels(config(tmp_path), "state") == ["ok", "error"]
    shutil.copy(_TESTDATA / "state-of-schema-1.sqlite", journal)
    [_, old] = found(config(tmp_path), "state")
    assert (old.level, "has format 1" in old.message) == ("error", True)
    journal.write_bytes(b"no database" * 100)
    assert levels(config(tmp_path), "state") == ["ok", "error"]


def test_state_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    for free, level in ((10 << 20, "error"), (1 << 30, "warning"), (1 << 40, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert levels(config(tmp_path), "state")[0] == level


def test_queues_of_webhooks_take_room_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5 << 30))
    webhook = {"name": "a", "url": "http://127.0.0.1:1", "queue_bytes": 2 << 30}
    assert levels(config(tmp_path), "state")[0] == "ok"
    assert levels(config(tmp_path, webhooks=[webhook]), "state")[0] == "warning"


def test_state_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    assert levels(config(tmp_path), "state") == ["error"]


def doctor(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    ports = ["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--web", "127.0.0.1:0"]
    return subprocess.run(
        [sys.executable, "-m", "barograph_processor", "doctor", *ports, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


def test_command_says_by_its_exit_code_how_bad_it_is(tmp_path: Path) -> None:
    (tmp_path / "no.yaml").write_text("service: {pipelines: {}}", encoding="utf-8")
    done = doctor("--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["level"]) == (0, "ok")
    done = doctor("--json", "--web", "0.0.0.0:0", "--trust-network", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["level"]) == (1, "warning")
    done = doctor("--collector", "no.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "error" in done.stdout
    assert "→ add otlp_grpc/barograph" in done.stdout
    done = doctor("--collector", "absent.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


@pytest.mark.parametrize(("mib", "level"), [(90, "error"), (110, "warning"), (130, "ok")])
def test_memory_that_is_short_before_anything_comes(tmp_path: Path, mib: int, level: str) -> None:
    [finding] = found(config(tmp_path, limits={"memory_bytes": mib << 20}), "memory")
    assert finding.level == level
    assert f"{mib} MiB" in finding.message
    assert ("limits.memory_bytes" in finding.remedy) == (level != "ok")
