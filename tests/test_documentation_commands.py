"""Commands that the documentation shows: each is one that the programs take, or is listed here."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from barograph_processor.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = ("history.csv", "replay.toml", "loans.csv", "loans.toml", "barograph.toml")
"""Files of the reader that commands name; others are those of this repository."""

UNTRIED = {
    "pip install .": "the wheel is installed where the tests run",
    "pip install '.[processor]'": "the wheel is installed where the tests run",
    "otelcol --config otel-config.yaml": "test_collector_config.py starts the Collector with it",
    "python3 -m venv .venv": ".ci/run makes it",
    "python3 -m venv .venv && source .venv/bin/activate": ".ci/run makes it",
    ".venv/bin/python -m pip install -e '.[dev]'": ".ci/run does it",
    ".venv/bin/python -m pytest": "it runs this",
    "python start.py": "test_documentation_pages.py runs the program of the page",
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:34318 "
    "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf python app.py": "app.py is the reader's own",
}
"""Commands that are not tried here, and why that is no gap."""


def shown() -> list[str]:
    found: dict[str, None] = {}
    for page in PAGES:
        for block in re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            lines = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
            found.update(dict.fromkeys(re.sub(r"\s+#.*", "", line) for line in lines))
    return list(found)


COMMANDS = shown()
OURS = [line for line in COMMANDS if re.match(r"(\.venv/bin/)?barograph ", line)]
MADE = [line for line in COMMANDS if line.startswith("make ")]


def test_every_command_is_tried_or_listed_with_its_reason() -> None:
    """So that a new one is not skipped in silence, and a stale reason does not stay."""
    assert set(COMMANDS) - set(OURS) - set(MADE) == set(UNTRIED)
    assert len(OURS) >= 9


@pytest.mark.parametrize("line", OURS)
def test_the_program_takes_its_command(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its options exist and take such values; what it then does is tested elsewhere."""
    for name in (*NAMED, "otel-config.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    _, name, *arguments = shlex.split(line)
    group: Any = typer.main.get_command(app)
    command = group.get_command(None, name)
    assert command is not None
    with command.make_context(name, arguments) as context:
        assert not context.args


@pytest.mark.parametrize("line", MADE)
def test_make_has_its_target(line: str) -> None:
    rules = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"\bmake ([\w-]+)", line):
        assert re.search(rf"^{target}:", rules, re.MULTILINE), target
