"""Checkpoints as bytes: a closed format that holds data and never code."""

import struct
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.deflate import DeflateError, deflated, inflated
from barograph_processor.exceptions import StateError

__all__ = ["Array", "Tree", "dumps", "loads"]

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
_PLAIN: Final = b"BGC0"
_COMPRESSED: Final = b"BGC1"
# Kinds of dtype that hold numbers or truth values; objects and text stay out.
_KINDS: Final = "?biufc"
# Level 1: a checkpoint is mostly counters and hashes, of which only the counters shrink.
_LEVEL: Final = 1


def dumps(tree: Tree, *, compress: bool = True) -> bytes:
    """Encode nested data.

    Args:
        tree: Dictionaries with str keys, lists, tuples, str, bytes, int of up
            to 64 bits, float, bool, None, and numpy arrays and scalars of
            numbers or truth values. Objects are refused.
        compress: False for what does not shrink, such as hashes or what is
            compressed already.

    Returns:
        Bytes for ``loads``. Equal trees with equal insertion order
        of keys give equal bytes.

    Raises:
        TypeError: Something in the tree is none of the above.
        OverflowError: An int has more than 64 bits.

    >>> loads(dumps({"a": [1, 2.5, None], "b": (True, b"x")}))
    {'a': [1, 2.5, None], 'b': [True, b'x']}
    """
    encoded = _encoder.encode(tree)
    return _COMPRESSED + deflated(encoded, _LEVEL) if compress else _PLAIN + encoded


def loads(blob: bytes) -> Tree:
    """Decode what ``dumps`` wrote. Tuples come back as lists, arrays with dtype and shape.

    Arrays are writable and own their memory.

    Raises:
        StateError: The bytes are no such encoding, or are damaged.
    """
    magic, content = blob[: len(_PLAIN)], memoryview(blob)[len(_PLAIN) :]
    if magic not in (_PLAIN, _COMPRESSED):
        raise StateError("not a Barograph checkpoint, or one of an unknown format")
    try:
        encoded = inflated(content) if magic == _COMPRESSED else content
        tree: Tree = _decoder.decode(encoded)
    except (
        DeflateError,
        msgspec.MsgspecError,
        struct.error,
        ValueError,
        TypeError,
        RecursionError,
    ) as error:
        raise StateError(f"the checkpoint is damaged: {error}") from error
    return tree


def _encode_array(value: object) -> object:
    if isinstance(value, np.generic) and value.dtype.kind in _KINDS:
        return value.item()
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in _KINDS:
            raise TypeError(f"an array of {value.dtype} cannot be in a checkpoint")
        # Little endian on every machine, so that a checkpoint can move.
        plain = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        head = _head_encoder.encode((plain.dtype.str, value.shape))
        return msgspec.msgpack.Ext(_ARRAY, _LENGTH.pack(len(head)) + head + plain.tobytes())
    raise TypeError(f"{type(value).__name__} cannot be in a checkpoint")


def _decode_array(code: int, data: memoryview) -> Array:
    if code != _ARRAY:
        raise ValueError(f"unknown extension {code}")
    raw = bytes(data)
    end = _LENGTH.size + _LENGTH.unpack_from(raw)[0]
    name, shape = _head_decoder.decode(raw[_LENGTH.size : end])
    dtype = np.dtype(name)
    if dtype.kind not in _KINDS:
        raise ValueError(f"unknown array type {name}")
    return np.frombuffer(raw, dtype, offset=end).reshape(shape).astype(dtype.newbyteorder("="))


_LENGTH: Final = struct.Struct("<H")
_head_encoder: Final = msgspec.msgpack.Encoder()
_head_decoder: Final = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...]])
_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_encode_array)
_decoder: Final = msgspec.msgpack.Decoder(ext_hook=_decode_array)
