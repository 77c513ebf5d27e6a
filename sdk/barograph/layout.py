"""A layout: the keys and types that the spans of one call site share.

Calls of one site mostly carry the same attributes. Their names are then kept once, in a layout,
and each span holds its values alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Layout"]


class Layout:
    """Keys and exact types of a span's attributes, in order, beside the constant ones.

    Immutable but for `encoder`, which the exporter fills in at its first span of this layout.
    """

    __slots__ = ("constants", "encoder", "keys", "kinds", "name")

    def __init__(
        self,
        name: str,
        constants: Mapping[str, Any],
        keys: tuple[str, ...],
        kinds: tuple[type, ...],
    ) -> None:
        self.name = name
        """Name of the spans."""
        self.constants = constants
        self.keys = keys
        self.kinds = kinds
        self.encoder: Callable[..., bytes] | None = None

    def attributes(self, values: tuple[Any, ...]) -> dict[str, Any]:
        """Return the attributes of a span that holds `values`."""
        return {**self.constants, **dict(zip(self.keys, values, strict=True))}
