"""Ids of predictions, at a length that can be kept by the hundred thousand."""

import hashlib
from collections.abc import Sequence
from typing import Final

from barograph_processor.span_hexes import SpanHexes

__all__ = ["MAX_ID", "short_ids"]

MAX_ID: Final = 128
"""Characters of an id that are kept as they are."""


def short_ids(names: Sequence[str]) -> Sequence[str]:
    """Return ids of at most 128 characters; longer ones by a hash, so that all still meet.

    >>> short_ids(("order-17",))
    ('order-17',)
    >>> [len(name) for name in short_ids(("order-17", "x" * 10_000))]
    [8, 71]
    """
    if isinstance(names, SpanHexes) or max(map(len, names), default=0) <= MAX_ID:
        return names
    return tuple(name if len(name) <= MAX_ID else _hashed(name) for name in names)


def _hashed(name: str) -> str:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=32)
    return f"blake2b{digest.hexdigest()}"
