"""The child spans of predictions that wait for their label."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import TRACE_PREFIX
from barograph_processor.state.label.span_names import SpanNames
from barograph_processor.stats.column import CategoricalColumn
from barograph_processor.stats.duration import DURATION_LEVELS, duration_codes

__all__ = ["SPAN_PREFIX", "SpanTable"]

SPAN_PREFIX: Final = TRACE_PREFIX + "span."
"""Begins the names of dimensions that are child spans; the span's name follows."""

_LEVELS: Final = (*DURATION_LEVELS, "error", "absent")
_ABSENT: Final = -1
_ERROR: Final = -2
_LONGEST: Final = 2**31 - 1

_Micros = npt.NDArray[np.int32]


class SpanTable:
    """How long the child spans of each slot took, by name, beside the pending predictions.

    A dimension for each name: the level of the summed duration, ``error`` if one of them
    failed, ``absent`` if there is none. Predictions from before a name got its place have
    it as absent.

    State size: 4 bytes a slot and name, for at most 16 names. Not locked; its owner is.
    """

    def __init__(self) -> None:
        self._names = SpanNames()
        self._micros: dict[int, _Micros] = {}
        self._size = 0

    def see(self, names: Sequence[str]) -> list[int]:
        """Take sightings of names, in order; return the number of each, -1 if it has none."""
        numbers = self._names.see(names)
        if max(numbers, default=-1) not in (*self._micros, -1):
            # A new name, perhaps in the place of an old one.
            self._keep()
        return numbers

    def reserve(self, size: int) -> None:
        """Make room for so many slots; new ones have no child spans."""
        if size > self._size:
            self._size = max(size, 2 * self._size)
            self._micros = {number: self._padded(micros) for number, micros in self._micros.items()}

    def note(
        self,
        slots: npt.NDArray[np.intp],
        number: npt.NDArray[np.int64],
        micros: npt.NDArray[np.int64],
        failed: npt.NDArray[np.bool_],
    ) -> None:
        """Add child spans; no two are of one slot and number. Arrays of shape ``(k,)``.

        Args:
            slots: Whose they are.
            number: Of their name, from ``see``; those that lost their place are left out.
            micros: Their durations summed, us.
            failed: Whether one of them failed.
        """
        for each in np.unique(number).tolist():
            column = self._micros.get(each)
            if column is None:
                continue
            mine = number == each
            at = slots[mine]
            known = column[at]
            total = np.minimum(np.maximum(known, 0) + micros[mine], _LONGEST)
            column[at] = np.where(failed[mine] | (known == _ERROR), _ERROR, total)

    def take(self, slots: npt.NDArray[np.intp]) -> dict[str, CategoricalColumn]:
        """Return the levels of slots by dimension."""
        return {
            SPAN_PREFIX + name: _levels(self._micros[number][slots])
            for name, number in self._names.numbers.items()
        }

    def retain(self, slots: npt.NDArray[np.intp]) -> None:
        """Keep these slots alone, in their order."""
        self._micros = {number: micros[slots] for number, micros in self._micros.items()}
        self._size = len(slots)

    def state(self, rows: int) -> dict[str, Any]:
        """Return plain values of the first slots, from which ``load`` continues."""
        return {
            "names": self._names.state(),
            "micros": [[number, micros[:rows]] for number, micros in self._micros.items()],
        }

    def load(self, state: Mapping[str, Any], rows: int) -> None:
        """Undo ``state`` of so many slots."""
        self._names.load(state["names"])
        self._size = rows
        self._micros = {
            number: np.array(micros, dtype=np.int32) for number, micros in state["micros"]
        }

    def _keep(self) -> None:
        """Keep a column for each number that is in use."""
        none: _Micros = np.zeros(0, np.int32)
        self._micros = {
            number: self._padded(self._micros.get(number, none))
            for number in self._names.numbers.values()
        }

    def _padded(self, micros: _Micros) -> _Micros:
        more = self._size - len(micros)
        return np.concatenate([micros, np.full(more, _ABSENT, np.int32)]) if more else micros


def _levels(micros: _Micros) -> CategoricalColumn:
    codes = duration_codes(np.maximum(micros, 0) / 1e6)
    codes[micros == _ERROR] = _LEVELS.index("error")
    codes[micros == _ABSENT] = _LEVELS.index("absent")
    return CategoricalColumn(codes, _LEVELS)
