"""Errors as the protocol sends them: ``google.rpc.Status``, and when to try again."""

from enum import IntEnum
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import (  # type: ignore[import-untyped] # ships no types
    RetryInfo,
)
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped] # ships no types

__all__ = ["Code", "Status", "retry_seconds", "status"]

_NS_PER_S: Final = 1_000_000_000


class Code(IntEnum):
    """The codes of ``google.rpc.Code`` that OTLP speaks of."""

    OK = 0
    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    RESOURCE_EXHAUSTED = 8
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


def status(code: Code, message: str, retry_after: float | None = None) -> Status:
    """Return an error, with RetryInfo if it says after how many seconds to try again."""
    error = Status(code=int(code), message=message)
    if retry_after is not None:
        ns = round(retry_after * _NS_PER_S)
        delay = Duration(seconds=ns // _NS_PER_S, nanos=ns % _NS_PER_S)
        error.details.add().Pack(RetryInfo(retry_delay=delay))
    return error


def retry_seconds(encoded: bytes) -> float | None:
    """Return the delay that a Status asks for in its RetryInfo, None if it does not.

    >>> retry_seconds(status(Code.UNAVAILABLE, "full", 1.5).SerializeToString())
    1.5
    >>> retry_seconds(status(Code.UNAVAILABLE, "full").SerializeToString())
    """
    try:
        error = Status.FromString(encoded)
        for detail in error.details:
            info = RetryInfo()
            if detail.Unpack(info):
                return float(info.retry_delay.ToNanoseconds()) / _NS_PER_S
    except DecodeError:
        pass
    return None
