"""What a command's end says to scripts and supervisors."""

from typing import Final

from barograph_processor.exceptions import BarographError, OverloadedError

__all__ = ["exit_code"]

_AGAIN: Final = 1
_BAD_INPUT: Final = 2


def exit_code(error: BarographError) -> int:
    """Return 2 for input that cannot be used, 1 for what may go well another time."""
    return _AGAIN if isinstance(error, OverloadedError) else _BAD_INPUT
