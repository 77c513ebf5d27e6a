"""Building, starting and ending programs, with small stand-ins for the real ones."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import components.build
import components.process
from components import ComponentError, ComponentMissingError, Process, Recipe, free_addresses
from components.__main__ import main
from components.process import accepts_tcp, http_get, wait_until

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); "
SLEEP = "time.sleep(60)"


def python(
    directory: Path, code: str, ready: Callable[[], bool] = lambda: True, timeout: float = 30
) -> Process:
    return Process(
        "child", [sys.executable, "-c", code], directory=directory, ready=ready, timeout=timeout
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_program_is_started_stopped_and_started_again(tmp_path: Path) -> None:
    address = free_addresses(1)[0]
    host, _, port = address.rpartition(":")
    server = Process(
        "server",
        [sys.executable, "-m", "http.server", port, "--bind", host],
        directory=tmp_path / "made",
        ready=lambda: http_get(address, "/")[0] == 200,
    )
    with server:
        first = server.pid
        assert alive(first)
        with pytest.raises(ComponentError, match="running already"):
            server.start()
    assert not server.running
    assert not alive(first)
    assert not accepts_tcp(address)
    server.stop()
    server.kill()
    with pytest.raises(ComponentError, match="not running"):
        _ = server.pid
    with server:
        assert server.pid != first
        assert accepts_tcp(address)


def test_a_program_that_ends_at_once_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match=r"(?s)ended with 3.*no such luck"):
        python(tmp_path, "print('no such luck'); raise SystemExit(3)", ready=lambda: False).start()


def test_a_program_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); {SLEEP}"
    never = python(tmp_path, code, ready=lambda: False, timeout=1)
    with pytest.raises(ComponentError, match="waited 1 s for child to be ready"):
        never.start()
    assert not never.running
    assert not alive(int(pid_file.read_text()))


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = python(
        tmp_path, STUBBORN + SLEEP, ready=lambda: "here" in stubborn.log_tail(), timeout=2
    )
    with stubborn:
        pid = stubborn.pid
    assert not alive(pid)


def test_waiting_tells_what_for_and_the_last_answer() -> None:
    with pytest.raises(ComponentError, match=r"waited 0 s for rain; last answer: \[\]"):
        wait_until(list[int], what="rain", timeout=0)
    with pytest.raises(ComponentError, match="last answer: ConnectionRefusedError"):
        wait_until(lambda: http_get(free_addresses(1)[0], "/"), what="rain", timeout=0)


def test_addresses_differ_and_are_on_loopback() -> None:
    addresses = free_addresses(50)
    assert len(set(addresses)) == 50
    assert all(address.startswith("127.0.0.1:") for address in addresses)


def test_no_address_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that takes its addresses in several calls would be told that one is taken."""
    monkeypatch.setattr(components.process, "_PORTS", range(28_000, 28_100))
    monkeypatch.setattr(components.process, "_given", set[int]())
    given = [address for _ in range(8) for address in free_addresses(10)]
    assert len(set(given)) == 80
    with pytest.raises(ComponentError, match="no port is left"):
        free_addresses(21)


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A recipe whose Go is a shell script that counts its builds."""
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "go.mod").write_text("module x\n\ngo 1.25.0\n")
    monkeypatch.setattr(components.build, "_HERE", tmp_path)
    monkeypatch.setenv("BAROGRAPH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    fake_go(tmp_path, "1.26.0", f'echo built >> "{tmp_path}/builds"; echo binary > "$out"')
    return Recipe(name="thing", executable="thing", package=".")


def fake_go(directory: Path, version: str, build: str) -> None:
    go = directory / "go"
    go.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit; fi\n'
        'while [ "$1" != -o ]; do shift; done; out=$2\n'
        f"{build}\n"
    )
    go.chmod(0o755)


def test_what_is_built_is_not_built_again(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ComponentMissingError, match="python -m components build thing"):
        recipe.find()
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: recipe.build(), range(4)))
    assert paths == {recipe.find()}
    assert (tmp_path / "builds").read_text() == "built\n"
    assert [entry.name for entry in recipe.path.parent.iterdir()] == ["thing"]


def test_other_inputs_are_another_binary(recipe: Recipe, tmp_path: Path) -> None:
    before = recipe.path
    (tmp_path / "thing" / "README.md").write_text("no input")
    assert recipe.path == before
    (tmp_path / "thing" / "main.go").write_text("package main\n")
    assert recipe.path != before


def test_a_failed_build_leaves_nothing_and_tells_why(recipe: Recipe, tmp_path: Path) -> None:
    fake_go(tmp_path, "1.26.0", 'echo half > "$out"; echo "undefined: x" >&2; exit 1')
    with pytest.raises(ComponentError, match="undefined: x"):
        recipe.build()
    assert list(recipe.path.parent.iterdir()) == []


def test_go_must_be_there_and_new_enough(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(tmp_path, "1.9.2", "")
    with pytest.raises(ComponentMissingError, match=r"needs Go 1\.25 or newer, and .* is 1\.9"):
        recipe.build()
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(ComponentMissingError, match="there is no `go`"):
        recipe.build()


def test_the_command_line_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAROGRAPH_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["check"]) == 1
    printed = capsys.readouterr().out
    for name in ("collector", "jaeger", "prometheus", "promtool", "chromium"):
        assert any(line.startswith(name) and "MISSING" in line for line in printed.splitlines()), (
            name
        )
    assert main(["path", "collector"]) == 1
    assert "python -m components build collector" in capsys.readouterr().err
    assert main(["install"]) == 1
