"""``barograph watch``: the same as ``status``, again and again."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from barograph_processor.cli.client import service_client
from barograph_processor.cli.fleet import Fleet
from barograph_processor.cli.fleet_view import FleetView, plain_lines
from barograph_processor.cli.options import SERVICE, Model, TokenFile, Url
from barograph_processor.exceptions import DataError

__all__ = ["watch"]

# A view that hangs for longer is worth a note.
_PATIENCE = 10.0


def watch(
    url: Url = SERVICE,
    token_file: TokenFile = None,
    model: Model = None,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
) -> None:
    """Show how the models of a running service stand, live, until Ctrl-C.

    While the service is away the last view stays, with a note. Ends with 0 at Ctrl-C, with
    2 if an option cannot be used. Where nobody looks, prints plain lines when they change.
    """
    console = Console(highlight=False)
    with service_client(token_file=token_file, timeout=_PATIENCE) as client:

        def ask() -> Fleet:
            return Fleet.ask(client, url, model=model)

        show = _live if console.is_terminal else _plain
        try:
            show(console, ask, lambda: time.sleep(every))
        except KeyboardInterrupt:
            return


class _Latest:
    """The last view of a service that may be away."""

    def __init__(self, ask: Callable[[], Fleet]) -> None:
        self._ask = ask
        self._fleet: Fleet | None = None
        self._seen = ""

    def look(self) -> tuple[Fleet, str | None]:
        """Return what is known, and a note if that is old."""
        try:
            self._fleet = self._ask()
        except DataError as error:
            if self._fleet is None:
                return Fleet([], []), f"waiting for the service: {error}"
            return self._fleet, f"as of {self._seen}, the service is away: {error}"
        self._seen = f"{datetime.now().astimezone():%H:%M:%S}"
        return self._fleet, None


def _live(console: Console, ask: Callable[[], Fleet], pause: Callable[[], None]) -> None:
    latest = _Latest(ask)
    # Not on a screen of its own: the last view stays when this ends.
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            fleet, note = latest.look()
            live.update(FleetView(fleet, note=note), refresh=True)
            pause()


def _plain(console: Console, ask: Callable[[], Fleet], pause: Callable[[], None]) -> None:
    latest, shown = _Latest(ask), [""]
    while True:
        fleet, note = latest.look()
        lines = [note] if note is not None else list(plain_lines(fleet))
        if lines != shown:
            for line in lines:
                console.out(line, highlight=False)
            shown = lines
        pause()
