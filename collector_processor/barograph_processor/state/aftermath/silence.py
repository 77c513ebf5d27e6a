"""Traffic that stops: how long a model is usually quiet, and when that is too long."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["Silence"]

_HOUR_NS: Final = 3_600_000_000_000
_DAY_NS: Final = 24 * _HOUR_NS
_FACTOR: Final = 3


class Silence:
    """Knows the longest gap between predictions that was normal, and sees longer ones.

    Three times that gap is too long, but never less than an hour, and not less than a day
    until a day was seen: nights are no failure. A gap that was too long is normal once one
    as long came twice, as weekends do.

    State size: a few numbers. Not locked; its owner is.

    Args:
        objective_s: Seconds of silence that are too long, if that is an objective.
        weekends: Nor is less than three days a failure, until a week was seen.
    """

    def __init__(self, objective_s: float | None, *, weekends: bool = False) -> None:
        self._weekends = weekends
        self._objective_ns = None if objective_s is None else round(objective_s * 1e9)
        self._first_ns: int | None = None
        self.last_ns: int | None = None
        self._usual_ns = 0
        self._once_ns = 0
        self._received_ns: int | None = None
        self._episode: tuple[int, int] | None = None

    @property
    def patience_ns(self) -> int:
        """Silence that is too long, ns."""
        if self._objective_ns is not None:
            return self._objective_ns
        seen = 0
        if self._first_ns is not None and self.last_ns is not None:
            seen = self.last_ns - self._first_ns
        least = _DAY_NS if seen < _DAY_NS else _HOUR_NS
        if self._weekends and seen < 7 * _DAY_NS:
            least = 3 * _DAY_NS
        return max(_FACTOR * self._usual_ns, least)

    def see(self, newest_ns: npt.NDArray[np.int64], *, received_ns: int | None) -> None:
        """Take predictions: the newest event time as of each, shape ``(n,)``, and when they came.

        Args:
            newest_ns: Never falling, but where event time stepped back.
            received_ns: By the wall clock; None where there is none.
        """
        if len(newest_ns) == 0:
            return
        self._received_ns = received_ns
        if self._first_ns is None or self.last_ns is None:
            self._first_ns = self.last_ns = int(newest_ns[0])
        times = np.concatenate([[self.last_ns], newest_ns])
        gaps = np.diff(times)
        least, largest = self._least_ns, int(gaps.max())
        if largest <= least:
            self._usual_ns = max(self._usual_ns, largest)
            self.last_ns = int(times[-1])
            return
        at = 0
        for long in np.flatnonzero(gaps > least).tolist():
            self._usual_ns = max(self._usual_ns, int(gaps[at:long].max(initial=0)))
            at = long + 1
            self.last_ns = int(times[long])
            self.see_one(int(times[long + 1]))
        self._usual_ns = max(self._usual_ns, int(gaps[at:].max(initial=0)))
        self.last_ns = int(times[-1])

    def see_one(self, time_ns: int) -> None:
        """Take one prediction by its event time, as ``see`` would, but in plain numbers."""
        if self._first_ns is None or self.last_ns is None:
            self._first_ns = self.last_ns = time_ns
        gap_ns = time_ns - self.last_ns
        if gap_ns <= self._least_ns:
            self._usual_ns = max(self._usual_ns, gap_ns)
        else:
            self._take_gap(self.last_ns, gap_ns)
        self.last_ns = time_ns

    @property
    def _least_ns(self) -> int:
        """Gaps that are never too long: of less than an hour, but for an objective."""
        return _HOUR_NS if self._objective_ns is None else min(self._objective_ns, _HOUR_NS)

    def too_long(self, now_ns: int, *, since_ns: int = 0) -> bool:
        """Whether the wall clock says that no prediction came for too long.

        Args:
            now_ns: By the wall clock.
            since_ns: Since when anybody listened, by the same clock.
        """
        if self._received_ns is None:
            return False
        # A clock that was put back makes it later than now: then it says nothing.
        received_ns = self._received_ns if self._received_ns <= now_ns else 0
        return now_ns - max(received_ns, since_ns) > self.patience_ns

    def elapsed_ns(self, now_ns: int) -> int:
        """Return how long none came, by the wall clock; 0 before any."""
        return 0 if self._received_ns is None else max(now_ns - self._received_ns, 0)

    def take_episode(self) -> tuple[int, int] | None:
        """Return begin and end of the longest silence since the last call, if one was too long."""
        episode, self._episode = self._episode, None
        return episode

    def _take_gap(self, begin_ns: int, gap_ns: int) -> None:
        if gap_ns <= self.patience_ns:
            self._usual_ns = max(self._usual_ns, gap_ns)
            return
        self._usual_ns = max(self._usual_ns, min(self._once_ns, gap_ns))
        self._once_ns = max(self._once_ns, gap_ns)
        known = 0 if self._episode is None else self._episode[1] - self._episode[0]
        if gap_ns > known:
            self._episode = (begin_ns, begin_ns + gap_ns)

    def state(self) -> list[Any]:
        """Return plain values from which ``load`` continues."""
        times = [self._first_ns, self.last_ns, self._usual_ns, self._once_ns, self._received_ns]
        return [*times, None if self._episode is None else list(self._episode)]

    def load(self, state: list[Any]) -> None:
        """Undo ``state``."""
        (
            self._first_ns,
            self.last_ns,
            self._usual_ns,
            self._once_ns,
            self._received_ns,
            episode,
        ) = state
        self._episode = None if episode is None else (episode[0], episode[1])
