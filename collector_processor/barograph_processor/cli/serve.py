"""``barograph serve``: the processor."""

import signal
import threading
from types import FrameType

from rich.console import Console

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
from barograph_processor.service import Service

__all__ = ["serve", "stop_event"]


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
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    scheme = "http" if settings.tls.cert is None else "https"
    stop = stop_event()
    with Service(settings) as service:
        where = service.addresses
        console.print(f"OTLP/gRPC  {where['otlp_grpc']}")
        console.print(f"OTLP/HTTP  {scheme}://{where['otlp_http']}")
        console.print(f"page       {scheme}://{where['web']}")
        if settings.serve.export is not None:
            console.print(f"export     {settings.serve.export}")
        console.print(f"state      {settings.serve.state_dir}")
        console.print("ready", style="bold")
        stop.wait()
        console.print("stopping: finishing what was acknowledged")
    console.print("stopped")


def stop_event() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set; a second signal ends the process at once."""
    stop = threading.Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return stop
