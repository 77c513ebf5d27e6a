"""``barograph baseline``: what normal is, as a file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import typer
from rich.console import Console
from rich.table import Table

from barograph_processor.cli.client import model_path, service_client
from barograph_processor.cli.options import SERVICE, URL
from barograph_processor.cli.progress import progress
from barograph_processor.config import ReferenceConfig
from barograph_processor.exceptions import ConfigurationError, DataError
from barograph_processor.history.config import load_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.web.views import iso

__all__ = ["app"]

app = typer.Typer(
    help="Learn, look at, and pin what is normal for a model.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_EVERYTHING = 2**62

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]


@app.command()
def create(
    data: Annotated[Path, typer.Argument(help="CSV, CSV.gz or Parquet.", show_default=False)],
    config: Annotated[Path | None, typer.Option("--config", help="TOML, as for replay.")] = None,
    output: Output = Path("baseline.json"),
) -> None:
    """Learn a reference from all rows of a file; ``reference.file`` then names it."""
    settings = load_replay_config(config)
    reference = ReferenceConfig(rows=_EVERYTHING, season=settings.reference.season)
    run = Replay(data, msgspec.structs.replace(settings, reference=reference))
    with progress(Console(stderr=True), f"reading {data.name}") as show:
        learnt = run.learn(show)
    _write(replace(learnt, evaluated=True), output)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="A baseline file.", show_default=False)],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the file's facts as JSON.")
    ] = False,
) -> None:
    """Say what a reference holds."""
    baseline = _read(file)
    facts = _facts(baseline)
    if as_json:
        typer.echo(json.dumps(facts))
        return
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), "unknown" if value is None else str(value))
    Console(highlight=False).print(table)


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="The model's name.", show_default=False)],
    version: Annotated[str, typer.Argument(help="Its version.", show_default=False)],
    service: Annotated[
        str, typer.Option(*URL, metavar="URL", help="The running service.")
    ] = SERVICE,
    output: Output = Path("baseline.json"),
) -> None:
    """Take the reference that a running service has learnt from what it observed, as a file."""
    url = f"{service.rstrip('/')}/api/baseline/{model_path(model, version)}"
    try:
        with service_client() as client:
            answer = client.get(url)
        document: Any = answer.json()
        if answer.status_code != httpx.codes.OK:
            raise DataError(str(document.get("error", answer.status_code)))
        learnt = Baseline.from_json(document)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        raise DataError(f"{url}: {error}") from error
    _write(learnt, output)


def _write(baseline: Baseline, output: Path) -> None:
    try:
        output.write_text(json.dumps(baseline.to_json()), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{output}: {error.strerror}") from error
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"wrote {output}: {baseline.rows:,} rows"
    )


def _read(file: Path) -> Baseline:
    try:
        return Baseline.read(file)
    except ValueError as error:
        raise DataError(str(error)) from error


def _facts(baseline: Baseline) -> dict[str, Any]:
    quality, operations = baseline.quality, baseline.operations
    profile = baseline.profile
    explained = {} if baseline.errors is None else baseline.errors.explained
    return {
        "rows": baseline.rows,
        "windows": len(profile.rows),
        "end": iso(baseline.end_ns),
        "streams": len(profile.layout.keys),
        "risk": None if quality is None else quality.risk,
        "risk_upper_bound": None if quality is None else quality.bound,
        "labels": 0 if quality is None else quality.labels,
        **({} if quality is None else dict(quality.performance)),
        **{f"{name}_explained": share for name, share in explained.items()},
        **{f"offline_{name}": value for name, value in baseline.promised.items()},
        "latency_p95_s": operations.p95,
        "error_rate": operations.error_rate,
    }
