"""The slice levels of predictions that wait for their label."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import TRACE_PREFIX
from barograph_processor.state.label.grown import grown
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["SliceTable"]

_DIMENSIONS: Final = 16
_TRACE_DIMENSIONS: Final = 48
_LEVELS: Final = 1000


class SliceTable:
    """Levels by dimension and slot, beside the table of pending predictions.

    State size: 2 bytes a slot and dimension, and the names of at most 1,000 levels
    of each of at most 16 dimensions and 48 of traces; what is beyond counts as missing.
    Not locked; its owner is.
    """

    def __init__(self) -> None:
        self._codes: dict[str, npt.NDArray[np.int16]] = {}
        self._levels: dict[str, dict[str, int]] = {}

    @property
    def names(self) -> Collection[str]:
        """The dimensions held."""
        return self._codes.keys()

    @property
    def full(self) -> tuple[str, ...]:
        """Dimensions that have as many levels as there is room for."""
        return tuple(name for name, levels in self._levels.items() if len(levels) >= _LEVELS)

    def drop(self, name: str) -> None:
        """Forget a dimension."""
        del self._codes[name], self._levels[name]

    def add(
        self, slices: Mapping[str, CategoricalColumn], rows: npt.NDArray[np.intp], start: int
    ) -> None:
        """Keep the levels of some rows in the slots from ``start`` on."""
        slots = slice(start, start + len(rows))
        for name, column in slices.items():
            if name not in self._codes:
                if not self._has_room(name):
                    continue
                self._codes[name] = np.full(start, -1, dtype=np.int16)
                self._levels[name] = {}
            self._write(name, slots, self._recode(name, column, rows))
        for name in self._codes.keys() - slices.keys():
            self._write(name, slots, -1)

    def take(self, slots: npt.NDArray[np.intp]) -> dict[str, CategoricalColumn]:
        """Return the levels of slots by dimension."""
        return {
            name: CategoricalColumn(codes[slots].astype(np.int32), tuple(self._levels[name]))
            for name, codes in self._codes.items()
        }

    def retain(self, slots: npt.NDArray[np.intp]) -> None:
        """Keep these slots alone, in their order, and the levels that they have."""
        for name, codes in self._codes.items():
            known = tuple(self._levels[name])
            used, inverse = np.unique(codes[slots], return_inverse=True)
            kept = [known[code] for code in used.tolist() if code >= 0]
            absent = len(used) - len(kept)  # the code -1, if it occurs, sorts first
            self._levels[name] = {level: code for code, level in enumerate(kept)}
            self._codes[name] = (inverse - absent).astype(np.int16)

    def state(self, rows: int) -> list[Any]:
        """Return plain values of the first slots, from which ``load`` continues."""
        return [
            [name, codes[:rows], list(self._levels[name])] for name, codes in self._codes.items()
        ]

    def load(self, state: list[Any]) -> None:
        """Undo ``state``."""
        self._codes = {name: np.array(codes, dtype=np.int16) for name, codes, _ in state}
        self._levels = {
            name: {level: code for code, level in enumerate(levels)} for name, _, levels in state
        }

    def _has_room(self, name: str) -> bool:
        """Whether there is room for a dimension; those of traces take none from the others."""
        of_trace = name.startswith(TRACE_PREFIX)
        held = sum(known.startswith(TRACE_PREFIX) == of_trace for known in self._codes)
        return held < (_TRACE_DIMENSIONS if of_trace else _DIMENSIONS)

    def _recode(
        self, name: str, column: CategoricalColumn, rows: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.int16]:
        known = self._levels[name]
        if len(known) < _LEVELS and not known.keys() >= set(column.levels):
            # In order of appearance, so that it makes no difference how rows came in batches.
            for code in column.take(rows).occurring():
                if len(known) < _LEVELS:
                    known.setdefault(column.levels[code], len(known))
        table = [known.get(level, -1) for level in column.levels]
        return np.array([*table, -1], dtype=np.int16)[column.codes[rows]]

    def _write(self, name: str, slots: slice, codes: npt.NDArray[np.int16] | int) -> None:
        column = self._codes[name] = grown(self._codes[name], slots.stop)
        column[slots] = codes
