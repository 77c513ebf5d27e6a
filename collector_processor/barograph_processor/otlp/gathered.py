"""Attributes of many spans, gathered by key."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.otlp.buffer import Buffer, alike
from barograph_processor.otlp.distinct import distinct
from barograph_processor.otlp.walk import Stretches, UnusualError

__all__ = ["gather"]

_KEY: Final = 0x0A
_CONTINUES: Final = 0x80


def gather(data: Buffer, steps: Sequence[Stretches]) -> Mapping[bytes, Stretches]:
    """Gather attributes, by the prefix that holds the key: its tag, its length, itself.

    Args:
        data: Where they are.
        steps: The attributes, in each step at most one of a row.

    Returns:
        What is behind the key, of each row that has it at most once.

    Raises:
        UnusualError: A row repeats a key, or one is written in an unusual way.
    """
    found: dict[bytes, list[Stretches]] = {}
    others: list[Stretches] = []
    for step in steps:
        prefix = _common_prefix(data, step)
        if prefix is None:
            others.append(step)
        else:
            found.setdefault(prefix, []).append(_behind(step, len(prefix)))
    if others:
        for prefix, attributes in _by_key(data, _joined(others)):
            found.setdefault(prefix, []).append(attributes)
    return {
        prefix: parts[0] if len(parts) == 1 else _once(_joined(parts))
        for prefix, parts in found.items()
    }


def _common_prefix(data: Buffer, step: Stretches) -> bytes | None:
    """Return the prefix that all attributes of a step have, as of one call site, else None."""
    first = int(step.start[0])
    payload = data.payload
    if payload[first : first + 1] != bytes([_KEY]) or first + 2 > int(step.stop[0]):
        return None
    size = 2 + payload[first + 1]
    if size >= 2 + _CONTINUES or np.count_nonzero(step.start + size > step.stop):
        return None
    return _slice(data, first, size) if alike(data.take(step.start, size)) else None


def _by_key(data: Buffer, attributes: Stretches) -> list[tuple[bytes, Stretches]]:
    """Sort attributes by their prefix, those of one by their rows, each row's once."""
    rows, start, stop = attributes
    head = data.take(start, 2)
    sizes = head[:, 1].astype(np.intp) + 2
    if (head[:, 0] != _KEY).any() or (head[:, 1] >= _CONTINUES).any():
        raise UnusualError
    if (start + sizes > stop).any():
        raise UnusualError
    numbers, firsts = distinct(data, start, start + sizes)
    order = np.lexsort((_narrow(rows), _narrow(numbers)))
    numbers = numbers[order]
    bounds = np.searchsorted(numbers, np.arange(len(firsts) + 1))
    rows, start, stop = rows[order], (start + sizes)[order], stop[order]
    if ((rows[1:] == rows[:-1]) & (numbers[1:] == numbers[:-1])).any():
        raise UnusualError
    return [
        (
            _slice(data, int(attributes.start[first]), int(sizes[first])),
            Stretches(rows[a:b], start[a:b], stop[a:b]),
        )
        for first, a, b in zip(firsts.tolist(), bounds, bounds[1:], strict=False)
    ]


def _narrow(numbers: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.unsignedinteger]:
    """Return numbers, at least one, in as few bytes as they need: few are sorted by digits."""
    return numbers.astype(np.min_scalar_type(int(numbers.max())))


def _once(attributes: Stretches) -> Stretches:
    """Return attributes in the order of their rows, each row's once."""
    order = np.argsort(attributes.rows)
    rows = attributes.rows[order]
    if (rows[1:] == rows[:-1]).any():
        raise UnusualError
    return Stretches(rows, attributes.start[order], attributes.stop[order])


def _behind(attributes: Stretches, size: int) -> Stretches:
    return Stretches(attributes.rows, attributes.start + size, attributes.stop)


def _joined(parts: Sequence[Stretches]) -> Stretches:
    if len(parts) == 1:
        return parts[0]
    rows, start, stop = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Stretches(rows, start, stop)


def _slice(data: Buffer, start: int, size: int) -> bytes:
    return data.payload[start : start + size]
