"""Since when anybody listened, by a wall clock that may jump."""

from typing import Final

__all__ = ["Listening"]

_JUMP_NS: Final = 60 * 1_000_000_000
"""Of the wall clock between two looks: less is how clocks are set right all the time."""


class Listening:
    """Counts a silence anew where the wall clock jumps, or the machine slept.

    Else nobody would have sent anything for as long as the clock was put forward. The steady
    clock does not jump, and stands still while the machine sleeps: nobody listened meanwhile.

    Args:
        wall_ns: By the wall clock, ns since the epoch.
        steady_ns: At the same moment, by a clock that does not jump.

    Attributes:
        since_ns: Since when anybody listened, by the wall clock as of the last look.
    """

    def __init__(self, wall_ns: int, steady_ns: int) -> None:
        self.since_ns = wall_ns
        self._offset_ns = wall_ns - steady_ns

    def look(self, wall_ns: int, steady_ns: int) -> None:
        """Look at both clocks, every few seconds."""
        offset_ns = wall_ns - steady_ns
        if abs(offset_ns - self._offset_ns) > _JUMP_NS:
            self.since_ns = wall_ns
        self._offset_ns = offset_ns
