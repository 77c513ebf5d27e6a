"""Names by code."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.column import CategoricalColumn

__all__ = ["NameTable"]


class NameTable:
    """Gives names the codes 0, 1, ... in order of appearance; -1 is no name.

    State size: the names; ``prune`` drops those without use. Not locked; its owner is.
    """

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names, by code."""
        return tuple(self._codes)

    def encode(self, column: CategoricalColumn) -> npt.NDArray[np.int32]:
        """Return the codes of a column here, where its levels get one each; -1 if missing."""
        table = [self._codes.setdefault(level, len(self._codes)) for level in column.levels]
        return np.array([*table, -1], dtype=np.int32)[column.codes]

    def prune(self, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Drop names that none of these codes refers to; return the codes as they are now."""
        known = tuple(self._codes)
        used, inverse = np.unique(codes, return_inverse=True)
        kept = [known[code] for code in used.tolist() if code >= 0]
        absent = len(used) - len(kept)  # the code -1, if it occurs, sorts first
        self._codes = {name: code for code, name in enumerate(kept)}
        return (inverse - absent).astype(np.int32)

    def state(self) -> list[str]:
        """Return plain values from which ``load`` continues."""
        return list(self._codes)

    def load(self, state: Iterable[str]) -> None:
        """Undo ``state``."""
        self._codes = {name: code for code, name in enumerate(state)}
