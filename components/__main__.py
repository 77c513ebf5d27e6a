"""``python -m components``: bring, find and check the real components."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from components.build import RECIPES
from components.demo import demo
from components.environment import ENVIRONMENTS
from components.errors import ComponentError, ComponentMissingError
from components.install import PACKAGES, install
from components.prometheus import find

__all__ = ["main"]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _finders() -> dict[str, Callable[[], Path]]:
    """Return, for everything that there can be, how to find it."""
    finders: dict[str, Callable[[], Path]] = {name: RECIPES[name].find for name in RECIPES}
    for programs in PACKAGES.values():
        for program in programs:
            finders[program] = partial(find, program)
    return finders


def _build(names: Sequence[str]) -> int:
    for name in names:
        started = time.monotonic()
        path = RECIPES[name].build()
        _say(f"{name}: {path} ({time.monotonic() - started:.1f} s)")
    return 0


def _environment(names: Sequence[str]) -> int:
    for name in names:
        _say(f"{name}: {ENVIRONMENTS[name].build()}")
    return 0


def _install() -> int:
    installed = install()
    _say(f"installed {', '.join(installed)}" if installed else "nothing to install")
    return 0


def _path(name: str) -> int:
    _say(str(_finders()[name]()))
    return 0


def _check() -> int:
    missing = 0
    for name, finder in _finders().items():
        try:
            _say(f"{name:<12} {finder()}")
        except ComponentMissingError as error:
            missing += 1
            _say(f"{name:<12} MISSING: {error}")
    return 1 if missing else 0


def _demo(options: argparse.Namespace) -> int:
    try:
        return demo(
            flights=options.flights,
            headless=options.headless,
            free_ports=options.free_ports,
            say=_say,
        )
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def main(arguments: Sequence[str] | None = None) -> int:  # noqa: PLR0911 - one a command
    """Run one command; 0 is success, 1 a failure or something missing, 2 bad usage, 130 Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m components", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="build the Go programs that are not in the cache")
    build.add_argument("name", nargs="?", default="all", choices=[*RECIPES, "all"])
    commands.add_parser(
        "install", help="install Prometheus, Alertmanager, Chromium and a C compiler with apt-get"
    )
    environment = commands.add_parser("environment", help="install peers and oracles by themselves")
    environment.add_argument("name", nargs="+", choices=list(ENVIRONMENTS))
    path = commands.add_parser("path", help="print where a program is")
    path.add_argument("name", choices=list(_finders()))
    commands.add_parser("check", help="list what is there and what is missing; 1 if anything is")
    shown = commands.add_parser("demo", help="run the flights demo through the real Collector")
    shown.add_argument("--flights", type=int, metavar="N", help="stop after so many [default: all]")
    shown.add_argument("--headless", action="store_true", help="end after the checks")
    shown.add_argument("--free-ports", action="store_true", help="leave the usual ports alone")
    options = parser.parse_args(arguments)
    try:
        match options.command:
            case "build":
                return _build(list(RECIPES) if options.name == "all" else [options.name])
            case "install":
                return _install()
            case "environment":
                return _environment(options.name)
            case "path":
                return _path(options.name)
            case "demo":
                return _demo(options)
            case _:
                return _check()
    except ComponentError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    # So that whoever ends us ends what we started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
