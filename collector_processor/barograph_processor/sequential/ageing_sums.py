"""Sums of blocks that are kept the more coarsely the longer ago they are."""

import numpy as np

from barograph_processor.stats.array import Floats, Ints

__all__ = ["AgeingSums"]

_EACH = 256


class AgeingSums:
    """What blocks of equal size sum up to, one by one of late, and in pairs of pairs before.

    Nothing is forgotten: of each doubling of the age there are 256 sums or fewer, so that a
    change can be placed within a hundredth of the time that has passed since.

    State: 2 KiB for each doubling of the blocks beyond 256. An update costs about 1 us. Not
    locked: one writer.

    Examples:
        >>> sums = AgeingSums()
        >>> for block in range(259):
        ...     sums.add(float(block))
        >>> sums.values[:4].tolist(), sums.blocks[:4].tolist()
        ([1.0, 5.0, 4.0, 5.0], [2, 2, 1, 1])
    """

    def __init__(self) -> None:
        self._levels: list[list[float]] = [[]]

    @property
    def values(self) -> Floats:
        """The sums, the oldest first, shape ``(m,)``."""
        return np.array([value for level in reversed(self._levels) for value in level])

    @property
    def blocks(self) -> Ints:
        """Over how many blocks each goes, shape ``(m,)``."""
        held = [len(level) for level in reversed(self._levels)]
        sizes = 2 ** np.arange(len(held), dtype=np.int64)[::-1]
        return np.repeat(sizes, held)

    def add(self, value: float) -> None:
        """Take the sum of the newest block."""
        for at, level in enumerate(self._levels):
            level.append(value)
            if len(level) <= _EACH:
                return
            value = level.pop(0) + level.pop(0)
            if at + 1 == len(self._levels):
                self._levels.append([value])
                return

    def reset(self) -> None:
        """Forget all."""
        self._levels = [[]]

    def state(self) -> list[list[float]]:
        """Return plain JSON types for ``restore``."""
        return [list(level) for level in self._levels]

    def restore(self, state: list[list[float]]) -> None:
        """Continue where ``state`` was taken."""
        self._levels = [[float(value) for value in level] for level in state]
