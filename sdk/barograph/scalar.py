"""One value of a user's program as one value on the wire.

Exact types pass; their subclasses and the scalars of numpy and its kin are converted by
the base type's own methods, so that no method a user overrode is ever called.
"""

import math
import sys
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, TypeAlias
from uuid import UUID

__all__ = ["ARRAY_LIBRARIES", "Scalar", "is_nan", "library", "number_of", "scalar", "wire_text"]

Scalar: TypeAlias = bool | int | float | str

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

ARRAY_LIBRARIES = frozenset({"numpy", "torch", "jax", "jaxlib", "tensorflow", "cupy", "mlx"})


def library(kind: type) -> str:
    """Return the top-level package that defines `kind`; empty if it does not say."""
    module = kind.__module__
    return module.partition(".")[0] if type(module) is str else ""


def _integer(value: int) -> int | float | None:
    """OTLP integers have 64 bits; a larger one is sent as the nearest double, if there is one."""
    if INT64_MIN <= value <= INT64_MAX:
        return value
    try:
        return float(value)
    except OverflowError:
        return None


def wire_text(value: str) -> str:
    """Return `value` as it can be sent: a lone surrogate is no UTF-8, and is replaced."""
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def scalar(value: Any) -> Scalar | None:
    """Return `value` as exactly a bool, int, float or str; None if it is none of these.

    NaN and infinities pass. Integers beyond 64 bits become doubles. Arrays of one element,
    tensors included, are that element.
    """
    kind = type(value)
    if kind is float or kind is bool:
        return value  # type: ignore[no-any-return]  # an exact type was just checked
    if kind is int:
        return _integer(value)
    if kind is str:
        return wire_text(value)
    if value is None:
        return None
    return _converted(value, kind)


def is_nan(value: Scalar) -> bool:
    """Whether `value` is not a number, which is how libraries of tables write a gap."""
    return type(value) is float and math.isnan(value)


def number_of(value: Any) -> float | None:
    """Return `value` as a float; None if it is no number, as a boolean is none."""
    plain = scalar(value)
    return float(plain) if type(plain) is float or type(plain) is int else None


def _converted(value: Any, kind: type) -> Scalar | None:  # noqa: PLR0911  # one a kind of value
    if issubclass(kind, Enum):
        return scalar(value._value_) if not issubclass(kind, str) else wire_text(value._value_)
    if issubclass(kind, str):
        return wire_text(str.__str__(value))
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, int):
        return _integer(int.__int__(value))
    if kind is Decimal or kind is Fraction:
        return float(value)
    if kind is UUID:
        return str(value)
    if library(kind) in ARRAY_LIBRARIES and library(kind) in sys.modules:
        return _array_item(value)
    return None


def _array_item(value: Any) -> Scalar | None:
    """The element of a numpy scalar, or of an array or tensor that holds one."""
    shape = getattr(value, "shape", None)
    if shape is None or all(extent == 1 for extent in shape):
        item = value.item()
        return scalar(item) if type(item) in {bool, int, float, str} else None
    return None
