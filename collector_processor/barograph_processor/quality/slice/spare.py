"""Levels that the reference did not hold: a new release, a new region."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from barograph_processor.quality.slice.layout import (
    MOST_LEVELS,
    SliceCodes,
    SliceKey,
    SliceLayout,
)
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["SpareSlots"]

_SLOTS: Final = 32
_OF_A_DIMENSION: Final = 8
_IDLE: Final = 20


@dataclass(slots=True)
class _Slot:
    """Who has a slot.

    Attributes:
        name: The dimension.
        level: Its level.
        came_ns: Event time of the first of its predictions that was labelled.
        idle: Windows since it had a label.
    """

    name: str
    level: str
    came_ns: int
    idle: int = 0


class SpareSlots:
    """Gives each new level a slot of its own with its first label, for as long as it has labels.

    There are 32 slots, of which one dimension has 8 at most. A level without a label for 20
    windows gives its slot back; labels of a level for which there is none are counted. A
    dimension that the reference did not have, or had 50 levels of or more, has no new levels.

    State size: 32 names and times. Not locked: one writer.

    Args:
        layout: The levels that are not new.
    """

    size: Final = _SLOTS

    def __init__(self, layout: SliceLayout) -> None:
        self._layout = layout
        self._names = sorted(n for n, known in layout.levels.items() if len(known) < MOST_LEVELS)
        self._slots: list[_Slot | None] = [None] * _SLOTS
        self.refused = 0

    @property
    def keys(self) -> tuple[SliceKey, ...]:
        """The slice in each slot; nothing where it is free."""
        return tuple(((slot.name, slot.level),) if slot else () for slot in self._slots)

    def came_ns(self, slot: int) -> int | None:
        """Return the event time of the first labelled prediction of a slot's level."""
        held = self._slots[slot]
        return None if held is None else held.came_ns

    def fill(
        self,
        codes: SliceCodes,
        columns: Mapping[str, CategoricalColumn],
        time_ns: Ints | None = None,
    ) -> None:
        """Write the codes of new levels into those of the layout.

        Args:
            codes: Of ``n`` rows, from ``SliceLayout.codes``; they are changed.
            columns: Levels by dimension, of the same rows.
            time_ns: Event times, shape ``(n,)``: new levels take a slot. None: those that
                have none are passed over.
        """
        found = {name: self._unknown(name, codes, columns) for name in self._names}
        if time_ns is not None:
            # In order of the rows, so that it makes no difference how they came in batches.
            newcomers = sorted(
                (row, name, columns[name].levels[code])
                for name, rows in found.items()
                for code, row in rows.items()
            )
            for row, name, level in newcomers:
                if self._find(name, level) is None:
                    self._claim(name, level, int(time_ns[row]))
        for name, firsts in found.items():
            for code in firsts:
                slot = self._find(name, columns[name].levels[code])
                rows = columns[name].codes == code
                if slot is not None:
                    codes[name][rows] = self._first(name) + slot
                elif time_ns is not None:
                    self.refused += int(rows.sum())

    def code(self, name: str, level: str) -> int:
        """Return the code of a level in its dimension, see ``SliceCodes``; -1 if it has none."""
        known = self._layout.place(name, level)
        if known is not None:
            return known
        slot = self._find(name, level)
        return -1 if slot is None else self._first(name) + slot

    def level(self, name: str, code: int) -> str | None:
        """Return the level that a code stands for in its dimension; None if it stands for none."""
        known = self._layout.levels[name]
        if 0 <= code < len(known):
            return known[code]
        held = self._slots[code - self._first(name)] if code >= self._first(name) else None
        return None if held is None or held.name != name else held.level

    def count(self, codes: SliceCodes, losses: Floats) -> tuple[Ints, Floats]:
        """Return labels and sums of losses by slot, each of shape ``(32,)``."""
        labels, sums = np.zeros(_SLOTS, dtype=np.int64), np.zeros(_SLOTS)
        for slot, held in enumerate(self._slots):
            if held is not None:
                rows = codes[held.name] == self._first(held.name) + slot
                labels[slot], sums[slot] = rows.sum(), losses[rows].sum()
        return labels, sums

    def leaving(self, labels: Ints) -> list[int]:
        """End a window; return the slots of levels that had no label for too long.

        Args:
            labels: Of the window by slot, shape ``(32,)``.
        """
        for held, n in zip(self._slots, labels.tolist(), strict=True):
            if held is not None:
                held.idle = 0 if n else held.idle + 1
        return [at for at, held in enumerate(self._slots) if held and held.idle >= _IDLE]

    def free(self, slot: int) -> None:
        """Let a slot go to the next new level."""
        self._slots[slot] = None

    def _first(self, name: str) -> int:
        """Return the code of the first slot in a dimension."""
        return len(self._layout.levels[name]) + 1

    def _unknown(
        self, name: str, codes: SliceCodes, columns: Mapping[str, CategoricalColumn]
    ) -> dict[int, int]:
        """Return the column's codes of levels that are new, and the row where each begins."""
        column = columns.get(name)
        if column is None:
            return {}
        unknown = (codes[name] >= len(self._layout.levels[name])) & (column.codes >= 0)
        rows = np.flatnonzero(unknown)
        if not len(rows):
            return {}
        used, first = np.unique(column.codes[rows], return_index=True)
        return dict(zip(used.tolist(), rows[first].tolist(), strict=True))

    def _find(self, name: str, level: str) -> int | None:
        for slot, held in enumerate(self._slots):
            if held is not None and (held.name, held.level) == (name, level):
                return slot
        return None

    def _claim(self, name: str, level: str, came_ns: int) -> None:
        held = sum(slot is not None and slot.name == name for slot in self._slots)
        if held < _OF_A_DIMENSION and None in self._slots:
            self._slots[self._slots.index(None)] = _Slot(name, level, came_ns)

    def state(self) -> dict[str, Any]:
        """Return plain values for ``load``."""
        return {
            "slots": [
                None if held is None else [held.name, held.level, held.came_ns, held.idle]
                for held in self._slots
            ],
            "refused": self.refused,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._slots = [None if held is None else _Slot(*held) for held in state["slots"]]
        self.refused = state["refused"]
