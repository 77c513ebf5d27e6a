"""Many attributes of one key, from their bytes on the wire to one array.

A KeyValue is ``0a K key 12 V value``, and of its value, an AnyValue, the first
byte tells the type. That is how every encoder writes it, and nothing demands it:
what looks different is `UnusualError`, and the plain way reads it.
"""

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.values import Cell

__all__ = [
    "OtherKeyError",
    "UnusualError",
    "cell_of",
    "distinct",
    "doubles",
    "key_of",
    "prefix_of",
]

_KEY: Final = 0x0A
_VALUE: Final = 0x12
_STRING: Final = 0x0A
_BOOL: Final = 0x10
_INT: Final = 0x18
_DOUBLE: Final = 0x21
_CONTINUES: Final = 0x80
_DOUBLE_HEADER: Final = bytes([_VALUE, 9, _DOUBLE])
_DOUBLE_BYTES: Final = len(_DOUBLE_HEADER) + 8
_LONGEST_VARINT: Final = 10
_read_double: Final = struct.Struct("<d").unpack_from


class UnusualError(Exception):
    """The fast way does not know this; the plain way does."""


class OtherKeyError(UnusualError):
    """An attribute is not of the key that those before it had."""


def prefix_of(attribute: bytes) -> bytes:
    """Return the bytes of an attribute up to the end of its key.

    Raises:
        UnusualError: It does not begin with a key of fewer than 128 bytes.
    """
    if len(attribute) < 2 or attribute[0] != _KEY or attribute[1] >= _CONTINUES:  # noqa: PLR2004 - the tag and the length
        raise UnusualError
    return attribute[: 2 + attribute[1]]


def key_of(prefix: bytes) -> str:
    """Return the key of a prefix.

    Raises:
        UnusualError: It is no UTF-8.
    """
    try:
        return prefix[2:].decode()
    except UnicodeDecodeError:
        raise UnusualError from None


def doubles(attributes: Sequence[bytes], prefix: bytes) -> npt.NDArray[np.float64] | None:
    """Return the values of attributes that are all doubles under one key, else None."""
    size = len(prefix) + _DOUBLE_BYTES
    if set(map(len, attributes)) != {size}:
        return None
    table = np.frombuffer(b"".join(attributes), np.uint8).reshape(-1, size)
    header = np.frombuffer(prefix + _DOUBLE_HEADER, np.uint8)
    if not (table[:, : len(header)] == header).all():
        return None
    return table[:, len(header) :].copy().view("<f8")[:, 0].astype(np.float64, copy=False)


class _Index(dict[bytes, int]):
    """Numbers keys in order of their first look-up."""

    def __missing__(self, key: bytes) -> int:
        self[key] = number = len(self)
        return number


def distinct(
    attributes: Sequence[bytes], prefix: bytes
) -> tuple[npt.NDArray[np.int32], list[Cell]]:
    """Read each distinct attribute once.

    Returns:
        Codes into the values, one for each attribute, and the values.

    Raises:
        OtherKeyError: One of them is of another key.
        UnusualError: One of them is an array, map or bytes, or damaged.
    """
    index = _Index()
    codes = np.fromiter(map(index.__getitem__, attributes), np.int32, len(attributes))
    return codes, [cell_of(attribute, prefix) for attribute in index]


def cell_of(attribute: bytes, prefix: bytes) -> Cell:
    """Return the value of one attribute.

    Raises:
        OtherKeyError: It is of another key.
        UnusualError: It is an array, map or bytes, or damaged.
    """
    if not attribute.startswith(prefix):
        raise OtherKeyError
    at = len(prefix)
    if len(attribute) == at:
        return None
    if attribute[at] != _VALUE:
        raise UnusualError
    length, at = _varint(attribute, at + 1)
    if at + length != len(attribute):
        raise UnusualError
    if not length:
        return None
    tag = attribute[at]
    at += 1
    if tag == _STRING:
        return _string(attribute, at)
    if tag == _DOUBLE and len(attribute) == at + 8:
        value: float = _read_double(attribute, at)[0]
        return value
    number, end = _varint(attribute, at) if tag in (_BOOL, _INT) else (0, -1)
    if end != len(attribute):
        raise UnusualError
    if tag == _BOOL:
        return number != 0
    return number - (1 << 64) if number >= 1 << 63 else number


def _string(attribute: bytes, at: int) -> str:
    size, at = _varint(attribute, at)
    if at + size != len(attribute):
        raise UnusualError
    try:
        return attribute[at:].decode()
    except UnicodeDecodeError:
        raise UnusualError from None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a varint of at most 64 bits and the place behind it."""
    value = 0
    for place in range(_LONGEST_VARINT):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & ~_CONTINUES) << 7 * place
        if byte < _CONTINUES:
            return value & (1 << 64) - 1, at
    raise UnusualError
