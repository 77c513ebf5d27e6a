"""Decodes the requests of many threads, one thread at a time, and what waits together."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from barograph_processor.otlp import (
    DecodedTraces,
    TraceDimensions,
    decode_together,
    decode_traces,
)
from barograph_processor.otlp.chunks import CHUNK_BYTES
from barograph_processor.telemetry import Telemetry

__all__ = ["Decoder"]

_MOST: Final = 64
_LINGER_S: Final = 0.004
# Who was not alone lately is not alone now: others are on their way while it is answered.
_CROWD_S: Final = 1.0


@dataclass(slots=True)
class _Request:
    payload: bytes
    found: DecodedTraces | Exception | None = None


class Decoder:
    """Decodes requests of spans for the threads that bring them.

    The interpreter runs one thread at a time anyway, and a second decoder would only
    make both slower. So one of them decodes, and what comes meanwhile waits and is
    decoded together by the next, as a journal commits what waits together. Where
    several senders are at work, it waits a moment for the others first: most of what a
    request of some hundred spans costs is the same for one and for several.

    Args:
        telemetry: Is told the time that it takes.
        dimensions: What of the traces is read beside the predictions.
    """

    def __init__(self, telemetry: Telemetry, dimensions: TraceDimensions) -> None:
        self._telemetry = telemetry
        self._dimensions = dimensions
        self._guard = threading.Condition()
        self._decoding = threading.Lock()
        self._waiting: list[_Request] = []
        self._waiting_bytes = 0
        self._attended = 0
        self._crowd_until = 0.0

    @contextmanager
    def attend(self) -> Iterator[None]:
        """Count a request as being answered for the length of the context."""
        with self._guard:
            self._attended += 1
            if self._attended > 1:
                self._crowd_until = time.monotonic() + _CROWD_S
        try:
            yield
        finally:
            with self._guard:
                self._attended -= 1

    def decode(self, payload: bytes) -> DecodedTraces:
        """Read an ExportTraceServiceRequest; as ``decode_traces``, from any thread.

        Raises:
            UndecodableError: The bytes are no such message.
        """
        mine = _Request(payload)
        with self._guard:
            self._waiting.append(mine)
            self._waiting_bytes += len(payload)
            if self._waiting_bytes >= CHUNK_BYTES:
                self._guard.notify_all()
        with self._decoding:
            while mine.found is None:
                self._linger()
                with self._telemetry.stage("decode"):
                    self._decode_next()
        if isinstance(mine.found, Exception):
            raise mine.found
        return mine.found

    def _linger(self) -> None:
        """Wait for more requests, if there are senders who may bring some."""
        with self._guard:
            if time.monotonic() < self._crowd_until:
                self._guard.wait_for(lambda: self._waiting_bytes >= CHUNK_BYTES, _LINGER_S)

    def _decode_next(self) -> None:
        """Decode the requests that have waited longest, as many as are read at once."""
        with self._guard:
            count, size = 0, 0
            for request in self._waiting[:_MOST]:
                size += len(request.payload)
                if count and size > CHUNK_BYTES:
                    break
                count += 1
            group, self._waiting = self._waiting[:count], self._waiting[count:]
            self._waiting_bytes -= sum(len(request.payload) for request in group)
        together = None
        if len(group) > 1:
            # Whatever is wrong with one of them must not be answered to the others.
            with suppress(Exception):
                together = decode_together([request.payload for request in group], self._dimensions)
        for number, request in enumerate(group):
            request.found = self._alone(request.payload) if together is None else together[number]

    def _alone(self, payload: bytes) -> DecodedTraces | Exception:
        try:
            return decode_traces(payload, self._dimensions)
        except Exception as error:  # noqa: BLE001 - raised in the thread that brought it
            return error
