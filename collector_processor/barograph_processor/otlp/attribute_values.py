"""Values of many attributes of one key, from their bytes on the wire to one array.

A KeyValue is ``0a K key 12 V value``, and of its value, an AnyValue, the first
byte tells the type. That is how every encoder writes it, and nothing demands it:
what looks different is `UnusualError`, and the plain way reads it. Here all
stretches begin behind the key.
"""

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.buffer import Buffer, alike
from barograph_processor.otlp.distinct import distinct
from barograph_processor.otlp.parts import NumberPart, Rows
from barograph_processor.otlp.spans import Cells, Column, Way
from barograph_processor.otlp.values import Cell, is_number
from barograph_processor.otlp.walk import Stretches, UnusualError

__all__ = ["column_of", "key_of", "prefix_of"]

_KEY: Final = 0x0A
_VALUE: Final = 0x12
_STRING: Final = 0x0A
_BOOL: Final = 0x10
_INT: Final = 0x18
_DOUBLE: Final = 0x21
_CONTINUES: Final = 0x80
_HEADER: Final = 3
_DOUBLE_HEADER: Final = bytes([_VALUE, 9, _DOUBLE])
_DOUBLE_BYTES: Final = _HEADER + 8
_LONGEST_VARINT: Final = 10
_WORD: Final = 8
_read_double: Final = struct.Struct("<d").unpack_from


def key_of(prefix: bytes) -> str:
    """Return the key of a prefix.

    Raises:
        UnusualError: It is no UTF-8.
    """
    try:
        return prefix[2:].decode()
    except UnicodeDecodeError:
        raise UnusualError from None


def prefix_of(key: str) -> bytes:
    """Return the prefix of a key of at most 127 bytes, of longer ones none that occurs."""
    encoded = key.encode()
    return bytes([_KEY, min(len(encoded), 0xFF)]) + encoded


def column_of(data: Buffer, values: Stretches, way: Way, n: int) -> Column:
    """Return values as a column of ``n`` rows; a way that passes them over makes no sense.

    Raises:
        UnusualError: A cell is an array, map or bytes, or damaged.
    """
    rows: Rows = None if len(values.rows) == n else values.rows
    if way is Way.NUMBERS:
        numbers = _numbers(data, values)
        if numbers is not None:
            return NumberPart(rows, numbers)
    codes, firsts = distinct(data, values.start, values.stop)
    start, stop = values.start[firsts].tolist(), values.stop[firsts].tolist()
    cells = [_cell(data.payload[a:b]) for a, b in zip(start, stop, strict=True)]
    if way is Way.NUMBERS and all(is_number(cell) for cell in cells):
        return NumberPart(rows, np.array(cells, np.float64)[codes])
    return Cells(rows, codes, cells)


def _numbers(data: Buffer, values: Stretches) -> npt.NDArray[np.float64] | None:
    """Return values that are all doubles, or all whole numbers below ``2**56``; else None."""
    size = values.stop - values.start
    if not np.count_nonzero(size != _DOUBLE_BYTES):
        table = data.take(values.start, _DOUBLE_BYTES)
        if table[0, :_HEADER].tobytes() == _DOUBLE_HEADER and alike(table[:, :_HEADER]):
            return table[:, _HEADER:].copy().view("<f8")[:, 0].astype(np.float64, copy=False)
    return _whole_numbers(data, values, size - _HEADER)


def _whole_numbers(
    data: Buffer, values: Stretches, size: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64] | None:
    """Return values that are varints of so many bytes, if all are; else None."""
    if np.count_nonzero((size < 1) | (size > _WORD)):
        return None
    head = data.take(values.start, _HEADER)
    wrong = (head[:, 0] != _VALUE) | (head[:, 1] != size + 1) | (head[:, 2] != _INT)
    if np.count_nonzero(wrong):
        return None
    word = data.take(values.start + _HEADER, _WORD).view("<u8")[:, 0]
    used = _USED[size]
    # Every byte but the last says that another one follows.
    if np.count_nonzero((word & used & _FLAGS) != (_USED[size - 1] & _FLAGS)):
        return None
    word &= used & ~_FLAGS
    # Seven bits of eight, closed up: pairs, then fours, then all.
    for keep, shift in _CLOSE:
        word = word & keep | (word & ~keep) >> shift
    return word.astype(np.float64)


_FLAGS: Final = np.uint64(0x8080808080808080)
_USED: Final = np.array([(1 << 8 * k) - 1 for k in range(_WORD + 1)], np.uint64)
_CLOSE: Final = tuple(
    (np.uint64(keep), np.uint64(shift))
    for keep, shift in (
        (0x007F007F007F007F, 1),
        (0x00003FFF00003FFF, 2),
        (0x000000000FFFFFFF, 4),
    )
)


def _cell(value: bytes) -> Cell:
    """Return the value of one attribute."""
    if not value:
        return None
    if value[0] != _VALUE:
        raise UnusualError
    length, at = _varint(value, 1)
    if at + length != len(value):
        raise UnusualError
    if not length:
        return None
    tag = value[at]
    at += 1
    if tag == _STRING:
        return _string(value, at)
    if tag == _DOUBLE and len(value) == at + 8:
        number: float = _read_double(value, at)[0]
        return number
    whole, end = _varint(value, at) if tag in (_BOOL, _INT) else (0, -1)
    if end != len(value):
        raise UnusualError
    if tag == _BOOL:
        return whole != 0
    return whole - (1 << 64) if whole >= 1 << 63 else whole


def _string(value: bytes, at: int) -> str:
    size, at = _varint(value, at)
    if at + size != len(value):
        raise UnusualError
    try:
        return value[at:].decode()
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
