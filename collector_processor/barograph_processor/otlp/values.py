"""Attribute values: from the wire's AnyValue to plain Python, and from there to cells."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

__all__ = [
    "MAX_TEXT",
    "UNUSABLE",
    "Cell",
    "Scalar",
    "Unusable",
    "Value",
    "attributes_of",
    "bounded",
    "is_number",
    "number_of",
    "text_of",
    "value_of",
]

MAX_TEXT: Final = 256
"""Longest name, id or category in characters; what is longer is cut and hashed."""

_HASHED: Final = 24


class Unusable(Enum):
    """The one value of this type stands for bytes, maps and arrays in arrays."""

    UNUSABLE = "unusable"


UNUSABLE: Final = Unusable.UNUSABLE

Scalar = str | bool | int | float
Cell = Scalar | None
"""What one row holds; None is missing."""
Value = Cell | Unusable | list[Cell | Unusable]


def value_of(value: AnyValue) -> Value:
    """Return a wire value as Python; a value without content is missing, None."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_scalar_of(element) for element in value.array_value.values]
    return _scalar_of(value)


def _scalar_of(value: AnyValue) -> Cell | Unusable:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind in ("string_value", "double_value", "int_value", "bool_value"):
        scalar: Scalar = getattr(value, kind)
        return scalar
    return UNUSABLE


def attributes_of(pairs: Iterable[KeyValue]) -> Mapping[str, Value]:
    """Return attributes by key; of a repeated key, which the protocol forbids, the last."""
    return {pair.key: value_of(pair.value) for pair in pairs}


def number_of(cell: Cell) -> float:
    """Return a cell as a number: bools are 0 and 1, text and missing are NaN."""
    if cell is None or isinstance(cell, str):
        return math.nan
    return float(cell)


def is_number(cell: Cell) -> bool:
    """Whether a cell is a number; a bool is none."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def text_of(cell: Cell) -> str | None:
    """Return a cell as a category.

    Whole numbers look alike whether they were sent as int or as double. NaN and
    the empty string are missing: arrays on the wire have no other way to say so.

    >>> text_of(True), text_of(1), text_of(1.0), text_of(0.25), text_of(float("nan")), text_of("")
    ('true', '1', '1', '0.25', None, None)
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return bounded(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if math.isnan(cell):
        return None
    return str(int(cell)) if cell.is_integer() else repr(cell)


def bounded(text: str) -> str:
    """Return text of at most ``MAX_TEXT`` characters that stays distinct if it was longer.

    >>> bounded("fraud")
    'fraud'
    >>> len(bounded("x" * 1000)), bounded("x" * 1000) == bounded("x" * 1001)
    (256, False)
    """
    if len(text) <= MAX_TEXT:
        return text
    digest = hashlib.blake2b(text.encode(), digest_size=_HASHED // 2).hexdigest()
    return f"{text[: MAX_TEXT - _HASHED - 1]}~{digest}"
