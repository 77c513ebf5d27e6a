"""``barograph doctor``: what is wrong here, and what to do about it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from barograph_processor.cli.options import (
    ConfigFile,
    Export,
    OtlpGrpc,
    OtlpHttp,
    StateDir,
    TrustNetwork,
    Web,
    configured,
)
from barograph_processor.doctor import Finding, Level, examine

__all__ = ["doctor"]

_CODES: Final[dict[Level, int]] = {"ok": 0, "warning": 1, "error": 2}
_STYLES: Final[dict[Level, str]] = {"ok": "green", "warning": "yellow", "error": "bold red"}


def doctor(
    config: ConfigFile = None,
    state_dir: StateDir = None,
    otlp_grpc: OtlpGrpc = None,
    otlp_http: OtlpHttp = None,
    web: Web = None,
    export: Export = None,
    trust_network: TrustNetwork = None,
    collector: Annotated[
        Path | None, typer.Option(help="The Collector's YAML, to check its wiring.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Check configuration, addresses, clock, state and Collector, and say what to mend.

    Takes the options of `serve`. Ends with 0 if all is well, 1 with warnings, 2 with errors.
    """
    settings = configured(
        config,
        state_dir=state_dir,
        otlp_grpc=otlp_grpc,
        otlp_http=otlp_http,
        web=web,
        export=export,
        trust_network=trust_network,
    )
    found = examine(settings, collector_file=collector)
    worst = max((finding.level for finding in found), key=_CODES.__getitem__)
    if json:
        answer = {"level": worst, "findings": [asdict(finding) for finding in found]}
        typer.echo(orjson.dumps(answer).decode())
    else:
        _show(found)
    raise typer.Exit(_CODES[worst])


def _show(found: Sequence[Finding]) -> None:
    table = Table(box=None, header_style="bold")
    for heading in ("", "check", "found"):
        table.add_column(heading, overflow="fold")
    for finding in found:
        what = Text(finding.message)
        if finding.remedy:
            what.append(f"\n→ {finding.remedy}", "bold")
        table.add_row(Text(finding.level, _STYLES[finding.level]), Text(finding.check), what)
    Console(highlight=False).print(table)
