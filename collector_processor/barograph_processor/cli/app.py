"""The program ``barograph``: its commands, and what its exit codes mean."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from barograph_processor.cli.commands import Commands
from barograph_processor.cli.exit_codes import exit_code
from barograph_processor.exceptions import BarographError

__all__ = ["main"]

app = typer.Typer(
    name="barograph",
    cls=Commands,
    help="Quality and drift signals for models in production.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"barograph {version('barograph')}")
        raise typer.Exit


@app.callback()
def _options(
    _show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show it and end."),
    ] = False,
) -> None:
    """Quality and drift signals for models in production."""


def main() -> None:
    """Run a command.

    One line on stderr, and exit code 2, for input that cannot be used; 1 for what may go
    well another time.
    """
    try:
        app()
    except BarographError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"barograph: {error}", markup=False
        )
        sys.exit(exit_code(error))
