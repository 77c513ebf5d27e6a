"""Attributes of many spans, gathered by key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.attribute_bytes import UnusualError, prefix_of

__all__ = ["Gathered", "Rows", "gather_alike", "gather_ragged"]

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The attributes of one key.

    Attributes:
        attributes: As on the wire; one a row at most.
        rows: Which span each is of, in any order.
    """

    attributes: Sequence[bytes]
    rows: Rows


def gather_alike(spans: Sequence[Sequence[bytes]]) -> Mapping[bytes, Gathered] | None:
    """Gather spans that have the same keys in the same order, as one call site makes them.

    Only the first span is looked at: whoever reads an attribute has to check its key.

    Returns:
        Columns by the prefix that holds the key, or None if the spans cannot be alike.

    Raises:
        UnusualError: A key is repeated, or is written in an unusual way.
    """
    if len(set(map(len, spans))) != 1:
        return None
    rows = np.arange(len(spans))
    columns = {prefix_of(column[0]): Gathered(column, rows) for column in zip(*spans, strict=True)}
    if len(columns) != len(spans[0]):
        raise UnusualError
    return columns


def gather_ragged(spans: Sequence[Sequence[bytes]]) -> Mapping[bytes, Gathered]:
    """Gather spans whatever keys they have.

    Raises:
        UnusualError: A span repeats a key, or one is written in an unusual way.
    """
    layouts: dict[tuple[bytes, ...], list[int]] = {}
    try:
        for row, attributes in enumerate(spans):
            layout = tuple([attribute[: 2 + attribute[1]] for attribute in attributes])
            layouts.setdefault(layout, []).append(row)
    except IndexError:
        raise UnusualError from None
    attributes_of: dict[bytes, list[bytes]] = {}
    rows_of: dict[bytes, list[int]] = {}
    for layout, rows in layouts.items():
        if len(set(layout)) != len(layout):
            raise UnusualError
        columns = zip(*[spans[row] for row in rows], strict=True)
        for prefix, column in zip(layout, columns, strict=True):
            if prefix in rows_of:
                attributes_of[prefix].extend(column)
                rows_of[prefix].extend(rows)
            else:
                if prefix_of(prefix) != prefix:
                    raise UnusualError
                attributes_of[prefix] = list(column)
                rows_of[prefix] = rows.copy()
    return {
        prefix: Gathered(attributes, np.array(rows_of[prefix], np.intp))
        for prefix, attributes in attributes_of.items()
    }
