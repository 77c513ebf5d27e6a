"""``barograph serve``: the processor."""

import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Final

from rich.console import Console

from barograph_processor.cli.exit_codes import exit_code
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
from barograph_processor.config import Config
from barograph_processor.exceptions import BarographError
from barograph_processor.log import configure_logging
from barograph_processor.service import Service

__all__ = ["serve", "stop_event"]

_LOG: Final = logging.getLogger(__name__)

# Connections of all servers, and room for what is on disk.
_FILES: Final = 8192


def serve(
    config: ConfigFile = None,
    state_dir: StateDir = None,
    otlp_grpc: OtlpGrpc = None,
    otlp_http: OtlpHttp = None,
    web: Web = None,
    export: Export = None,
    trust_network: TrustNetwork = None,
) -> None:
    """Receive OTLP traces and logs; show and export quality and drift signals."""
    settings = configured(
        config,
        state_dir=state_dir,
        otlp_grpc=otlp_grpc,
        otlp_http=otlp_http,
        web=web,
        export=export,
        trust_network=trust_network,
    )
    configure_logging(settings.serve.log_format)
    tell = _Lines() if settings.serve.log_format == "text" else _Records()
    _allow_files(_FILES)
    stop = stop_event()
    try:
        with Service(settings) as service:
            tell.ready(_where(settings, service.addresses))
            _notify("READY=1")
            stop.wait()
            _notify("STOPPING=1")
            tell.stopping()
    except BarographError as error:
        tell.failed(error)
        raise
    tell.stopped()


def _allow_files(count: int) -> None:
    """Let this process have so many files open, if its hard limit does.

    The usual 1024 are fewer than the connections that servers take, and whoever opened
    them would keep out all others.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _where(settings: Config, addresses: Mapping[str, str]) -> dict[str, str]:
    scheme = "http" if settings.tls.cert is None else "https"
    return {
        "OTLP/gRPC": addresses["otlp_grpc"],
        "OTLP/HTTP": f"{scheme}://{addresses['otlp_http']}",
        "page": f"{scheme}://{addresses['web']}",
        **({} if settings.serve.export is None else {"export": settings.serve.export}),
        "state": settings.serve.state_dir,
    }


class _Lines:
    """Tells people, on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def ready(self, where: Mapping[str, str]) -> None:
        for name, value in where.items():
            self._console.print(f"{name:<10} {value}")
        self._console.print("ready", style="bold")

    def stopping(self) -> None:
        self._console.print("stopping: finishing what was acknowledged")

    def stopped(self) -> None:
        self._console.print("stopped")

    def failed(self, error: BarographError) -> None:
        """Leave it to the program, which tells people why a command ends."""


class _Records:
    """Tells machines, in the log."""

    def ready(self, where: Mapping[str, str]) -> None:
        fields = {name.lower().replace("/", "_"): value for name, value in where.items()}
        _LOG.info("ready", extra={"fields": fields})

    def stopping(self) -> None:
        _LOG.info("stopping: finishing what was acknowledged")

    def stopped(self) -> None:
        _LOG.info("stopped")

    def failed(self, error: BarographError) -> None:
        _LOG.error("%s", error)
        sys.exit(exit_code(error))


def _notify(state: str) -> None:
    """Tell systemd, if it waits to be told: see sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notice:
        try:
            # A leading @ stands for the null byte of an abstract address.
            notice.sendto(
                state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address
            )
        except OSError as error:
            _LOG.warning("the service manager cannot be told: %s", error)


def stop_event() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set; a second signal ends the process at once.

    So does SIGHUP where there is a terminal that may be closed. Where there is none, somebody
    wants files to be read anew, which is done all the time.
    """
    stop = threading.Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    terminal = sys.stdin is not None and sys.stdin.isatty()
    signal.signal(signal.SIGHUP, ask if terminal else signal.SIG_IGN)
    return stop
