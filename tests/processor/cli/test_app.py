"""The program as a shell meets it: exit codes, one line for a mistake, never a traceback."""

import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from barograph_processor.cli.app import app, main
from barograph_processor.cli.commands import COMMANDS, Commands
from barograph_processor.exceptions import OverloadedError


def barograph(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "barograph_processor", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


def test_version() -> None:
    done = barograph("--version")
    assert (done.returncode, done.stdout) == (0, f"barograph {version('barograph')}\n")


def test_the_list_of_commands_says_what_they_say_themselves() -> None:
    group = get_command(app)
    assert isinstance(group, Commands)
    context = typer.Context(group)
    for name, line in COMMANDS.items():
        command = group.get_command(context, name)
        assert command is not None
        assert (command.help or "").splitlines()[0] == line
    assert group.get_command(context, "divine") is None


@pytest.mark.parametrize("command", ["app", "replay", "baseline", "report", "status", "watch"])
def test_commands_that_need_no_sockets_import_none(command: str) -> None:
    """They would take longer to start than to work."""
    heavy = "{'grpc', 'uvicorn', 'starlette'}"
    code = f"import sys, barograph_processor.cli.{command}; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_sdk_alone_says_what_the_program_needs() -> None:
    """Its script is installed with it, without the libraries of the program."""
    code = "import sys; sys.modules['typer'] = None; import runpy; "
    code += "runpy.run_module('barograph_processor', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "barograph[processor]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("replay", "missing.csv"), "missing.csv"),
        (("replay", "data.csv", "--config", "missing.toml"), "missing.toml"),
        (("replay", "data.csv", "--fail-on", "panic"), "panic"),
        (("replay", "data.csv"), "row 2, column 'a'"),
        (("serve", "--config", "missing.toml"), "missing.toml"),
        (("baseline", "show", "missing.json"), "missing.json"),
        (("report",), "--from"),
    ],
)
def test_mistakes_are_exit_code_2_and_one_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "data.csv").write_text("a\n1\nx\n2\n3\n", encoding="utf-8")
    done = barograph(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("barograph: ")
    assert said in line


def test_what_may_go_well_another_time_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> None:
        raise OverloadedError("the disk is full")

    monkeypatch.setattr("barograph_processor.cli.app.app", full)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert capsys.readouterr().err == "barograph: the disk is full\n"


@pytest.mark.parametrize("arguments", [("replay",), ("divine",), ("serve", "--grcp", "x")])
def test_misuse_is_exit_code_2_and_says_how(arguments: tuple[str, ...]) -> None:
    done = barograph(*arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_ends_it_at_once_without_a_traceback(tmp_path: Path) -> None:
    """Exit code 130, as shells have it; what was printed is whole lines."""
    rows = "\n".join(str(i % 17) for i in range(200_000))
    (tmp_path / "data.csv").write_text(f"a\n{rows}\n", encoding="utf-8")
    (tmp_path / "replay.toml").write_text("[window]\nrows = 100\n", encoding="utf-8")
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "barograph_processor", "replay", "data.csv"),
            *("--json", "--config", "replay.toml"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert all(line.endswith("}") for line in out.splitlines())


def test_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    """As in ``barograph replay ... | head -1``."""
    rows = "\n".join(str(i % 17) for i in range(60_000))
    (tmp_path / "data.csv").write_text(f"a\n{rows}\n", encoding="utf-8")
    (tmp_path / "replay.toml").write_text("[window]\nrows = 100\n", encoding="utf-8")
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "barograph_processor", "replay", "data.csv"),
            *("--json", "--config", "replay.toml"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith('{"type":"window"')
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
