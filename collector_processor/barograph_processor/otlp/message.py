"""Requests as the protocol's own message classes, and fields put together without them."""

from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message

from barograph_processor.exceptions import UndecodableError
from barograph_processor.otlp.sound_text import with_sound_text

__all__ = ["length_delimited", "parsed"]

_BYTES: Final = 2
"""The wire type of messages, texts and bytes."""

_Request = TypeVar("_Request", bound=Message)


def parsed(message: _Request, payload: bytes) -> _Request:
    """Fill a new message from its bytes, and return it.

    Text that is no UTF-8 has U+FFFD in its place.

    Raises:
        UndecodableError: The bytes are no such message.
    """
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        mended = with_sound_text(type(message), payload)
        if mended is None:
            raise UndecodableError(f"not an OTLP request: {error}") from error
        message.ParseFromString(mended)
    return message


def length_delimited(number: int, content: bytes) -> bytes:
    r"""Return a field of a message, a text or bytes, as it is on the wire; ``number`` is below 16.

    >>> length_delimited(1, b"ab")
    b'\n\x02ab'
    """
    head, size = bytearray([number << 3 | _BYTES]), len(content)
    # Seven bits a byte, the lowest first.
    while size >> 7:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    return bytes(head) + content
