"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from barograph_processor.config import Config, ServeConfig, load_config
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.signal import URGENCY

__all__ = [
    "FAILED",
    "SERVICE",
    "URL",
    "ConfigFile",
    "Export",
    "FailOn",
    "Model",
    "OtlpGrpc",
    "OtlpHttp",
    "StateDir",
    "TokenFile",
    "TrustNetwork",
    "Url",
    "Web",
    "check_severity",
    "configured",
    "with_flags",
]

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file; every key also as BAROGRAPH_*.")
]
StateDir = Annotated[
    str | None, typer.Option(help="Journal and checkpoints [default: ./barograph-state].")
]
OtlpGrpc = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="OTLP over gRPC [default: 127.0.0.1:34317]."),
]
OtlpHttp = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="OTLP over HTTP [default: 127.0.0.1:34318]."),
]
Web = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Page, API and /metrics [default: 127.0.0.1:34380]."),
]
Export = Annotated[
    str | None,
    typer.Option(
        metavar="ENDPOINT",
        help="Where metrics and alarms are sent: HOST:PORT for OTLP/gRPC, a URL for OTLP/HTTP.",
    ),
]
TrustNetwork = Annotated[
    bool | None,
    typer.Option(
        "--trust-network",
        help="Listen beyond this machine without TLS or tokens: something else guards it.",
    ),
]

SERVICE: Final = "http://127.0.0.1:34380"
"""Where a service is asked unless said otherwise: where one listens by default."""

URL: Final = ("--url", "--from")
"""What every command that asks a running service calls its address."""

Url = Annotated[str, typer.Option(*URL, metavar="URL", help="Where its page is.")]
TokenFile = Annotated[
    Path | None,
    typer.Option(help="File with a token that may read; else BAROGRAPH_TOKEN holds it."),
]
FAILED: Final = 3
"""Exit code where ``--fail-on`` is given and there is such an alarm."""

FailOn = Annotated[
    str | None,
    typer.Option(
        metavar="page|ticket|note", help="Exit 3 on alarms of that severity, or of a higher one."
    ),
]
Model = Annotated[str | None, typer.Option(help="Only this model, all its versions.")]


def check_severity(fail_on: str | None) -> None:
    """Refuse a ``--fail-on`` that is no severity.

    Raises:
        ConfigurationError: It is none.
    """
    if fail_on is not None and fail_on not in URGENCY:
        raise ConfigurationError(f"--fail-on must be page, ticket or note, got {fail_on!r}")


def with_flags(config: Config, **flags: Any) -> Config:
    """Return the configuration with flags over it; None leaves a key as it is.

    Raises:
        ConfigurationError: A flag's value cannot be used.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        serve: ServeConfig = msgspec.structs.replace(config.serve, **given)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    return msgspec.structs.replace(config, serve=serve)


def configured(path: Path | None, **flags: Any) -> Config:
    """Read the file and the environment, and put flags over them."""
    return with_flags(load_config(path), **flags)
