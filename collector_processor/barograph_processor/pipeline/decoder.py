"""Decodes requests of spans, as many at once as are read together."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from barograph_processor.exceptions import UndecodableError
from barograph_processor.otlp import (
    DecodedTraces,
    TraceDimensions,
    decode_together,
    decode_traces,
)
from barograph_processor.otlp.chunks import CHUNK_BYTES

__all__ = ["MOST_BYTES", "MOST_REQUESTS", "Decoder", "without_frames"]

MOST_REQUESTS: Final = 64
MOST_BYTES: Final = 4 * CHUNK_BYTES
"""What is decoded at once, at most; a larger request is so alone."""


class Decoder:
    """Decodes requests of spans, together where that can be.

    Most of what a request of some hundred spans costs is the same for one and for several.

    Args:
        dimensions: What of the traces is read beside the predictions.
    """

    def __init__(self, dimensions: TraceDimensions) -> None:
        self._dimensions = dimensions

    def decode_all(self, payloads: Sequence[bytes]) -> list[DecodedTraces | Exception]:
        """Read ExportTraceServiceRequests in order, each as ``decode_traces`` would.

        Returns:
            What was found in each, or what is wrong with it: UndecodableError if it is
            no such message.
        """
        found: list[DecodedTraces | Exception] = []
        while len(found) < len(payloads):
            left = payloads[len(found) :]
            found += self._together(left[: _at_once(left)])
        return found

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
        except UndecodableError as error:
            return without_frames(error)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            return error


def without_frames(error: UndecodableError) -> UndecodableError:
    """Return an error that says the same, and does not know where it was raised.

    The frames that it came through hold the message, and whoever keeps the error among others
    holds himself by them: until garbage is collected, a second or a thousand messages later.
    """
    return UndecodableError(str(error))


def _at_once(payloads: Sequence[bytes]) -> int:
    """Return how many of the first are read at once; one that is read in parts is so alone."""
    count, size = 0, 0
    for payload in payloads[:MOST_REQUESTS]:
        size += len(payload)
        if count and (size > MOST_BYTES or len(payload) > CHUNK_BYTES):
            break
        count += 1
        if len(payload) > CHUNK_BYTES:
            break
    return count
