"""When the predictions were made that labels, by their number, belong to."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["LabelMarks"]

_MARKS = 4096


class LabelMarks:
    """The event time of one label in each block, in order of arrival.

    State size: 4096 marks. Not locked; its owner is.

    Args:
        block: Labels from one mark to the next. Positive.
    """

    def __init__(self, block: int) -> None:
        self._block = block
        self._marks: deque[tuple[int, int]] = deque(maxlen=_MARKS)
        self.seen = 0

    def add(self, time_ns: npt.NDArray[np.int64]) -> None:
        """Number labels onwards; shape ``(n,)``, the event times of their predictions."""
        for row in range(-self.seen % self._block, len(time_ns), self._block):
            self._marks.append((self.seen + row, int(time_ns[row])))
        self.seen += len(time_ns)

    def since(self, label: int) -> int:
        """Return the event time, ns, of the prediction that a label number belongs to.

        Right to within a block, as far as the marks reach back; 0 if there is none.
        """
        best = self._marks[0] if self._marks else (0, 0)
        for mark in self._marks:
            if mark[0] > label:
                break
            best = mark
        return best[1]

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"marks": [list(mark) for mark in self._marks], "seen": self.seen}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._marks = deque((tuple(mark) for mark in state["marks"]), maxlen=_MARKS)
        self.seen = state["seen"]
