"""What the pages for people show is what happens: programs, configurations, an alarm."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest
from pytest_examples import CodeExample, EvalExample, find_examples

import barograph
from barograph.testing import Recorder
from barograph_processor.config import parse_config
from barograph_processor.history.config import parse_replay_config
from barograph_processor.service import Service
from barograph_processor.state.alarm.harm_budget import HARM_SHARES

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("alarms", "budgets", "instrumentation", "labels", "migrating", "start")
EXAMPLES = list(find_examples(*(str(DOCS / f"{page}.md") for page in PAGES)))


def _blocks(page: str, language: str) -> list[str]:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _named(example: CodeExample) -> str:
    return f"{example.path.stem}:{example.start_line}"


@pytest.mark.parametrize("example", EXAMPLES, ids=_named)
def test_programs_run(
    example: CodeExample,
    eval_example: EvalExample,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Against a receiver in memory, each by itself."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(barograph, "configure", lambda **_: None)
    with Recorder() as recorder:
        eval_example.run(example)
    sends = re.search(r"^\s*barograph\.(label|reaction|evaluation)\(", example.source, re.MULTILINE)
    assert bool(recorder.facts) == bool(sends)


@pytest.mark.parametrize("page", PAGES)
def test_configurations_are_ones(page: str) -> None:
    for block in _blocks(page, "toml"):
        table = tomllib.loads(block)
        (parse_replay_config if "columns" in table else parse_config)(table)


def test_ten_minutes_end_with_the_alarm(tmp_path: Path) -> None:
    """With the configuration and the program of the page, and a real service."""
    (program,), (settings,) = _blocks("start", "python"), _blocks("start", "toml")
    free = dict.fromkeys(("otlp_grpc", "otlp_http", "web"), "127.0.0.1:0")
    serve = {"state_dir": str(tmp_path / "state"), **free}
    assert "http://127.0.0.1:34318" in program
    with Service(parse_config({**tomllib.loads(settings), "serve": serve})) as service:
        code = program.replace("127.0.0.1:34318", service.addresses["otlp_http"])
        try:
            exec(compile(code, "start.py", "exec"), {"__name__": "start"})  # noqa: S102 - the point
        finally:
            barograph.shutdown()
        service.pipeline.close()
        api = f"http://{service.addresses['web']}/api"
        (model,) = httpx.get(f"{api}/models").json()["models"]
        alarms = httpx.get(f"{api}/alarms").json()["alarms"]
    assert model["state"] == "silent_degradation", model["reasons"]
    assert {alarm["signal"] for alarm in alarms} == {"risk", "slice"}
    assert [alarm["slice"] for alarm in alarms if alarm["slice"]] == [{"country": "PT"}]


def test_the_alarm_that_is_read_is_the_one_that_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program,), (settings,) = _blocks("alarms", "python"), _blocks("alarms", "toml")
    (shown,) = _blocks("alarms", "text")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "history.py", "exec"), {"__name__": "history"})  # noqa: S102 - the point
    Path("loans.toml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "barograph_processor"]
    done = subprocess.run(
        [*command, "replay", "loans.csv", "--config", "loans.toml"],
        capture_output=True,
        text=True,
        check=True,
    )
    raised = [line for line in done.stderr.splitlines() if line.startswith("window")]
    assert raised == shown.splitlines()


def test_the_budget_is_split_as_the_page_says() -> None:
    text = (DOCS / "budgets.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| ([\d.]+) \|", text, re.MULTILINE)
    assert {monitor: float(share) for monitor, share in rows} == HARM_SHARES


def test_the_same_history_is_migrated_as_is_replayed() -> None:
    """So that the peers' answers beside it are about the same rows."""
    migrated, replayed = (tomllib.loads(*_blocks(page, "toml")) for page in ("migrating", "alarms"))
    assert migrated == replayed
