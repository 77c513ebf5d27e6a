"""In which order labels count: one after the other, and whose is believed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["SOURCE_RANKS", "distinct_runs", "source_ranks"]

SOURCE_RANKS: Final[Mapping[str | None, int]] = {"human": 3, "system": 2, None: 2, "model": 1}
"""Whom to believe of those who label the same prediction: the higher."""


def source_ranks(sources: Sequence[str | None]) -> npt.NDArray[np.int8]:
    """Return whom to believe, the higher the more; who does not say counts as a system.

    >>> source_ranks(["human", None, "model"]).tolist()
    [3, 2, 1]
    """
    return np.array([SOURCE_RANKS[source] for source in sources], dtype=np.int8)


def distinct_runs(slots: npt.NDArray[np.intp]) -> Iterator[slice]:
    """Yield the longest runs in which no slot occurs twice, in order.

    >>> [(run.start, run.stop) for run in distinct_runs(np.array([1, 2, 1, 3]))]
    [(0, 2), (2, 4)]
    """
    if len(np.unique(slots)) == len(slots):
        if len(slots):
            yield slice(0, len(slots))
        return
    start, seen = 0, set[int]()
    for at, slot in enumerate(slots.tolist()):
        if slot in seen:
            yield slice(start, at)
            start, seen = at, set()
        seen.add(slot)
    yield slice(start, len(slots))
