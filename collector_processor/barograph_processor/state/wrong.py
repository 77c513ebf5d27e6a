"""Predictions that turned out wrong: the traces that show harm."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.observation import trace_hex
from barograph_processor.state.labels import LabelledRows, Labels

__all__ = ["WrongPrediction", "WrongPredictions"]

_KEPT = 256
_NO_TRACE = "0" * 32
_HALF = 0.5


class WrongPrediction(msgspec.Struct, frozen=True):
    """One prediction that turned out wrong, as an example.

    Attributes:
        trace_id: 32 hex digits.
        time_ns: Its event time, ns.
        levels: Its level in each dimension.
    """

    trace_id: str
    time_ns: int
    levels: dict[str, str]


class WrongPredictions:
    """The latest 256 of them. Not locked; its owner is."""

    def __init__(self) -> None:
        self._held: deque[WrongPrediction] = deque(maxlen=_KEPT)

    def add(self, labels: LabelledRows, losses: npt.NDArray[np.float64]) -> None:
        """Keep those of some labels that lost half or more; losses in ``[0, 1]``."""
        for row in np.flatnonzero(losses >= _HALF)[-_KEPT:].tolist():
            levels = {
                name: column.levels[code]
                for name, column in labels.slices.items()
                if (code := int(column.codes[row])) >= 0
            }
            trace = trace_hex(labels.ids, row)
            self._held.append(WrongPrediction(trace, int(labels.time_ns[row]), levels))

    def forget(self, corrected: Labels) -> None:
        """Drop those whose label was corrected and that are right now."""
        right = {
            (trace_hex(corrected.ids, row), int(corrected.time_ns[row]))
            for row in np.flatnonzero(corrected.judged.loss < _HALF).tolist()
        }
        if right:
            kept = [wrong for wrong in self._held if (wrong.trace_id, wrong.time_ns) not in right]
            self._held = deque(kept, maxlen=_KEPT)

    def traces(
        self, since_ns: int, *, within: Mapping[str, str] | None = None, limit: int = 5
    ) -> tuple[str, ...]:
        """Return traces of the latest since a time, 32 hex digits each.

        Args:
            since_ns: The earliest event time.
            within: Only those with these levels, by dimension.
            limit: Most traces.
        """
        wanted = {*(within or {}).items()}
        found: dict[str, None] = {}
        for wrong in reversed(self._held):
            known = wrong.trace_id != _NO_TRACE and wanted <= {*wrong.levels.items()}
            if wrong.time_ns >= since_ns and known:
                found[wrong.trace_id] = None
                if len(found) == limit:
                    break
        return tuple(found)

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        return [msgspec.to_builtins(wrong) for wrong in self._held]

    def load(self, state: Sequence[Any]) -> None:
        """Undo ``state``."""
        held = (msgspec.convert(plain, WrongPrediction) for plain in state)
        self._held = deque(held, maxlen=_KEPT)
