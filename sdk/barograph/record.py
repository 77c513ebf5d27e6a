"""Values with named fields: dicts, dataclasses, pydantic models, named tuples, rows.

Only what is known to hold plain fields is opened; any other object stays closed, so that no
property, `__getattr__` or `__len__` of a stranger is ever run.
"""

import sys
from collections import OrderedDict
from itertools import islice
from typing import Any

from barograph.limits import MAX_FEATURES
from barograph.scalar import library

__all__ = ["fields_of", "is_sequence", "items_of"]


def fields_of(value: Any) -> dict[Any, Any] | None:  # noqa: PLR0911  # one a kind of record
    """Return the fields of `value` as a dict (perhaps its own: do not change it), or None."""
    kind = type(value)
    if kind is dict:
        return value  # type: ignore[no-any-return]  # an exact type was just checked
    if issubclass(kind, dict):
        # The base's own methods: a subclass may have overridden them with anything.
        walk = OrderedDict.items if issubclass(kind, OrderedDict) else dict.items
        return dict(islice(walk(value), MAX_FEATURES))
    if issubclass(kind, tuple):
        names = getattr(kind, "_fields", None)
        return dict(zip(names, tuple.__iter__(value), strict=False)) if names else None
    if "__dataclass_fields__" in kind.__dict__ or hasattr(kind, "__dataclass_fields__"):
        return {name: _held(value, name) for name in kind.__dataclass_fields__}
    if hasattr(kind, "__pydantic_fields__"):
        return dict(object.__getattribute__(value, "__dict__"))
    if hasattr(kind, "__attrs_attrs__"):
        return {entry.name: _held(value, entry.name) for entry in kind.__attrs_attrs__}
    if library(kind) == "pandas" and kind.__name__ == "Series" and "pandas" in sys.modules:
        head = value.iloc[:MAX_FEATURES]
        return dict(zip(head.index.tolist(), head.tolist(), strict=True))
    return None


def _held(value: Any, name: str) -> Any:
    """An attribute, by the base's own method; None if there is none."""
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return None


def is_sequence(value: Any) -> bool:
    """Whether `value` is a list or tuple, subclasses included, but not a named tuple."""
    kind = type(value)
    return issubclass(kind, (list, tuple)) and not hasattr(kind, "_fields")


def items_of(value: Any, limit: int) -> list[Any]:
    """The first `limit` items of a list or tuple, by the base type's own iterator."""
    walk = list.__iter__ if issubclass(type(value), list) else tuple.__iter__
    return list(islice(walk(value), limit))
