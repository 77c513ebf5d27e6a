"""Requests as the protocol's own message classes."""

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from barograph_processor.exceptions import UndecodableError

__all__ = ["parsed"]

_Request = TypeVar("_Request", bound=Message)


def parsed(message: _Request, payload: bytes) -> _Request:
    """Fill a new message from its bytes, and return it.

    Raises:
        UndecodableError: The bytes are no such message.
    """
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise UndecodableError(f"not an OTLP request: {error}") from error
    return message
