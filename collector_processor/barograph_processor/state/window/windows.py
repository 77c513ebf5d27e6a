"""Which rows are judged together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Slot", "WindowClock"]

_NS = 1_000_000_000
_PATIENCE = 10_000
_BEHIND = 100


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
    newest event time than the lateness join no window. All of it is decided row
    by row, so how the rows came in batches makes no difference.

    One row from the far future would make all that follow late for good. So after
    10,000 late rows without a punctual one between them, event time steps back to
    the newest of these: it was the one row, or a clock, that was wrong.

    State size: two numbers for each open window. Not locked; its owner is.

    Args:
        max_rows: Rows of a window, or None.
        seconds: Length of a window in event time, or None. One of them is given.
        lateness: Seconds behind the newest event time that a row may be.
        patience: Late rows in a row after which event time steps back.
    """

    def __init__(
        self,
        *,
        max_rows: int | None,
        seconds: float | None,
        lateness: float,
        patience: int = _PATIENCE,
    ) -> None:
        if max_rows is None and seconds is None:
            raise ValueError("a window needs rows or seconds")
        self._max_rows = max_rows
        self._length_ns = None if seconds is None else round(seconds * _NS)
        self._lateness_ns = round(lateness * _NS)
        self._patience = patience
        self._late_rows = 0
        self._late_newest = 0
        self.steps_back = 0
        self._open: dict[Slot, int] = {}
        self._parts: dict[int, int] = {}
        self.watermark: int | None = None

    @property
    def ahead_ns(self) -> int | None:
        """The newest event time, if the last hundred rows were too far behind it; else None."""
        return self.watermark if self._late_rows >= _BEHIND else None

    def admit(
        self, time_ns: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """Advance event time by these rows.

        Returns:
            Which of them are not late, and the newest event time as of each row,
            both of shape ``(n,)``.
        """
        punctual = np.zeros(len(time_ns), dtype=np.bool_)
        newest = np.zeros(len(time_ns), dtype=np.int64)
        start = 0
        while start < len(time_ns):
            rest = slice(start, None)
            newest[rest] = np.maximum.accumulate(time_ns[rest])
            if self.watermark is not None:
                newest[rest] = np.maximum(newest[rest], self.watermark)
            punctual[rest] = time_ns[rest] >= self._horizon(newest[rest])
            start = self._follow_late(time_ns, punctual, newest, start)
        return punctual, newest

    def deal(
        self, time_ns: npt.NDArray[np.int64], newest_ns: npt.NDArray[np.int64]
    ) -> Iterator[tuple[Slot, npt.NDArray[np.intp], bool]]:
        """Deal admitted rows out.

        Args:
            time_ns: Event time of each row, shape ``(n,)``.
            newest_ns: From ``admit``, of the same rows.

        Yields:
            A window, the rows that join it in order of arrival (none if it only
            closes), and whether it closes with them. Windows come in the order
            in which they close.
        """
        rows = np.arange(len(time_ns), dtype=np.intp)
        if self._length_ns is None:
            yield from self._fill(0, rows)
            return
        period = time_ns // self._length_ns
        # Periods below this are over, as of each row.
        over = self._horizon(newest_ns) // self._length_ns
        for part in np.split(rows, np.flatnonzero(np.diff(over)) + 1):
            if len(part):
                yield from self._expire(int(over[part[0]]))
                yield from self._join(period[part], part)

    def stretch(self, most: int) -> int:
        """Return after how many rows, from 1 to ``most``, the last window of these is full.

        ``most`` if none will be, or if windows do not end by their rows.
        """
        if self._max_rows is None:
            return most
        held = self._open[max(self._open)] if self._open else 0
        last = (held + most) // self._max_rows * self._max_rows - held
        return last if last > 0 else most

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
            "late": [self._late_rows, self._late_newest, self.steps_back],
            "open": [[slot.period, slot.part, rows] for slot, rows in self._open.items()],
            "parts": [[period, part] for period, part in self._parts.items()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.watermark = state["watermark"]
        self._late_rows, self._late_newest, self.steps_back = state["late"]
        self._open = {Slot(period, part): rows for period, part, rows in state["open"]}
        self._parts = dict(state["parts"])

    def _follow_late(
        self,
        time_ns: npt.NDArray[np.int64],
        punctual: npt.NDArray[np.bool_],
        newest: npt.NDArray[np.int64],
        start: int,
    ) -> int:
        """Follow runs of late rows from a row on, and step back after one that is too long.

        Returns:
            The row from which on event time is another; ``n`` if it is none.
        """
        n = len(time_ns)
        if punctual[start:].all():
            self._late_rows = 0
            self.watermark = int(newest[-1])
            return n
        while start < n:
            ahead = np.flatnonzero(punctual[start:])
            stop = n if len(ahead) == 0 else start + int(ahead[0])
            stop = min(stop, start + self._patience - self._late_rows)
            if stop > start:
                latest = int(time_ns[start:stop].max())
                self._late_newest = max(latest, self._late_newest) if self._late_rows else latest
                self._late_rows += stop - start
            if self._late_rows >= self._patience:
                self.watermark = self._late_newest
                self._late_rows = 0
                self.steps_back += 1
                return stop
            if stop < n:
                self._late_rows = 0
                behind = np.flatnonzero(~punctual[stop:])
                stop = n if len(behind) == 0 else stop + int(behind[0])
            start = stop
        self.watermark = int(newest[-1])
        return n

    def _horizon(self, newest_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Event times from which on rows are punctual; not before the beginning of int64."""
        least = np.iinfo(np.int64).min + self._lateness_ns
        return np.maximum(newest_ns, least) - self._lateness_ns

    def _expire(self, over: int) -> Iterator[tuple[Slot, npt.NDArray[np.intp], bool]]:
        """Close the windows of periods below this, in order of time."""
        for slot in sorted(slot for slot in self._open if slot.period < over):
            del self._open[slot]
            yield slot, np.zeros(0, dtype=np.intp), True
        self._parts = {period: part for period, part in self._parts.items() if period >= over}

    def _join(
        self, period: npt.NDArray[np.int64], rows: npt.NDArray[np.intp]
    ) -> Iterator[tuple[Slot, npt.NDArray[np.intp], bool]]:
        """Add rows to the windows of their periods; those that fill up come in that order."""
        dealt = [
            item
            for value in np.unique(period).tolist()
            for item in self._fill(value, rows[period == value])
        ]
        yield from sorted(dealt, key=lambda item: (not item[2], item[1][-1] if item[2] else 0))

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
