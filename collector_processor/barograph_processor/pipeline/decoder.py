"""Decodes the requests of many threads, one thread at a time, and what waits together."""

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from barograph_processor.otlp import (
    DecodedTraces,
    TraceDimensions,
    decode_together,
    decode_traces,
)
from barograph_processor.otlp.chunks import CHUNK_BYTES
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.telemetry import Telemetry

__all__ = ["Decoder"]

_MOST: Final = 64
_MOST_BYTES: Final = 4 * CHUNK_BYTES


@dataclass(slots=True)
class _Request:
    payload: bytes
    found: DecodedTraces | Exception | None = None


class Decoder:
    """Decodes requests of spans for the threads that bring them.

    One of them decodes, and what comes meanwhile waits and is decoded together by the
    next, as a journal commits what waits together: most of what a request of some
    hundred spans costs is the same for one and for several.

    Args:
        telemetry: Is told the time that it takes.
        dimensions: What of the traces is read beside the predictions.
        courtesy: Gives decoding its turn beside what else calculates.
    """

    def __init__(
        self, telemetry: Telemetry, dimensions: TraceDimensions, courtesy: Courtesy
    ) -> None:
        self._telemetry = telemetry
        self._dimensions = dimensions
        self._courtesy = courtesy
        self._guard = threading.Lock()
        self._decoding = threading.Lock()
        self._waiting: list[_Request] = []

    def decode(self, payload: bytes) -> DecodedTraces:
        """Read an ExportTraceServiceRequest; as ``decode_traces``, from any thread.

        Raises:
            UndecodableError: The bytes are no such message.
        """
        mine = _Request(payload)
        with self._guard:
            self._waiting.append(mine)
        # Two locks: whose request another one decoded need not wait for work that is done.
        with self._decoding:
            while mine.found is None:
                with self._courtesy.turn(), self._telemetry.stage("decode"):
                    self._decode_next()
        if isinstance(mine.found, Exception):
            raise mine.found
        return mine.found

    def _decode_next(self) -> None:
        """Decode the requests that have waited longest, as many as are read at once."""
        group = self._next()
        together = None
        if len(group) > 1:
            # Whatever is wrong with one of them must not be answered to the others.
            with suppress(Exception):
                together = decode_together([request.payload for request in group], self._dimensions)
        for number, request in enumerate(group):
            request.found = self._alone(request.payload) if together is None else together[number]

    def _next(self) -> list[_Request]:
        """Take what is read at once; a request that is read in parts is so alone."""
        with self._guard:
            count, size = 0, 0
            for request in self._waiting[:_MOST]:
                size += len(request.payload)
                if count and (size > _MOST_BYTES or len(request.payload) > CHUNK_BYTES):
                    break
                count += 1
                if len(request.payload) > CHUNK_BYTES:
                    break
            group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    def _alone(self, payload: bytes) -> DecodedTraces | Exception:
        try:
            return decode_traces(payload, self._dimensions)
        except Exception as error:  # noqa: BLE001 - raised in the thread that brought it
            return error
