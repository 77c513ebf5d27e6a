"""What is kept on disk: requests as they came, and checkpoints of what became of them."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from barograph_processor.deflate import DeflateError, crc32, gunzip
from barograph_processor.exceptions import UndecodableError

__all__ = ["Checkpoint", "Record", "SignalKind", "checksum", "unpacked"]

SignalKind = Literal["traces", "logs", "clock"]
"""Spans, log records, or a look at the wall clock, which is an event like any other."""

# Nothing in OTLP begins like this: field 3 of no known kind.
_GZIP: Final = b"\x1f\x8b"
_HEAD: Final = struct.Struct("<qq")


@dataclass(frozen=True, slots=True)
class Record:
    """One acknowledged request.

    Attributes:
        seq: Its place in the order of acknowledgement, from 1, without gaps.
        signal: What the payload is.
        payload: The OTLP message, as it is or in gzip.
        time_ns: When it came, ns since the epoch.
    """

    seq: int
    signal: SignalKind
    payload: bytes
    time_ns: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State after all records up to one.

    Attributes:
        seq: The last record in it; 0 if none is.
        schema: Version of the content, chosen by who wrote it.
        blocks: The state, a part at a time; read from the disk as they are asked for.
    """

    seq: int
    schema: int
    blocks: Iterable[bytes]


def unpacked(payload: bytes) -> bytes:
    """Return a request as it was before gzip; as it is if it is not in gzip.

    Raises:
        UndecodableError: It is damaged.
    """
    if not payload.startswith(_GZIP):
        return payload
    try:
        return gunzip(payload)
    except (OSError, EOFError, DeflateError) as error:
        raise UndecodableError(f"no gzip: {error}") from error


def checksum(content: bytes, *place: int) -> int:
    """Return the CRC-32 of what is kept, with two numbers that say where it belongs."""
    return crc32(content, crc32(_HEAD.pack(*place)))
