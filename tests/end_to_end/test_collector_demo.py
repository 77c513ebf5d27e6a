"""``python -m components demo``: the flights through the real Collector."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components import ComponentError
from components.__main__ import main
from components.collector import CONFIG
from components.demo.finding import Finding
from components.demo.stage import Stage
from components.demo.story import Story
from components.jaeger import Jaeger
from components.process import accepts_tcp, http_get


@pytest.mark.components
@pytest.mark.usefixtures("collector_binary", "jaeger_binary", "prometheus_binary")
def test_a_part_of_the_year_goes_the_whole_way(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("barograph_demo.model")
    done = main(["demo", "--headless", "--free-ports", "--flights", "3000"])
    printed = capsys.readouterr().out
    assert done == 0, printed
    assert "ok    3,000 spans sent = 3,000 predictions counted" in printed
    logs = re.search(r"logs +(\S+)", printed)
    assert logs is not None
    assert not Path(logs[1]).exists()


@pytest.mark.components
@pytest.mark.usefixtures("collector_binary", "jaeger_binary", "prometheus_binary")
def test_it_serves_until_ctrl_c_and_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("barograph_demo.model")
    command = [sys.executable, "-m", "components", "demo", "--free-ports", "--flights", "500"]
    with subprocess.Popen(
        command,
        cwd=CONFIG.parent,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as shown:
        assert shown.stdout is not None
        page = ""
        for line in shown.stdout:
            page = page or line.removeprefix("page").strip()
            if "press Ctrl-C" in line:
                break
        address = page.removeprefix("http://")
        assert http_get(address, "/healthz")[0] == 200
        shown.send_signal(signal.SIGINT)
        assert shown.wait(60) == 0
    assert not accepts_tcp(address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.components
@pytest.mark.usefixtures("collector_binary", "jaeger_binary", "prometheus_binary")
def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    """Whoever listens there would answer in our name."""
    stage = Stage(tmp_path, usual_ports=False)
    host, _, port = stage.web.rpartition(":")
    with (
        socket.create_server((host, int(port))),
        pytest.raises(ComponentError, match=f"listens on {stage.web}: .*--free-ports"),
        stage,
    ):
        pytest.fail("it started")
    assert not stage.jaeger.running


def test_a_missing_program_is_named_with_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAROGRAPH_CACHE", str(tmp_path))
    assert main(["demo", "--headless", "--free-ports"]) == 1
    assert "python -m components build" in capsys.readouterr().err


class Memory(Jaeger):
    """Has some traces, without a program behind it."""

    def __init__(self, *trace_ids: str) -> None:
        self.held = set(trace_ids)

    def has(self, trace_id: str) -> bool:
        if trace_id not in self.held:
            raise ComponentError(f"no trace {trace_id}")
        return True

    def trace(self, trace_id: str) -> dict[str, Any] | None:
        if trace_id == "nan":
            raise ComponentError("unsupported value: NaN")
        return {"spans": [{"operationName": "predict", "duration": 7}]}


def risk_alarm(*trace_ids: str, state: str = "open") -> dict[str, Any]:
    return {
        "type": "alarm",
        "signal": "risk",
        "state": state,
        "severity": "page",
        "sentence": "it went wrong",
        "trace_ids": list(trace_ids),
    }


def test_traces_are_looked_up_when_the_alarm_is_raised() -> None:
    """What Jaeger has forgotten since then was there; what it cannot show is there."""
    said: list[str] = []
    jaeger = Memory("a", "nan", "b")
    story = Story(jaeger, said.append)

    def lines() -> Any:
        yield risk_alarm("a", "nan")
        jaeger.held.discard("a")
        yield risk_alarm("a", state="updated")
        yield risk_alarm("b")
        yield {"type": "summary", "predictions": 12}

    story.follow(lines())
    assert story.counted == 12
    assert [finding.good for finding in story.findings()] == [True, True]
    assert "          trace a: predict, 7 us" in said
    assert "          trace nan: unsupported value: NaN" in said


def test_a_trace_that_jaeger_never_had_is_a_failure() -> None:
    story = Story(Memory("a"), lambda _: None)
    story.follow([risk_alarm("a", "b"), risk_alarm("a")])
    assert [finding.good for finding in story.findings()] == [False, True]


def test_a_finding_says_whether_it_is_so() -> None:
    assert str(Finding("all is well", good=True)) == "ok    all is well"
    assert str(Finding("all is well", good=False)) == "FAIL  all is well"
