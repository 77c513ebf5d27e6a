"""Which rows are judged together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Slot", "WindowClock"]

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Where an open window stands: its stretch of time, and its place within it.

    Attributes:
        period: Event time over the window's length, floored; 0 if only rows close windows.
        part: 0, or more where a stretch held more rows than a window may.
    """

    period: int
    part: int


class WindowClock:
    """Deals rows out to windows and says when one is complete.

    A window closes when it has its rows, or when event time has passed its end
    by the allowed lateness, whichever comes first. Rows further behind the
    newest event time than the lateness join no window.

    State size: two numbers for each open window. Not locked; its owner is.

    Args:
        max_rows: Rows of a window, or None.
        seconds: Length of a window in event time, or None. One of them is given.
        lateness: Seconds behind the newest event time that a row may be.
    """

    def __init__(self, *, max_rows: int | None, seconds: float | None, lateness: float) -> None:
        if max_rows is None and seconds is None:
            raise ValueError("a window needs rows or seconds")
        self._max_rows = max_rows
        self._length_ns = None if seconds is None else round(seconds * _NS)
        self._lateness_ns = round(lateness * _NS)
        self._open: dict[Slot, int] = {}
        self._parts: dict[int, int] = {}
        self.watermark: int | None = None

    def admit(self, time_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Advance event time by these rows; return which of them are not late, shape ``(n,)``."""
        if len(time_ns) == 0:
            return np.zeros(0, dtype=np.bool_)
        start = time_ns[0] if self.watermark is None else max(self.watermark, int(time_ns[0]))
        newest = np.maximum.accumulate(np.concatenate([[start], time_ns]))[1:]
        self.watermark = int(newest[-1])
        punctual: npt.NDArray[np.bool_] = time_ns >= newest - self._lateness_ns
        return punctual

    def deal(
        self, time_ns: npt.NDArray[np.int64]
    ) -> Iterator[tuple[Slot, npt.NDArray[np.intp], bool]]:
        """Deal admitted rows out.

        Yields:
            The window, the rows that join it in order of arrival, and whether
            it is full with them.
        """
        rows = np.arange(len(time_ns), dtype=np.intp)
        if self._length_ns is None:
            yield from self._fill(0, rows)
            return
        period = time_ns // self._length_ns
        for value in np.unique(period).tolist():
            yield from self._fill(value, rows[period == value])

    def expired(self) -> list[Slot]:
        """Forget and return the windows whose time is over, in order of time."""
        if self._length_ns is None or self.watermark is None:
            return []
        horizon = self.watermark - self._lateness_ns
        over = sorted(s for s in self._open if (s.period + 1) * self._length_ns <= horizon)
        for slot in over:
            del self._open[slot]
        self._parts = {
            period: part
            for period, part in self._parts.items()
            if (period + 1) * self._length_ns > horizon
        }
        return over

    def remaining(self) -> list[tuple[Slot, bool]]:
        """Forget and return the open windows in order, each with whether it is complete."""
        left = sorted(self._open)
        self._open.clear()
        end = self.watermark
        length = self._length_ns
        return [
            (slot, length is not None and end is not None and (slot.period + 1) * length <= end)
            for slot in left
        ]

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "watermark": self.watermark,
            "open": [[slot.period, slot.part, rows] for slot, rows in self._open.items()],
            "parts": [[period, part] for period, part in self._parts.items()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.watermark = state["watermark"]
        self._open = {Slot(period, part): rows for period, part, rows in state["open"]}
        self._parts = dict(state["parts"])

    def _fill(
        self, period: int, rows: npt.NDArray[np.intp]
    ) -> Iterator[tuple[Slot, npt.NDArray[np.intp], bool]]:
        while len(rows):
            slot = Slot(period, self._parts.get(period, 0))
            held = self._open.get(slot, 0)
            room = len(rows) if self._max_rows is None else self._max_rows - held
            taken, rows = rows[:room], rows[room:]
            full = self._max_rows is not None and held + len(taken) >= self._max_rows
            if full:
                self._open.pop(slot, None)
                self._parts[period] = slot.part + 1
            else:
                self._open[slot] = held + len(taken)
            yield slot, taken, full
