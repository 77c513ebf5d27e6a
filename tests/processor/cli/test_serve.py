"""``barograph serve`` under a supervisor: readiness, the log, and an end that loses nothing."""

import itertools
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from barograph_processor.service import Service
from tests.processor.otlp.build import prediction, traces
from tests.processor.receiver.held import connected, grpc_calls
from tests.processor.test_service import config, counted

_SPANS = 50


@contextmanager
def serving(
    path: Path, *, stdin: int = subprocess.DEVNULL, **environ: str
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run it with a JSON log; yield the process and its line that says that it is ready."""
    ports = ["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--web", "127.0.0.1:0"]
    command = [sys.executable, "-m", "barograph_processor", "serve", *ports]
    with subprocess.Popen(
        [*command, "--state-dir", str(path / "state")],
        stdin=stdin,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BAROGRAPH_LOG_FORMAT": "json", **environ},
    ) as process:
        assert process.stderr is not None
        try:
            yield process, json.loads(process.stderr.readline())
        finally:
            process.kill()


def test_log_is_json_from_the_first_line_to_the_last(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, ready):
        assert ready["message"] == "ready"
        assert httpx.get(f"{ready['page']}/readyz").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        last = [json.loads(line)["message"] for line in process.stderr]
        assert last[-1] == "stopped"
        assert process.wait() == 0


def test_why_it_does_not_start_is_json_too(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no directory")
    with serving(tmp_path) as (process, why):
        assert why["level"] == "error"
        assert "File exists" in why["message"]
        assert process.stderr is not None
        assert not process.stderr.read()
        assert process.wait() == 2


def test_hangup_without_a_terminal_changes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, ready):
        process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{ready['page']}/readyz").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0


def test_hangup_of_the_terminal_ends_it(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    with serving(tmp_path, stdin=theirs) as (process, _):
        process.send_signal(signal.SIGHUP)
        assert process.wait() == 0
    os.close(ours)
    os.close(theirs)


def test_bad_bytes_write_nothing_into_the_log(tmp_path: Path) -> None:
    """Not even gRPC's own core, which would write in a format of its own."""
    with serving(tmp_path) as (process, ready):
        with connected(ready["otlp_grpc"], 3, grpc_calls(1, **{"grpc-encoding": "zstd"})) as held:
            for one in held:
                assert one.recv(1000)
            time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        messages = [json.loads(line)["message"] for line in process.stderr]
        assert messages[-1] == "stopped"
        assert len(messages) == 2


def test_systemd_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        with serving(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as (process, _):
            assert manager.recv(100) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert manager.recv(100) == b"STOPPING=1"
            assert process.wait() == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_sigterm_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    """Nor does it count anything twice: what was refused was not taken."""
    acknowledged: set[int] = set()
    numbers, stop = itertools.count(seed * 1_000_000), threading.Event()

    def send(url: str) -> None:
        headers = {"content-type": "application/x-protobuf"}
        with httpx.Client(timeout=30, headers=headers) as client:
            while not stop.is_set():
                number = next(numbers)
                first = number * _SPANS
                spans = (prediction(n, {"input.x": 1.0}) for n in range(first, first + _SPANS))
                try:
                    answer = client.post(url, content=traces(*spans))
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    acknowledged.add(number)

    with serving(tmp_path) as (process, ready):
        url = f"{ready['otlp_http']}/v1/traces"
        senders = [threading.Thread(target=send, args=(url,)) for _ in range(4)]
        for sender in senders:
            sender.start()
        while len(acknowledged) < 20:
            stop.wait(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        stop.set()
        for sender in senders:
            sender.join()
    sent = next(numbers) - seed * 1_000_000
    with Service(config(tmp_path)) as service:
        rows = counted(service)["m"] / _SPANS
    assert len(acknowledged) <= rows <= sent
    # At most the answers that were under way when the connections ended.
    assert rows - len(acknowledged) <= len(senders)


@pytest.fixture
def few_files() -> Iterator[None]:
    """As if this machine let a process have few files open, unless it asks for more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files")
def test_connections_are_not_bounded_by_the_usual_limit_of_files(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _):
        soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        assert soft == (8192 if hard == resource.RLIM_INFINITY else min(8192, hard))
