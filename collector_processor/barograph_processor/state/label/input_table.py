"""The inputs of predictions that wait for their label."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.state.label.grown import grown
from barograph_processor.state.label.input_columns import MOST_INPUTS, InputColumns
from barograph_processor.state.label.slice_table import SliceTable
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["InputTable"]


class InputTable:
    """Inputs by name and slot, beside the table of pending predictions.

    Numbers are kept in single precision. An input stays a number, or a category, as it came
    first; values of the other kind count as missing. A category that has shown 1,000 levels at
    once is an identifier, and is let go.

    State size: 4 bytes a slot and number, 2 a category, for at most 16 inputs. Not locked; its
    owner is.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, npt.NDArray[np.float32]] = {}
        self._categories = SliceTable()
        self._known: dict[str, bool] = {}

    @np.errstate(over="ignore")
    def add(self, inputs: InputColumns, rows: npt.NDArray[np.intp], start: int) -> None:
        """Keep the inputs of some rows in the slots from ``start`` on."""
        slots = slice(start, start + len(rows))
        categories: dict[str, CategoricalColumn] = {}
        for name, column in inputs.items():
            if len(self._known) < MOST_INPUTS:
                self._known.setdefault(name, True)
            if not self._known.get(name, False):
                continue
            if isinstance(column, CategoricalColumn):
                if name not in self._numbers:
                    categories[name] = column
            elif name not in self._categories.names:
                self._write(name, slots, column.values[rows])
        for name in self._numbers:
            if not isinstance(inputs.get(name), NumericColumn):
                self._write(name, slots, np.nan)
        self._categories.add(categories, rows, start)
        for name in self._categories.full:
            self._known[name] = False
            self._categories.drop(name)

    def take(self, slots: npt.NDArray[np.intp]) -> dict[str, Column]:
        """Return the inputs of slots by name."""
        numbers = {
            name: NumericColumn(values[slots].astype(np.float64))
            for name, values in self._numbers.items()
        }
        return {**numbers, **self._categories.take(slots)}

    def retain(self, slots: npt.NDArray[np.intp]) -> None:
        """Keep these slots alone, in their order."""
        self._numbers = {name: values[slots] for name, values in self._numbers.items()}
        self._categories.retain(slots)

    def state(self, rows: int) -> dict[str, Any]:
        """Return plain values of the first slots, from which ``load`` continues."""
        return {
            "known": [[name, kept] for name, kept in self._known.items()],
            "numbers": [[name, values[:rows]] for name, values in self._numbers.items()],
            "categories": self._categories.state(rows),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._known = dict(state["known"])
        self._numbers = {
            name: np.array(values, dtype=np.float32) for name, values in state["numbers"]
        }
        self._categories.load(state["categories"])

    def _write(self, name: str, slots: slice, values: npt.NDArray[np.float64] | float) -> None:
        column = self._numbers.get(name)
        if column is None:
            column = np.full(slots.start, np.nan, np.float32)
        self._numbers[name] = column = grown(column, slots.stop)
        column[slots] = values
