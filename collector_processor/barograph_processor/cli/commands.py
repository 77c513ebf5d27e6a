"""The commands by name, each imported when it is asked for.

``barograph --help`` and ``replay`` need no sockets; importing gRPC and the web
server for them would take most of their start.
"""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

__all__ = ["COMMANDS", "Commands"]

COMMANDS: Final = {
    "serve": "Receive OTLP traces and logs; show and export quality and drift signals.",
    "demo": "Replay a year of flights through a watched model: quality falls, latency does not.",
    "replay": "Say what would have been raised over a history, and when.",
    "report": "Write a self-contained HTML page with plots that explain each alarm.",
    "status": "Show how the models of a running service stand, and their open alarms.",
    "watch": "Show how the models of a running service stand, live, until Ctrl-C.",
    "doctor": "Check configuration, addresses, clock, state and Collector, and say what to mend.",
    "baseline": "Learn, look at, and pin what is normal for a model.",
}
"""Each command, and its first line of help: the same as its own, so that a list imports none."""


class Commands(TyperGroup):
    """The group of all commands.

    A command ``x`` is the function ``x`` of ``barograph_processor.cli.x``, or that module's
    ``app`` if it has commands of its own. Types of click are `Any`: which click Typer stands
    on, its own or the package, differs by version.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        """Return their names in the order of the help."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: Any,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> Any:
        """Import a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"barograph_processor.cli.{cmd_name}")
        if hasattr(module, "app"):
            return get_command(module.app)
        alone = typer.Typer(
            add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
        )
        alone.command(cmd_name)(getattr(module, cmd_name))
        return get_command(alone)

    def format_commands(
        self,
        ctx: Any,  # noqa: ARG002 - click's signature
        formatter: Any,
    ) -> None:
        """List them without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
