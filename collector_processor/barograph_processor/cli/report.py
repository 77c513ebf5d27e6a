"""``barograph report``: one HTML file about a replay, or about the running service."""

from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from barograph_processor.cli.client import model_path, service_client
from barograph_processor.cli.options import URL
from barograph_processor.cli.progress import progress
from barograph_processor.exceptions import ConfigurationError, DataError
from barograph_processor.history.config import load_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.report import render_report
from barograph_processor.web.views import model_view

__all__ = ["report"]


def report(
    data: Annotated[
        Path | None, typer.Argument(help="CSV, CSV.gz or Parquet to replay.", show_default=False)
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML, as for replay.")] = None,
    service: Annotated[
        str | None,
        typer.Option(
            *URL, metavar="URL", help="Ask a running service, such as http://127.0.0.1:34380."
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path(
        "barograph-report.html"
    ),
) -> None:
    """Write a self-contained HTML page with plots that explain each alarm."""
    if (data is None) == (service is None):
        raise ConfigurationError("give either a file to replay or --from URL")
    if data is not None:
        models, title = _replayed(data, config), f"Barograph: {data.name}"
    else:
        assert service is not None
        models, title = _asked(service), f"Barograph: {service}"
    try:
        output.write_text(render_report(models, title=title), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{output}: {error.strerror}") from error
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"wrote {output}")


def _replayed(data: Path, config: Path | None) -> list[dict[str, Any]]:
    run = Replay(data, load_replay_config(config))
    with progress(Console(stderr=True), f"replaying {data.name}") as show:
        for step in run.run():
            show(step.done)
    return [] if run.model is None else [model_view(run.model)]


def _asked(service: str) -> list[dict[str, Any]]:
    base = service.rstrip("/")
    try:
        with service_client() as client:
            found = client.get(f"{base}/api/models").raise_for_status().json()["models"]
            return [
                client.get(f"{base}/api/models/{model_path(model['name'], model['version'])}")
                .raise_for_status()
                .json()
                for model in found
            ]
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError) as error:
        raise DataError(f"{base} did not answer as a Barograph service: {error}") from error
