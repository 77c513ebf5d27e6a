"""``barograph status``: how the models of a running service stand."""

from typing import Annotated

import orjson
import typer
from rich.console import Console

from barograph_processor.cli.client import service_client
from barograph_processor.cli.fleet import Fleet
from barograph_processor.cli.fleet_view import FleetView, plain_lines
from barograph_processor.cli.options import (
    FAILED,
    SERVICE,
    FailOn,
    Model,
    TokenFile,
    Url,
    check_severity,
)
from barograph_processor.exceptions import DataError

__all__ = ["status"]


def status(
    url: Url = SERVICE,
    token_file: TokenFile = None,
    model: Model = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    fail_on: FailOn = None,
) -> None:
    """Show how the models of a running service stand, and their open alarms.

    Ends with 0; with 2 if the service does not answer or an option cannot be used; with 3
    if --fail-on is given and an alarm of that severity, or of a higher one, is open.
    """
    check_severity(fail_on)
    with service_client(token_file=token_file) as client:
        fleet = Fleet.ask(client, url, model=model)
    if model is not None and not fleet.models:
        raise DataError(f"{url} knows no model {model!r}")
    console = Console(highlight=False)
    if json:
        typer.echo(orjson.dumps(fleet.document()).decode())
    elif console.is_terminal:
        console.print(FleetView(fleet))
    else:
        for line in plain_lines(fleet):
            typer.echo(line)
    if fail_on is not None and fleet.has(fail_on):
        raise typer.Exit(FAILED)
