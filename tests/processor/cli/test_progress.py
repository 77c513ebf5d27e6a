"""A bar at a terminal, nothing in a log."""

import io

import pytest
from rich.console import Console

from barograph_processor.cli.progress import progress


@pytest.mark.parametrize("terminal", [True, False])
def test_the_share_is_shown_to_people_alone(terminal: bool) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=80)
    with progress(console, "reading [red]a.csv") as show:
        show(0.37)
    assert ("37%" in written.getvalue()) is terminal
    assert ("reading [red]a.csv" in written.getvalue()) is terminal
