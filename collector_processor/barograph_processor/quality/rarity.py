"""How rare the slices of a row are among the rows so far."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Floats
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["Rarity"]

_DIMENSIONS = 16
_LEVELS = 200


class Rarity:
    """Weights that give each level of each dimension the same sum over all rows.

    A row of a level that has the share s among L levels weighs 1 / (s L), so the mean over
    all rows is 1; over several dimensions the mean of their weights is taken. Shares are
    those of the rows before the last ``settle``.

    State size: at most 16 dimensions of 200 levels; rows beyond them weigh 1. Not locked.
    """

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}
        self._weights: dict[str, dict[str, float]] = {}

    def of(self, slices: Mapping[str, CategoricalColumn], rows: npt.NDArray[np.intp]) -> Floats:
        """Return the weights of some rows, shape ``(k,)``, not negative.

        Args:
            slices: Levels by dimension, each of ``n`` rows.
            rows: Which of them, shape ``(k,)``.
        """
        found = []
        for name, column in slices.items():
            known = self._weights.get(name)
            if known is not None:
                table = np.array([*(known.get(level, 1.0) for level in column.levels), 1.0])
                found.append(table[column.codes[rows]])
        if not found:
            return np.ones(len(rows))
        weights: Floats = np.mean(found, axis=0)
        return weights

    def add(self, slices: Mapping[str, CategoricalColumn], rows: slice) -> None:
        """Count rows; the weights stay until ``settle``."""
        for name, column in slices.items():
            known = self._counts.get(name)
            if known is None:
                if len(self._counts) >= _DIMENSIONS:
                    continue
                known = self._counts.setdefault(name, {})
            codes = column.codes[rows]
            numbers = np.bincount(codes[codes >= 0], minlength=len(column.levels))
            for code in np.flatnonzero(numbers).tolist():
                level = column.levels[code]
                if level in known or len(known) < _LEVELS:
                    known[level] = known.get(level, 0) + int(numbers[code])

    def settle(self) -> None:
        """Let the weights follow the counts so far."""
        for name, known in self._counts.items():
            rows = sum(known.values())
            self._weights[name] = {
                level: rows / (count * len(known)) for level, count in known.items()
            }

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        return [self._counts, self._weights]

    def load(self, state: list[Any]) -> None:
        """Undo ``state``."""
        counts, weights = state
        self._counts = {name: dict(known) for name, known in counts.items()}
        self._weights = {name: dict(known) for name, known in weights.items()}
