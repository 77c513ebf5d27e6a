"""A column of a batch as an array on the wire: one type, one value a row.

Arrays on the wire hold one type and no gaps, so a missing value is NaN in a column of numbers
and "" in a column of strings. Whole numbers with gaps become doubles. Booleans with gaps, which
stay categories, and columns of mixed types become strings, booleans in them "true" and "false".
"""

import math
from typing import Any, TypeAlias

from barograph.redaction import CARD_FROM, Redactor
from barograph.scalar import INT64_MAX, INT64_MIN, Scalar, is_nan, scalar, wire_text

__all__ = ["Array", "as_category", "clean_array", "homogeneous"]

Array: TypeAlias = list[float] | list[int] | list[bool] | list[str]

_PLAIN = {bool, int, float, str}


def as_category(value: Scalar) -> str:
    """Return a class or category in its one spelling.

    Booleans are "true" and "false", whole numbers have no fraction: the classes `1`, `1.0` and
    `np.int64(1)` are all "1".
    """
    if value is True:
        return "true"
    if value is False:
        return "false"
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def homogeneous(values: list[Any]) -> Array | None:  # noqa: PLR0911  # one a kind of column
    """Return `values` as an array of one type; None if none of them is a value.

    >>> homogeneous([1, None, 2])
    [1.0, nan, 2.0]
    >>> homogeneous(["a", None])
    ['a', '']
    >>> homogeneous([True, None])
    ['true', '']
    """
    kinds = set(map(type, values))
    if kinds in ({float}, {bool}):
        return values
    if kinds == {int}:
        low, high = min(values), max(values)
        return values if low >= INT64_MIN and high <= INT64_MAX else [float(v) for v in values]
    if kinds == {str}:
        return values if "".join(set(values)).isascii() else list(map(wire_text, values))
    if not kinds <= _PLAIN:
        values = [scalar(value) for value in values]
        kinds = set(map(type, values))
    kinds.discard(type(None))
    if not kinds:
        return None
    if kinds == {str}:
        return [value if value is not None else "" for value in values]
    if str in kinds or _flags_with_gaps(kinds, values):
        return [_text_of(value) for value in values]
    if None not in values and kinds in ({int}, {bool}, {float}):
        return values
    return [math.nan if value is None else float(value) for value in values]


def _flags_with_gaps(kinds: set[type], values: list[Any]) -> bool:
    """Whether all values are booleans, but for None, or NaN, as pandas writes a gap."""
    if bool not in kinds or int in kinds:
        return False
    gaps = [value for value in values if type(value) is not bool]
    return bool(gaps) and all(value is None or is_nan(value) for value in gaps)


def _text_of(value: Scalar | None) -> str:
    """A number among strings; pandas writes a gap among strings as NaN."""
    if value is None or is_nan(value):
        return ""
    return as_category(value)


def clean_array(key: str, values: Array, redactor: Redactor) -> Array | None:
    """Return `values` without secrets and with the user's mask applied to each.

    A value that is dropped becomes a missing one.
    """
    kind = type(values[0]) if values else None
    if not (redactor.masked or redactor.secret(key)):
        if kind is str:
            changed = {
                text: new for text in set(values) if (new := redactor.text(str(text))) != text
            }
            return [changed.get(value, str(value)) for value in values] if changed else values
        if kind is not int or max(map(int, values)) < CARD_FROM:
            return values
    missing: Any = "" if kind is str else math.nan
    cleaned = [redactor.value(key, value) for value in values]
    return homogeneous([missing if value is None else value for value in cleaned])
