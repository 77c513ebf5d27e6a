"""``barograph demo``: a real model on a year of real flights, everything on one machine."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from barograph_processor.cli.lines import alarm_line, print_line, window_line
from barograph_processor.cli.options import Export, OtlpGrpc, OtlpHttp, StateDir, Web, with_flags
from barograph_processor.cli.serve import stop_event
from barograph_processor.config import (
    AlarmConfig,
    Config,
    ModelConfig,
    OperationsConfig,
    ReferenceConfig,
    WindowConfig,
)
from barograph_processor.exceptions import BarographError, ConfigurationError
from barograph_processor.observation import ModelKey
from barograph_processor.service import Service
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.model import ModelState
from barograph_processor.state.registry import Happening
from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.views import iso

__all__ = ["demo"]

_MODEL: Final = "flight-delay"
_FLIGHTS: Final = 336_776
# The model was trained on January; February is the first month it had not seen.
_REFERENCE_END: Final = "2013-03-01T00:00:00Z"
_SETTLE_SECONDS: Final = 120.0


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="End when the year is over; serve no longer.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines to stdout.")] = False,
    endpoint: Annotated[
        str | None,
        typer.Option(
            help="Where the application sends OTLP/HTTP, such as a Collector's "
            "http://127.0.0.1:4318 [default: this processor]."
        ),
    ] = None,
    flights: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many flights [default: all].")
    ] = None,
    state_dir: StateDir = None,
    otlp_grpc: OtlpGrpc = None,
    otlp_http: OtlpHttp = None,
    web: Web = None,
    export: Export = None,
) -> None:
    """Replay a year of flights through a watched model: quality falls, latency does not.

    The model predicts at departure whether a flight arrives late; the true
    answer comes when the flight lands. Every one of 336,776 calls goes through
    the decorated function and over OTLP.
    """
    if find_spec("barograph_demo") is None or find_spec("sklearn") is None:
        raise ConfigurationError("the demo needs more packages: pip install 'barograph[examples]'")
    with ExitStack() as stack:
        if state_dir is None:
            state_dir = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="barograph-demo-", ignore_cleanup_errors=True)
            )
        config = with_flags(
            _config(),
            state_dir=state_dir,
            otlp_grpc=otlp_grpc,
            otlp_http=otlp_http,
            web=web,
            export=export,
        )
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        story = _Story(console, as_json=as_json)
        stop = stop_event()
        service = stack.enter_context(Service(config, listener=story.tell))
        page = f"http://{service.addresses['web']}"
        console.print(f"page: {page}")
        target = endpoint or f"http://{service.addresses['otlp_http']}"
        sent = _run(service, target, flights, console, quiet=as_json, stop=stop.is_set)
        service.evaluate()
        summary = _summary(service, story)
        if as_json:
            print_line(summary)
        else:
            _print_summary(console, summary, sent)
        if not headless and not stop.is_set():
            console.print(f"the year is over; look at {page} and press Ctrl-C to end")
            stop.wait()


def _config() -> Config:
    model = ModelConfig(
        reference=ReferenceConfig(until=_REFERENCE_END),
        window=WindowConfig(seconds=7 * 86_400),
        # In weeks: one false alarm of the whole model in ten years.
        alarm=AlarmConfig(windows_between_false_alarms=520),
        operations=OperationsConfig(latency_p95_s=0.05, error_rate=0.01),
    )
    return Config(models={_MODEL: model})


class _Story:
    """Collects what happened, and prints it as it happens."""

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self._console = console
        self._as_json = as_json
        self.windows: list[WindowRecord] = []
        self.alarms: list[AlarmChange] = []

    def tell(self, happenings: Sequence[Happening]) -> None:
        """Take what happened since the last call."""
        for _, event in happenings:
            if isinstance(event, WindowRecord):
                self.windows.append(event)
                if self._as_json:
                    print_line(window_line(event))
            elif event.change != "settled":
                self.alarms.append(event)
                if self._as_json:
                    print_line(alarm_line(event))
                elif event.change != "updated":
                    self._say(event)

    def _say(self, event: AlarmChange) -> None:
        alarm = event.alarm
        mark = "resolved" if event.change == "resolved" else alarm.severity
        style = {"page": "bold red", "ticket": "yellow", "resolved": "green"}.get(mark, "dim")
        self._console.print(f"{mark:>8}  {alarm.sentence}", style=style, markup=False)


def _run(
    service: Service,
    endpoint: str,
    flights: int | None,
    console: Console,
    *,
    quiet: bool,
    stop: Any,
) -> dict[str, int]:
    """Run the application in a process of its own, until all it sent has been counted."""
    command = [sys.executable, "-m", "barograph_demo", "--endpoint", endpoint]
    if flights is not None:
        command += ["--limit", str(flights)]
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} flights"),
        TimeElapsedColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
        transient=True,
    )
    with bar, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this interpreter
        task = bar.add_task("replaying 2013", total=flights or _FLIGHTS)
        while process.poll() is None:
            if stop():
                process.terminate()
                process.wait(timeout=30)
                return {}
            bar.update(task, completed=_counts(service)[0])
            time.sleep(0.25)
        output = process.stdout.read() if process.stdout is not None else ""
        if process.returncode != 0:
            raise BarographError(f"the demo's application ended with {process.returncode}")
        sent: dict[str, int] = json.loads(output.strip().splitlines()[-1])
        deadline = time.monotonic() + _SETTLE_SECONDS
        while _counts(service)[0] < sent["predictions"] or _counts(service)[1] < sent["labels"]:
            if stop() or time.monotonic() > deadline:
                console.print("not everything that was sent has arrived", style="bold red")
                break
            bar.update(task, completed=_counts(service)[0])
            time.sleep(0.25)
    return sent


def _model(service: Service) -> ModelState | None:
    return next(
        (m for key, m in service.registry.models.items() if ModelKey(*key).name == _MODEL), None
    )


def _counts(service: Service) -> tuple[int, int]:
    """Return predictions and labels counted so far."""
    with service.pipeline.hold():
        model = _model(service)
        return (0, 0) if model is None else (model.counters.predictions, model.counters.labels)


def _summary(service: Service, story: _Story) -> dict[str, Any]:
    predictions, labels = _counts(service)
    with service.pipeline.hold():
        model = _model(service)
        reference = None if model is None or model.reference is None else model.reference
    worst = [p95 for w in story.windows if (p95 := w.signals["latency"]["p95_s"]) is not None]
    return {
        "type": "summary",
        "predictions": predictions,
        "labels": labels,
        "windows": len(story.windows),
        "alarms": [alarm_line(change) for change in story.alarms if change.change == "open"],
        "states": _states(story.windows),
        "latency_p95_s": {
            "reference": None if reference is None else reference.operations.p95,
            "worst_window": max(worst, default=None),
        },
    }


def _states(windows: Sequence[WindowRecord]) -> list[dict[str, str | None]]:
    """Return the stretches of windows in the same state."""
    stretches: list[dict[str, str | None]] = []
    for window in windows:
        if not stretches or stretches[-1]["state"] != window.condition:
            stretches.append({"state": window.condition, "from": iso(window.start_ns), "to": None})
        stretches[-1]["to"] = iso(window.end_ns)
    return stretches


def _print_summary(console: Console, summary: dict[str, Any], sent: dict[str, int]) -> None:
    latency = summary["latency_p95_s"]
    console.print(
        f"{summary['predictions']:,} predictions and {summary['labels']:,} labels counted"
        + (f" of {sent['predictions']:,} and {sent['labels']:,} sent" if sent else "")
    )
    for stretch in summary["states"]:
        console.print(f"  {stretch['from'][:10]} to {stretch['to'][:10]}  {stretch['state']}")
    if latency["reference"] is not None and latency["worst_window"] is not None:
        console.print(
            f"latency p95: {latency['reference'] * 1e3:.2f} ms in the reference, "
            f"{latency['worst_window'] * 1e3:.2f} ms in the worst window"
        )
