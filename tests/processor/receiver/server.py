"""Receivers for tests: both protocols on loopback, and an intake that does as it is told."""

import asyncio
import gzip
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import uvicorn
from starlette.applications import Starlette

from barograph_processor.memory import Memory
from barograph_processor.otlp import decode_logs, decode_traces
from barograph_processor.pipeline import Acknowledgement, Read
from barograph_processor.receiver import (
    Authorize,
    GrpcReceiver,
    Intake,
    ReceiverLimits,
    http_receiver,
)
from barograph_processor.telemetry import Telemetry

__all__ = ["Recorder", "grpc_server", "http_server", "served"]


@dataclass
class Recorder:
    """Decodes as the pipeline does, and keeps what came.

    Attributes:
        error: What to raise instead.
        taken: Signal and payload of each request that was taken.
        telemetry: Counts refusals.
        threads: Where requests are read.
    """

    error: Exception | None = None
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    telemetry: Telemetry = field(default_factory=Telemetry)
    threads: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)

    def submit(
        self, signal: Literal["traces", "logs"], payload: bytes, packed: bytes | None = None
    ) -> Acknowledgement:
        assert packed is None or gzip.decompress(packed) == payload
        if self.error is not None:
            raise self.error
        decoded = decode_traces(payload) if signal == "traces" else decode_logs(payload)
        self.taken.append((signal, payload))
        return Acknowledgement(decoded.rejected, decoded.message)

    def begin(self, signal: Literal["traces", "logs"], read: Read) -> "Future[Acknowledgement]":
        return self.threads.submit(lambda: self.submit(signal, *read()))

    def refused(self) -> dict[str, float]:
        """Requests refused, by reason."""
        return {
            attributes[0][1]: value
            for (metric, attributes), value in self.telemetry.counters().items()
            if metric == "barograph.monitor.refused"
        }

    def intake(self, authorize: Authorize | None = None) -> Intake:
        return Intake(self.begin, self.telemetry, authorize)


@contextmanager
def grpc_server(
    recorder: Recorder,
    *,
    limits: ReceiverLimits | None = None,
    memory: Memory | None = None,
    authorize: Authorize | None = None,
) -> Iterator[str]:
    """Yield the address of a gRPC receiver."""
    intake = recorder.intake(authorize)
    receiver = GrpcReceiver("127.0.0.1:0", intake, limits=limits, memory=memory)
    receiver.start()
    try:
        yield f"127.0.0.1:{receiver.port}"
    finally:
        receiver.stop(grace=1.0)


@contextmanager
def http_server(
    recorder: Recorder,
    *,
    limits: ReceiverLimits | None = None,
    memory: Memory | None = None,
    authorize: Authorize | None = None,
) -> Iterator[str]:
    """Yield the base address of an HTTP receiver."""
    with served(http_receiver(recorder.intake(authorize), limits=limits, memory=memory)) as base:
        yield base


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Yield the base address of an application."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
