"""Predictions that show something: where their traces are looked up for an alarm."""

from collections import deque
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.observation import trace_hex
from barograph_processor.state.label.slice_columns import SliceColumns

__all__ = ["Examples"]

_KEPT = 256


class _Example(msgspec.Struct, frozen=True):
    trace_id: str
    time_ns: int
    levels: dict[str, str]


class Examples:
    """The last 256 predictions that had something, each with its event time and its levels.

    Those without a trace are passed over. Not locked; its owner is.
    """

    def __init__(self) -> None:
        self._held: deque[_Example] = deque(maxlen=_KEPT)

    def add(
        self,
        ids: npt.NDArray[np.uint64],
        time_ns: npt.NDArray[np.int64],
        slices: SliceColumns,
    ) -> None:
        """Keep predictions that have a trace: ids of shape ``(n, 3)``, columns of ``n`` rows."""
        known = np.flatnonzero(ids[:, :2].any(axis=1))
        for row in known[-_KEPT:].tolist():
            levels = {
                name: column.levels[code]
                for name, column in slices.items()
                if (code := int(column.codes[row])) >= 0
            }
            self._held.append(_Example(trace_hex(ids, row), int(time_ns[row]), levels))

    def discard(self, ids: npt.NDArray[np.uint64], time_ns: npt.NDArray[np.int64]) -> None:
        """Drop predictions that turned out not to have it: ids of shape ``(n, 3)``, ``n`` times."""
        gone = {(trace_hex(ids, row), int(time_ns[row])) for row in range(len(ids))}
        if gone:
            kept = [held for held in self._held if (held.trace_id, held.time_ns) not in gone]
            self._held = deque(kept, maxlen=_KEPT)

    def traces(
        self, since_ns: int, *, within: Mapping[str, Collection[str]] | None = None, limit: int = 5
    ) -> tuple[str, ...]:
        """Return the traces of the latest since a time, 32 hex digits each.

        Args:
            since_ns: The earliest event time.
            within: Only those with one of these levels, by dimension or input.
            limit: Most traces.
        """
        wanted = within or {}
        found: dict[str, None] = {}
        for example in reversed(self._held):
            levels = example.levels
            inside = all(levels.get(name) in some for name, some in wanted.items())
            if example.time_ns >= since_ns and inside:
                found[example.trace_id] = None
                if len(found) == limit:
                    break
        return tuple(found)

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        return [msgspec.to_builtins(example) for example in self._held]

    def load(self, state: list[Any]) -> None:
        """Undo ``state``."""
        self._held = deque((msgspec.convert(plain, _Example) for plain in state), maxlen=_KEPT)
