"""The few pieces of protobuf's wire format that the encoder writes itself.

https://protobuf.dev/programming-guides/encoding/
"""

from struct import Struct
from typing import Any, Final

__all__ = ["RECORD_ATTRIBUTE", "SPAN_ATTRIBUTE", "attribute", "field", "varint"]

_DOUBLE: Final = Struct("<d").pack
SPAN_ATTRIBUTE: Final = 0x4A  # Span.attributes
RECORD_ATTRIBUTE: Final = 0x32  # LogRecord.attributes
_TAG_KEY: Final = 0x0A  # KeyValue.key
_TAG_VALUE: Final = 0x12  # KeyValue.value
_TAG_ITEM: Final = 0x0A  # ArrayValue.values
_TAG_STRING: Final = 0x0A  # AnyValue.string_value, and so on
_TAG_BOOL: Final = b"\x10"
_TAG_INT: Final = b"\x18"
_TAG_DOUBLE: Final = b"\x21"
_TAG_ARRAY: Final = 0x2A
_INT64: Final = 1 << 63
_ITEM_BYTES: Final = 11  # of a double in an array: tag, length 9, tag, eight bytes


def varint(number: int) -> bytes:
    """Return `number` in base 128; negative ones as 64-bit two's complement."""
    if number < 0:
        number += 1 << 64
    out = bytearray()
    # Seven bits a byte, the lowest first.
    while number >> 7:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(tag: int, body: bytes) -> bytes:
    """Return a length-delimited field."""
    return bytes((tag,)) + varint(len(body)) + body


def _any_value(value: Any) -> bytes:
    """Return the body of an `AnyValue`.

    Raises:
        TypeError: `value` is not exactly a str, bool, int (of 64 bits), float, or a tuple of one.
    """
    kind = type(value)
    if kind is str:
        return field(_TAG_STRING, value.encode())
    if kind is bool:
        return _TAG_BOOL + bytes((value,))
    if kind is int and -_INT64 <= value < _INT64:
        return _TAG_INT + varint(value)
    if kind is float:
        return _TAG_DOUBLE + _DOUBLE(value)
    if kind is tuple:
        return field(_TAG_ARRAY, _items(value))
    raise TypeError(f"no attribute of a span has the type {kind.__name__}")


def _items(values: tuple[Any, ...]) -> bytes:
    """Return the items of an `ArrayValue`."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return _doubles(values)
    if len(kinds) > 1 or not kinds <= {str, bool, int}:
        raise TypeError("an array of one type of scalar is needed")
    once = {value: field(_TAG_ITEM, _any_value(value)) for value in set(values)}
    return b"".join([once[value] for value in values])


def _doubles(values: tuple[float, ...]) -> bytes:
    """Items of doubles, written a byte of all of them at a time."""
    raw = Struct(f"<{len(values)}d").pack(*values)
    out = bytearray(_ITEM_BYTES * len(values))
    out[0::_ITEM_BYTES] = bytes((_TAG_ITEM,)) * len(values)
    out[1::_ITEM_BYTES] = b"\x09" * len(values)
    out[2::_ITEM_BYTES] = _TAG_DOUBLE * len(values)
    for byte in range(8):
        out[3 + byte :: _ITEM_BYTES] = raw[byte::8]
    return bytes(out)


def attribute(key: str, value: Any, tag: int = SPAN_ATTRIBUTE) -> bytes:
    """Return an attribute of a span, or with another `tag` of something else.

    Raises:
        TypeError: `value` is not exactly a str, bool, int (of 64 bits), float, or a tuple of one.
    """
    body = field(_TAG_KEY, key.encode()) + field(_TAG_VALUE, _any_value(value))
    return field(tag, body)
