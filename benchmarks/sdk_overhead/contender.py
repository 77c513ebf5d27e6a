"""What a contender is: something that makes a watched function, and knows how to flush it."""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

__all__ = ["Contender", "Predict", "Watched", "exporter", "library", "provider", "sink"]

Predict = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Watched:
    call: Predict
    flush: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Contender:
    """Built in a process of its own, in an environment of its own."""

    name: str
    requirement: str | None
    """What is installed for it, its own distribution first; None for what Barograph needs."""
    build: Callable[[], Watched]
    switched_off: Callable[[], Watched] | None = None
    """The same with tracing disabled, as its documentation says to; None if it says nothing."""


def library(name: str) -> Any:
    """Import what is only in the contender's own environment."""
    return importlib.import_module(name)


def sink() -> str:
    """The base address of what everyone sends to."""
    return os.environ["BENCHMARK_SINK"]


def exporter() -> Any:
    """OpenTelemetry's OTLP/HTTP exporter, to the sink."""
    return OTLPSpanExporter()


def provider() -> tuple[Any, Callable[[], object]]:
    """OpenTelemetry's provider with its batch processor, and what flushes it."""
    made = TracerProvider()
    made.add_span_processor(BatchSpanProcessor(exporter()))
    return made, made.force_flush
