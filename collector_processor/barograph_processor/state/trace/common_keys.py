"""Which of many keys are among a few: marked by some of their bits, without a sort of the many."""

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["common", "near_keys"]

_MARKS: Final = 1 << 18
_PLACES: Final = (np.uint64(0), np.uint64(18), np.uint64(36))
"""Which bits of a key are looked up in marks, one after the other: from these on."""

_Keys = npt.NDArray[np.uint64]


def common(keys: _Keys, few: _Keys) -> _Keys:
    """Return the keys that are among a few, in their order.

    Args:
        keys: Many, shape ``(n,)``.
        few: In ascending order, shape ``(k,)``, at least one.
    """
    for bits in _PLACES:
        # Those that are, and fewer others each time.
        keys = keys[near_keys(keys, few, bits)]
    at = np.minimum(np.searchsorted(few, keys), len(few) - 1)
    found: _Keys = keys[few[at] == keys]
    return found


def near_keys(keys: _Keys, few: _Keys, bits: np.uint64 = _PLACES[0]) -> npt.NDArray[np.intp]:
    """Return where keys are among a few, in order, and where some others are.

    They are compared in the bits from a given one on.
    """
    marked = np.zeros(_MARKS, np.bool_)
    marked[_marks(few, bits)] = True
    return np.flatnonzero(marked[_marks(keys, bits)])


def _marks(keys: _Keys, bits: np.uint64) -> npt.NDArray[np.int64]:
    marks = keys >> bits
    marks &= np.uint64(_MARKS - 1)
    # Unsigned numbers take twice as long to index by.
    return marks.view(np.int64)
