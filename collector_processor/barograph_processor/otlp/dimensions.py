"""What of a prediction's trace is read as dimensions that quality is broken down by."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from barograph_processor import semconv
from barograph_processor.config import TracesConfig
from barograph_processor.exceptions import UndecodableError
from barograph_processor.observation import TRACE_PREFIX
from barograph_processor.otlp.rows import SpanFacts
from barograph_processor.otlp.values import UNUSABLE, Value, attributes_of, text_of
from barograph_processor.stats.duration import DURATION_LEVELS, duration_codes

__all__ = ["LATENCY", "NOTHING", "TraceDimensions"]

LATENCY: Final = TRACE_PREFIX + "latency"
"""The dimension of how long the call took."""

# What an attribute was called before, in the conventions of OpenTelemetry.
_EARLIER: Final = {"deployment.environment.name": "deployment.environment"}
_MOST_CACHED_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class TraceDimensions:
    """What is read; by default nothing, which costs nothing.

    Attributes:
        resource: Keys of the resource's attributes.
        attributes: Keys of the span's own, else of the resource's.
        latency: Whether the duration of a call that is no batch is one.
        spans: Whether all spans are read, to find those below a prediction.
    """

    resource: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    latency: bool = False
    spans: bool = False

    @classmethod
    def of(cls, config: TracesConfig) -> "TraceDimensions":
        """Return what a configuration asks for."""
        if not config.enabled:
            return cls()
        return cls(config.resource, config.attributes, config.latency, config.spans > 0)

    @property
    def reads_resource(self) -> bool:
        """Whether resources matter at all."""
        return bool(self.resource or self.attributes)

    def of_resource(self, encoded: bytes) -> Mapping[str, str]:
        """Return the level of each dimension that a Resource message has one of.

        Raises:
            UndecodableError: It is no such message.
        """
        # Few resources send many requests; a large one is not worth its place.
        read = _read if len(encoded) > _MOST_CACHED_BYTES else _read_once
        return read(encoded, self)

    def of_span(self, span: SpanFacts, resource: Mapping[str, str]) -> Mapping[str, str]:
        """Return the level of each dimension that a prediction has one of.

        Args:
            span: The prediction.
            resource: What ``of_resource`` returned for its resource.
        """
        found = dict(resource)
        for key in self.attributes:
            level = _level(span.attributes.get(key))
            if level is not None:
                found[TRACE_PREFIX + key] = level
        if self.latency and semconv.BATCH_SIZE not in span.attributes:
            seconds = (span.end_ns - span.start_ns) / 1e9
            found[LATENCY] = DURATION_LEVELS[int(duration_codes(np.array([seconds]))[0])]
        return found


NOTHING: Final = TraceDimensions()


def _read(encoded: bytes, dimensions: TraceDimensions) -> Mapping[str, str]:
    try:
        attributes = attributes_of(Resource.FromString(encoded).attributes)
    except DecodeError as error:
        raise UndecodableError(f"not an OTLP request: {error}") from error
    found = {}
    for key in (*dimensions.resource, *dimensions.attributes):
        level = _level(attributes.get(key))
        if level is None and key in _EARLIER:
            level = _level(attributes.get(_EARLIER[key]))
        if level is not None:
            found[TRACE_PREFIX + key] = level
    return found


_read_once: Final = lru_cache(maxsize=4096)(_read)


def _level(value: Value) -> str | None:
    return None if value is UNUSABLE or isinstance(value, list) else text_of(value)
