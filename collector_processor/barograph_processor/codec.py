"""Checkpoints as bytes: a closed format that holds data and never code."""

import struct
import sys
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.deflate import DeflateError, deflated, inflated
from barograph_processor.exceptions import StateError

__all__ = ["Array", "Tree", "packed", "unpacked"]

Array = npt.NDArray[np.generic]
Tree = (
    None
    | bool
    | int
    | float
    | str
    | bytes
    | Array
    | list["Tree"]
    | tuple["Tree", ...]
    | dict[str, "Tree"]
)

_ARRAY: Final = 1
# A block is what was written, or that deflated.
_PLAIN: Final = b"BGC2"
_COMPRESSED: Final = b"BGC3"
# Kinds of dtype that hold numbers or truth values; objects and text stay out.
_KINDS: Final = "?biufc"
_LEVEL: Final = 1
_BLOCK_BYTES: Final = 4 * 1024 * 1024
# What is smaller is deflated without a trial.
_TRIED_BYTES: Final = 65_536
_TRIAL_BYTES: Final = 8192
_WORTHWHILE: Final = 0.9
_LENGTH: Final = struct.Struct("<Q")


def packed(trees: Iterable[Tree]) -> Iterator[bytes]:
    """Encode nested data one tree after the other, in blocks of at most about 4 MiB.

    A tree's arrays follow the rest of it as they lie in memory. So beside the trees no more is
    held at a time than a block, and of one tree what is no array.

    Args:
        trees: Of dictionaries with str keys, lists, tuples, str, bytes, int of up
            to 64 bits, float, bool, None, and numpy arrays and scalars of
            numbers or truth values. Objects are refused. An array may change as
            soon as the next tree is asked for.

    Yields:
        Bytes for ``unpacked``. Equal trees with equal insertion order
        of keys give equal bytes.

    Raises:
        TypeError: Something in a tree is none of the above.
        OverflowError: An int has more than 64 bits.

    >>> list(unpacked(packed([{"a": [1, 2.5, None]}, (True, b"x")])))
    [{'a': [1, 2.5, None]}, [True, b'x']]
    """
    block, shrinks = bytearray(), True
    for tree in trees:
        for content in _parts(tree):
            before, shrinks = shrinks, _shrinks(content)
            if block and shrinks != before:
                yield _block(block, before)
                block.clear()
            start = 0
            while start < len(content):
                stop = start + _BLOCK_BYTES - len(block)
                block += content[start:stop]
                start = stop
                if len(block) == _BLOCK_BYTES:
                    yield _block(block, shrinks)
                    block.clear()
    if block:
        yield _block(block, shrinks)


def unpacked(blocks: Iterable[bytes]) -> Iterator[Tree]:
    """Decode what ``packed`` wrote. Tuples come back as lists, arrays with dtype and shape.

    Arrays are writable and own their memory. No more blocks are taken than the trees asked
    for need.

    Raises:
        StateError: The bytes are no such encoding, or are damaged.
    """
    content = _Content(blocks)
    try:
        while not content.at_end:
            yield _tree(content)
    except (
        DeflateError,
        msgspec.MsgspecError,
        ValueError,
        TypeError,
        SyntaxError,
        RecursionError,
        MemoryError,
    ) as error:
        raise StateError(f"the checkpoint is damaged: {error}") from error


def _parts(tree: Tree) -> Iterator[memoryview]:
    """Yield the bytes of a tree: the length of all but its arrays, that, and the arrays."""
    arrays: list[Array] = []

    def set_aside(value: object) -> object:
        if isinstance(value, np.generic) and value.dtype.kind in _KINDS:
            return value.item()
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in _KINDS:
                raise TypeError(f"an array of {value.dtype} cannot be in a checkpoint")
            arrays.append(value)
            little = value.dtype.newbyteorder("<")
            return msgspec.msgpack.Ext(_ARRAY, _head_encoder.encode((little.str, value.shape)))
        raise TypeError(f"{type(value).__name__} cannot be in a checkpoint")

    rest = msgspec.msgpack.Encoder(enc_hook=set_aside).encode(tree)
    yield memoryview(_LENGTH.pack(len(rest)))
    yield memoryview(rest)
    for array in arrays:
        # Little endian on every machine, so that a checkpoint can move.
        plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        yield _raw(plain)


def _tree(content: "_Content") -> Tree:
    arrays: list[Array] = []

    def awaited(code: int, data: memoryview) -> Array:
        if code != _ARRAY:
            raise ValueError(f"unknown extension {code}")
        name, shape = _head_decoder.decode(data)
        dtype = np.dtype(name)
        if dtype.kind not in _KINDS:
            raise ValueError(f"unknown array type {name}")
        arrays.append(np.empty(shape, dtype.newbyteorder("=")))
        return arrays[-1]

    (length,) = _LENGTH.unpack(content.take(_LENGTH.size))
    tree: Tree = msgspec.msgpack.Decoder(ext_hook=awaited).decode(content.take(length))
    for array in arrays:
        content.fill(_raw(array))
        if sys.byteorder == "big":
            array.byteswap(inplace=True)
    return tree


def _raw(array: Array) -> memoryview:
    """Return the bytes of a contiguous array, as they lie."""
    return array.reshape(-1).view(np.uint8).data


def _shrinks(content: memoryview) -> bool:
    """Whether deflate makes it smaller: of ids and hashes it makes more, and takes long for it."""
    if len(content) < _TRIED_BYTES:
        return True
    middle = len(content) // 2
    trial = deflated(content[middle : middle + _TRIAL_BYTES], _LEVEL)
    return len(trial) < _WORTHWHILE * _TRIAL_BYTES


def _block(content: bytearray, shrinks: bool) -> bytes:
    return _COMPRESSED + deflated(content, _LEVEL) if shrinks else _PLAIN + content


class _Content:
    """What blocks hold, read from the front."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._left = memoryview(b"")

    @property
    def at_end(self) -> bool:
        """Whether nothing follows."""
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return True
            magic, content = block[: len(_PLAIN)], memoryview(block)[len(_PLAIN) :]
            if magic not in (_PLAIN, _COMPRESSED):
                raise StateError("not a Barograph checkpoint, or one of an unknown format")
            self._left = memoryview(inflated(content)) if magic == _COMPRESSED else content
        return False

    def take(self, size: int) -> bytearray:
        """Return the next bytes."""
        found = bytearray()
        while len(found) < size:
            found += self._next(size - len(found))
        return found

    def fill(self, room: memoryview) -> None:
        """Copy the next bytes to where they belong."""
        while room:
            part = self._next(len(room))
            room[: len(part)] = part
            room = room[len(part) :]

    def _next(self, most: int) -> memoryview:
        if self.at_end:
            raise ValueError("it ends too early")
        part, self._left = self._left[:most], self._left[most:]
        return part


_head_encoder: Final = msgspec.msgpack.Encoder()
_head_decoder: Final = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...]])
