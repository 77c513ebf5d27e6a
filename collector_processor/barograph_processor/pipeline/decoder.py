"""Decodes the requests of many threads, one thread at a time, and what waits together."""

import threading
from collections.abc import Sequence
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

    def decode_all(self, payloads: Sequence[bytes]) -> list[DecodedTraces | Exception]:
        """Read requests in order, and as many at once as are; without a turn, for a replay.

        Returns:
            What was found in each, or what is wrong with it.
        """
        found: list[DecodedTraces | Exception] = []
        while len(found) < len(payloads):
            left = payloads[len(found) :]
            found += self._together(left[: _at_once(left)])
        return found

    def _decode_next(self) -> None:
        """Decode the requests that have waited longest, as many as are read at once."""
        with self._guard:
            count = _at_once([request.payload for request in self._waiting[:_MOST]])
            group, self._waiting = self._waiting[:count], self._waiting[count:]
        found = self._together([request.payload for request in group])
        for request, one in zip(group, found, strict=True):
            request.found = one

    def _together(self, payloads: Sequence[bytes]) -> Sequence[DecodedTraces | Exception]:
        together = None
        if len(payloads) > 1:
            # Whatever is wrong with one of them must not be answered to the others.
            with suppress(Exception):
                together = decode_together(payloads, self._dimensions)
        return together or [self._alone(payload) for payload in payloads]

    def _alone(self, payload: bytes) -> DecodedTraces | Exception:
        try:
            return decode_traces(payload, self._dimensions)
        except Exception as error:  # noqa: BLE001 - raised in the thread that brought it
            return error


def _at_once(payloads: Sequence[bytes]) -> int:
    """Return how many of the first are read at once; one that is read in parts is so alone."""
    count, size = 0, 0
    for payload in payloads[:_MOST]:
        size += len(payload)
        if count and (size > _MOST_BYTES or len(payload) > CHUNK_BYTES):
            break
        count += 1
        if len(payload) > CHUNK_BYTES:
            break
    return count
